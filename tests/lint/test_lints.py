"""Each lint must find what is wrong in a bad sample and nothing in a good one."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lint"))

import coroutines  # noqa: E402
import dependencies  # noqa: E402
import names  # noqa: E402


def sample(name):
    with open(os.path.join(HERE, "samples", name), encoding="utf-8") as file:
        return file.read()


class Coroutines(unittest.TestCase):
    def test_good_shapes_pass(self):
        self.assertEqual(coroutines.problems(sample("coroutines_good.cpp")), [])

    def test_exactly_the_marked_lines_are_found(self):
        text = sample("coroutines_bad.cpp")
        marked = [n for n, line in enumerate(text.splitlines(), 1) if line.endswith("// BAD")]
        self.assertEqual(sorted({line for line, _ in coroutines.problems(text)}), marked)


class Dependencies(unittest.TestCase):
    def refuses(self, path, text):
        self.assertEqual(len(dependencies.problems(path, text)), 1, f"{path}: {text}")

    def allows(self, path, text):
        self.assertEqual(dependencies.problems(path, text), [], f"{path}: {text}")

    def test_arrows(self):
        self.allows("core/door.cpp", '#include "core/door.hpp"\n')
        self.allows("rules/engine.cpp", '#include "core/record.hpp"\n')
        self.allows("daemon/app/app.cpp", '#include "drivers/table.hpp"\n#include "daemon/store/journal.hpp"\n')
        self.allows("tests/core/x.cpp", '#include "daemon/app/app.hpp"\n')
        self.refuses("core/door.cpp", '#include "rules/engine.hpp"\n')
        self.refuses("rules/engine.cpp", '#include "drivers/table.hpp"\n')
        self.refuses("drivers/wiegand/codec.cpp", '#include "models/gallery.hpp"\n')
        self.refuses("models/gallery.cpp", '#include "daemon/store/vault.hpp"\n')
        self.refuses("daemon/store/journal.cpp", '#include "daemon/mqtt/link.hpp"\n')
        self.refuses("daemon/mqtt/link.cpp", '#include "rules/rule.hpp"\n')
        self.refuses("daemon/control/server.cpp", '#include "daemon/app/app.hpp"\n')
        self.allows("daemon/config/read.cpp", '#include "drivers/settings.hpp"\n')
        self.refuses("daemon/config/read.cpp", '#include "drivers/supervisor.hpp"\n')
        self.refuses("cli/status.cpp", '#include "daemon/store/journal.hpp"\n')
        self.refuses("cli/status.cpp", '#include "daemon/app/app.hpp"\n')

    def test_the_pure_rooms_know_no_outside(self):
        for header in ("boost/asio.hpp", "sqlite3.h", "opencv2/core.hpp", "dlib/dnn.h", "thread", "mutex", "random", "sys/socket.h"):
            self.refuses("core/door.cpp", f"#include <{header}>\n")
            self.refuses("rules/engine.cpp", f"#include <{header}>\n")
            self.allows("drivers/x/x.cpp", f"#include <{header}>\n")
        self.refuses("core/document.cpp", "#include <fstream>\n")
        self.allows("rules/load.cpp", "#include <fstream>\n")
        for use in ("auto t = std::chrono::system_clock::now();", "auto t = std::chrono::steady_clock::now();", "auto t = time(nullptr);",
                    "auto t = std::time(0);", "std::thread worker;", "std::mutex lock;"):
            self.refuses("core/door.cpp", use)
        self.allows("core/door.cpp", "// std::chrono::system_clock is not read here\nauto t = now.time(); auto u = local_time(nullptr);")
        self.allows("core/door.cpp", 'auto t = "steady_clock";')


class Names(unittest.TestCase):
    def test_machine_names_are_found(self):
        for text in ("see /wor" + "k/main/dev", "URIs: http://deb." + "debian.org/debian", "/roo" + "t/.cache/x", "registry." + "npmjs.org",
                     "cd /hom" + "e/li/menshen"):
            self.assertEqual(len(names.problems("first\n" + text)), 1, text)

    def test_ordinary_paths_are_not(self):
        for text in ("/etc/menshen/gate.yaml", "network/work/x", "/usr/share/zoneinfo", "$HOME/.cache/menshen", "tests/home/kept"):
            self.assertEqual(names.problems(text), [], text)


if __name__ == "__main__":
    unittest.main()
