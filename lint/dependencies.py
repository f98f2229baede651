#!/usr/bin/env python3
"""Holds the arrows of docs/architecture.md: which room may include which, and what the pure rooms may not know.

A file belongs to the room with the longest matching folder. Tests may include anything.
"""

import argparse
import re
import sys

import sources

EVERYTHING = None

# Room -> what it may include besides itself: rooms, or single headers of them. The adapters (models, drivers, store, mqtt, control) know the core and nobody else; only
# the composition root knows all. What cli may know is docs/decisions/0002-cli-links-pure-rooms.md.
ROOMS = {
    "core": [],
    "rules": ["core"],
    "models": ["core"],
    "drivers": ["core"],
    "daemon/config": ["core", "rules", "drivers/settings.hpp"],  # settings.hpp is light and made for it
    "daemon/store": ["core"],
    "daemon/mqtt": ["core"],
    "daemon/control": ["core"],
    "daemon": EVERYTHING,
    "cli": ["core", "rules", "daemon/config", "daemon/control"],
}

PURE = ("core", "rules")
# Headers by which the outside would get in. Reading rule and record files is the work of rules/; the core reads none.
IMPURE_HEADERS = re.compile(
    r"^(boost/|asio|sqlite3|opencv|dlib|mosquitto|systemd/|CLI/|sys/|unistd\.h|fcntl\.h|poll\.h|netinet/|arpa/|pthread|"
    r"(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|random)$)"
)
FILES = re.compile(r"^(fstream|filesystem|iostream|cstdio)$")
# Names that reach a clock, a thread or chance without a header of their own.
IMPURE_NAMES = re.compile(
    r"\b(system_clock|steady_clock|high_resolution_clock|utc_clock|gettimeofday|clock_gettime|localtime|localtime_r|getenv|"
    r"std::thread|std::jthread|std::mutex|std::async|random_device|sleep_for|sleep_until)\b"
    r"|(?<![\w.>:])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&\w+)\s*\)"
)


def room_of(path):
    rooms = [room for room in ROOMS if path.startswith(room + "/")]
    return max(rooms, key=len, default=None)


def problems(path, text):
    """(line, what) for every arrow that points the wrong way in the file `path`."""
    room = room_of(path)
    if room is None:
        return []
    found = []
    code = sources.without_comments(text, keep_strings=True)
    for include in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', code, re.MULTILINE):
        line, name = sources.line_of(code, include.start()), include.group(2)
        target = room_of(name) if include.group(1) == '"' else None
        allowed = ROOMS[room]
        if target and target != room and allowed is not EVERYTHING and target not in allowed and name not in allowed:
            found.append((line, f"{room}/ may not include {name}: it may know {', '.join(allowed) or 'nobody'}"))
        if (room in PURE and IMPURE_HEADERS.match(name)) or (room == "core" and FILES.match(name)):
            found.append((line, f"{room}/ is pure and may not include <{name}>"))
    if room in PURE:
        bare = sources.without_comments(text)
        for use in IMPURE_NAMES.finditer(bare):
            found.append((sources.line_of(bare, use.start()), f"{room}/ is pure and may not use {use.group(0)}: take it as an argument"))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=".", help="the repository")
    options = parser.parse_args()
    count = 0
    for path in sources.walk(options.root, (".cpp", ".hpp")):
        for line, what in problems(path, sources.read(options.root, path)):
            print(f"{path}:{line}: {what}", file=sys.stderr)
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
