#!/usr/bin/env python3
"""Finds `co_await` expressions that GCC 12.2 compiles wrongly (a temporary is destroyed twice at -O2).

Three shapes are refused; the remedy is the same for all: name what you await.
  - a braced temporary in the awaited expression:       co_await send(Message{1, 2});   co_await send({1, 2});
  - a capturing lambda inside co_await co_spawn(...):   co_await co_spawn(loop, [this]() -> awaitable<void> {...}, token);
  - co_await in a conditional expression:               x = ready ? co_await read() : none;
"""

import argparse
import re
import sys

import sources

OPEN, CLOSE = "([{", ")]}"


def matching(code, at):
    """The index of the bracket that closes the one at `at`; the end of the text when none does."""
    depth = 0
    for i in range(at, len(code)):
        if code[i] in OPEN:
            depth += 1
        elif code[i] in CLOSE:
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def before(code, at):
    """The code before `at` on the same expression, blanks removed at its end."""
    return code[max(0, at - 200):at].rstrip()


def is_lambda(code, at):
    """Whether the `[` at `at` begins a lambda: no subscript, no attribute."""
    if code.startswith("[[", at) or code[at - 1:at] == "[":
        return False
    previous = before(code, at)
    return not previous or previous[-1] in "(,={&|?:;!<" or previous.endswith("return")


def awaited(code, at):
    """Yields (index, what) for every refused shape in the expression awaited at `at` (just behind the keyword)."""
    spawns = re.match(r"\s*(?:\w+\s*::\s*)*co_spawn\b", code[at:]) is not None
    depth, i = 0, at
    while i < len(code):
        c = code[i]
        if c == ";" and depth == 0:
            return
        if c == "[" and is_lambda(code, i):
            end = matching(code, i)
            if spawns and code[i + 1:end].strip():
                yield i, "a capturing lambda inside co_await co_spawn(...)"
            body = code.find("{", end)
            if body < 0:
                return
            i = matching(code, body) + 1  # what the lambda awaits is looked at by itself
            continue
        if c == "{":
            if depth == 0 and (before(code, i)[-1:] == ")" and not code[at:i].strip()):
                return
            yield i, "a braced temporary in the awaited expression"
            i = matching(code, i) + 1
            continue
        if c in OPEN:
            depth += 1
        elif c in CLOSE:
            if depth == 0:
                return
            depth -= 1
        i += 1


def statement(code, at):
    """The statement around `at`, from the last `;`, `{` or `}` to the next `;` or `{` outside of brackets."""
    start = max(code.rfind(c, 0, at) for c in ";{}") + 1
    depth, end = 0, at
    while end < len(code):
        c = code[end]
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == ";" or (c == "{" and depth <= 0):
            break
        elif c == "{":
            end = matching(code, end)
        end += 1
    return code[start:end]


def problems(text):
    """(line, what) for every refused shape in a C++ text."""
    code = sources.without_comments(text)
    found = []
    for keyword in re.finditer(r"\bco_await\b", code):
        for at, what in awaited(code, keyword.end()):
            found.append((sources.line_of(code, at), what))
        if "?" in statement(code, keyword.start()):
            found.append((sources.line_of(code, keyword.start()), "co_await in a conditional expression (?:)"))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=".", help="the repository")
    options = parser.parse_args()
    count = 0
    for path in sources.walk(options.root, (".cpp", ".hpp")):
        if path.startswith("tests/lint/"):
            continue  # samples that must fail
        for line, what in problems(sources.read(options.root, path)):
            print(f"{path}:{line}: {what}; name what you await first (GCC 12.2 destroys it twice)", file=sys.stderr)
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
