"""A gate, a broker and a platform of their own for each test. The first argument of the program is the folder of the binaries."""

import pathlib
import shutil
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "demo"))

from theatre import Theatre  # noqa: E402

BIN = sys.argv.pop(1) if len(sys.argv) > 1 else str(ROOT / "build/release/bin")


def eventually(holds, patience=20.0):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


class GateCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="menshen-e2e-")
        self.theatre = Theatre(self.folder, BIN, str(ROOT), camera=False)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(self.theatre.close)
        self.addCleanup(lambda: self.theatre.stage and self.theatre.stage.close())
