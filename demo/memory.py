#!/usr/bin/env python3
"""What menshend takes of memory, without a camera and with one: the resident set after a day of cards (and faces).

Prints one JSON object a line, as `./dev bench` does.
"""

import argparse
import json
import os
import sys
import tempfile

import story
from director import Director
from procs import ProcessFailed
from stage import StageRefused
from theatre import StoryFailed, Theatre
from week import HERE, photos_folder


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def after_a_day(bin_folder, camera):
    """Megabytes after Monday and a hundred card reads more."""
    with tempfile.TemporaryDirectory(prefix="menshen-memory-") as folder:
        theatre = Theatre(folder, bin_folder, os.path.dirname(HERE), camera)
        try:
            theatre.open()
            director = Director(theatre, photos_folder(bin_folder), say=lambda *_: None)
            director.enrol_everybody(faces=camera)
            for step in story.week():
                if step.at.date() == story.START.date() and (camera or step.do not in ("face", "stranger")):
                    director.play(step)
            for _ in range(100):
                theatre.advance(theatre.now + story.timedelta(seconds=30))
                theatre.bits("front-in", story.LI.frame)
            return resident_mb(theatre.gate.pid)
        finally:
            theatre.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="the folder with menshend, menshen and menshen-models")
    options = parser.parse_args()
    try:
        for figure, camera in (("memory.rss.without_vision", False), ("memory.rss.with_vision", True)):
            print(json.dumps({"figure": figure, "value": round(after_a_day(options.bin, camera), 1), "unit": "MB"}), flush=True)
    except (StoryFailed, ProcessFailed, StageRefused) as failure:
        sys.exit(f"memory: {failure}")


if __name__ == "__main__":
    main()
