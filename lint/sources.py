"""Finding source files, and reading them without comments and literals."""

import os
import re

SKIPPED = {".git", "build", "node_modules", "__pycache__", ".cache"}


def walk(root, suffixes=None):
    """Paths below `root`, relative to it, sorted; without build folders and the like."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in names:
            if suffixes is None or name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


# Raw strings first: what looks like a comment or a quote inside of them is neither.
_TOKENS = re.compile(
    r'R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def without_comments(text, keep_strings=False):
    """The code with comments (and literals) blanked out, so that places stay where they are."""

    def blank(match):
        token = match.group(0)
        if keep_strings and not token.startswith("/"):
            return token
        return re.sub(r"[^\n]", " ", token) if token.startswith("/") else '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'

    return _TOKENS.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
