"""The dev script explains itself, and says no to what it does not know."""

import os
import subprocess
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def run(*arguments):
    return subprocess.run([os.path.join(ROOT, "dev"), *arguments], capture_output=True, text=True, timeout=30, check=False)


class Dev(unittest.TestCase):
    def test_help_names_every_verb(self):
        result = run("help")
        self.assertEqual(result.returncode, 0)
        for verb in ("setup", "build", "models", "test", "check", "bench", "demo", "clean"):
            self.assertRegex(result.stdout, rf"(?m)^  {verb}\b")

    def test_an_unknown_verb_lists_the_choices(self):
        result = run("biuld")
        self.assertEqual(result.returncode, 2)
        self.assertIn('"biuld"', result.stderr)
        self.assertIn("  build ", result.stderr)

    def test_ci_runs_test_and_check(self):
        with open(os.path.join(ROOT, ".ci", "run"), encoding="utf-8") as file:
            lines = [line.strip() for line in file]
        self.assertIn("./dev test", lines)
        self.assertIn("./dev check", lines)


if __name__ == "__main__":
    unittest.main()
