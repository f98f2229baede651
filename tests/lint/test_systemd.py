"""systemd itself must find nothing to say about the unit, and the sandbox must stay tight.

Exits 77 (skipped) where systemd-analyze is not installed. `systemd-analyze verify` exits 0 whatever it finds: its words count.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
UNIT = os.path.join(ROOT, "systemd", "menshend.service")


def unit_text():
    with open(UNIT, encoding="utf-8") as file:
        return file.read()


def verify(text):
    """What systemd says about a unit of this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "menshend.service")
        # The program is not installed on the machine that tests; the unit is judged, not the machine.
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text))
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path],
                                capture_output=True, text=True, timeout=50, check=False)
        said = result.stdout + result.stderr
        return [line for line in said.splitlines() if "menshend.service" in line or folder in line]


class Unit(unittest.TestCase):
    def test_systemd_finds_nothing(self):
        self.assertEqual(verify(unit_text()), [])

    def test_the_check_can_fail(self):
        self.assertNotEqual(verify(unit_text().replace("RestartSec=1s", "RestartSec=soon")), [])
        self.assertNotEqual(verify(unit_text().replace("ProtectClock=yes", "ProtectClok=yes")), [])

    def test_it_never_gives_up(self):
        text = unit_text()
        for line in ("Type=notify", "Restart=always", "StartLimitIntervalSec=0"):
            self.assertIn(f"\n{line}\n", text)
        self.assertRegex(text, r"(?m)^WatchdogSec=\d+s$")

    def test_templates_of_faces_reach_no_disk(self):
        text = unit_text()
        for line in ("LimitCORE=0", "MemorySwapMax=0"):
            self.assertIn(f"\n{line}\n", text)
        # 10,000 persons with three templates and their mean, 512 numbers each, and 1,000 strangers; twice while one gallery
        # replaces another. docs/models.md, "Threads and memory".
        needed = 2 * (40_000 + 1_000) * 512 * 4
        locked = int(re.search(r"(?m)^LimitMEMLOCK=(\d+)M$", text).group(1)) << 20
        self.assertGreaterEqual(locked, needed)
        # What is locked cannot be given back: the rest of the daemon has to find room beside it.
        self.assertLess(locked, (int(re.search(r"(?m)^MemoryMax=(\d+)M$", text).group(1)) << 20) / 2)

    def test_exposure_is_low(self):
        result = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", UNIT],
                                capture_output=True, text=True, timeout=50, check=False)
        level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", result.stdout)
        if level is None:
            self.skipTest("this systemd-analyze cannot judge a unit offline")
        self.assertLessEqual(float(level.group(1)), 2.0, result.stdout)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("skipped: systemd-analyze is not installed")
        sys.exit(77)
    unittest.main()
