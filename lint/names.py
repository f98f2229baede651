#!/usr/bin/env python3
"""Finds names of the machine a file was written on: its paths, its hosts, the registries it reached.

Nothing here may work on one machine only. Packages are named, the machine's own configuration says where they come from.
"""

import argparse
import re
import sys

import sources

# Written so that this file does not find itself.
REFUSED = [
    (re.compile(r"(?<![\w.$}])/wor[k]/"), "a path of the machine it was written on"),
    (re.compile(r"(?<![\w.$}])/(roo[t]|hom[e]/[a-z]\w*)/"), "a home folder"),
    (re.compile(r"/tm[p]/(tea[m]|bash_job[s])\b"), "a folder of the machine it was written on"),
    (re.compile(r"\b(deb|snapshot|security)[.]debia[n][.]org\b"), "a host of a package registry"),
    (re.compile(r"\b(registry[.]npmj[s]|pyp[i]|files[.]pythonhoste[d]|crate[s]|proxy[.]golan[g])[.](org|com|io)\b"),
     "a host of a package registry"),
]
TEXT = (".cpp", ".hpp", ".txt", ".cmake", ".md", ".py", ".sh", ".json", ".yaml", ".yml", ".sql", ".service", ".conf", ".rules",
        ".js", ".html", ".css", "dev", "run", ".supp", ".toml", ".cfg")


def problems(text):
    """(line, what, the text found) for every refused name."""
    return [(sources.line_of(text, match.start()), what, match.group(0)) for pattern, what in REFUSED for match in pattern.finditer(text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=".", help="the repository")
    options = parser.parse_args()
    count = 0
    for path in sources.walk(options.root, TEXT):
        for line, what, found in problems(sources.read(options.root, path)):
            print(f'{path}:{line}: "{found}" is {what}', file=sys.stderr)
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
