#!/usr/bin/env python3
"""The demo's week again, with menshend killed by kill -9 at seeded moments: while it decides, commits, publishes, starts.

After each kill, with the gate dead, and at the end:
  - every record the gate had acknowledged is in the journal, byte for byte;
  - everything the platform holds is in the journal, byte for byte: nothing was sent that was not committed;
  - no alert was raised twice, and at the end the platform holds exactly what was committed, along an unbroken chain.
A failure prints the seed; the same seed kills at the same questions (the moment within a question is real time).
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import json
import os

import story
from account import open_and_closed, raised_twice
from director import Director
from procs import ProcessFailed
from stage import StageGone, StageRefused
from theatre import StoryFailed, Theatre, text_of
from week import HERE, photos_folder, print_account, wait_for_balance

# Questions to the stage that each step asks at least; they place the kills over the whole week.
QUESTIONS = {"pass": 8, "card": 7, "refused": 3, "noise": 3, "face": 9, "stranger": 8, "hold_open": 5, "close_door": 3, "exit": 8, "fire": 3}


class DeadlyTheatre(Theatre):
    """Kills its gate while it works on some of the questions."""

    def __init__(self, folder, bin_folder, source_folder, seed, kills):
        super().__init__(folder, bin_folder, source_folder)
        self.chance = random.Random(seed)
        questions = sum(QUESTIONS.get(step.do, 1) for step in story.week())
        self.deadly = sorted(self.chance.sample(range(20, int(questions * 0.98)), kills))
        self.killed = 0
        self.acknowledged = {}  # seq -> bytes, of every record that was committed when an answer came

    def ask(self, request, patience=60.0):
        if self.deadly and self.asked >= self.deadly[0] and request["verb"] != "hello":
            self.deadly.pop(0)
            self.kill_during(request)
            # The person tries again; where the first try was committed this is a second visit.
        answer = super().ask(request, patience)
        self.remember()
        return answer

    def remember(self):
        last = max(self.acknowledged, default=0)
        self.acknowledged.update((entry.seq, entry.bytes) for entry in self.journal.since(last))

    def kill_during(self, request):
        """Asks, lets the gate work for a moment, and kills it."""
        delay = self.chance.choice((0.0, 0.001, 0.003, 0.008, 0.02, 0.05)) * self.chance.random() * 2
        self.stage.send(request)
        time.sleep(delay)
        self.gate.kill()
        self.killed += 1
        try:
            if self.stage.receive(1.0).get("ok"):
                self.remember()  # it had answered before it died
        except StageGone:
            pass
        self.stage.close()
        self.inspect(f"kill {self.killed} ({json.dumps(request, ensure_ascii=False)} after {delay * 1000:.1f} ms)")
        self.now = self.last_moment()
        if self.chance.random() < 0.2:
            self.kill_while_starting()
        self.start_gate()
        print(f"  kill {self.killed:2}  {self.now:%a %H:%M:%S}  {request['verb']:8} after {delay * 1000:5.1f} ms   {len(self.acknowledged)} records",
              flush=True)

    def kill_while_starting(self):
        self.gate.start(["--stage", self.paths["stage"], "--stage-start", text_of(self.now)])
        time.sleep(self.chance.random() * 0.3)
        self.gate.kill()
        self.inspect("a kill during the start")
        self.now = self.last_moment()

    def inspect(self, where):
        """With the gate dead: nothing acknowledged is lost, nothing is at the platform that is not in the journal."""
        journal = {(entry.epoch, entry.seq): entry.bytes for entry in self.journal.since()}
        by_seq = {seq: data for (_, seq), data in journal.items()}
        for seq, data in self.acknowledged.items():
            if by_seq.get(seq) != data:
                raise StoryFailed(f"{where}: record {seq} was committed and is {'lost' if seq not in by_seq else 'changed'}")
        for key, data in self.platform.records().items():
            if journal.get(key) != data:
                raise StoryFailed(f"{where}: the platform holds record {key[0]}-{key[1]}, which the journal does not")
        if len({epoch for epoch, _ in journal}) > 1:
            raise StoryFailed(f"{where}: the journal holds more than one epoch")


def play(theatre, photos):
    director = Director(theatre, photos, say=lambda step, _: None, strict=False)
    director.enrol_everybody()
    theatre.remember()
    for step in story.week():
        director.play(step)
        theatre.consumer.must_run()
    theatre.advance(story.END)


def verdict(theatre, kills):
    """Everything that must hold at the end, in words; empty when all does."""
    theatre.inspect("the end")
    entries = theatre.journal.since()
    account = wait_for_balance(theatre)
    print_account(account)
    for alert in sorted(open_and_closed(entries).values(), key=lambda fields: fields["fired_at"]):
        print(f"  {alert['fired_at'][:16]}  {alert['rule']} of {alert['subject']}: {alert['state']}")
    faults = list(account.faults)
    if theatre.killed != kills:
        faults.append(f"only {theatre.killed} of {kills} kills happened: the story asks fewer questions than QUESTIONS says")
    chain = json.loads(theatre.command("audit", "verify", "--json"))
    if not chain["ok"]:
        faults.append(f"the chain is broken: {chain}")
    started = sum(entry.fields["kind"] == "started" for entry in entries)
    if started <= kills // 2:
        faults.append(f"{started} started records after {kills} kills")
    for rule in ("elderly-silence", "repeated-stranger", "card-overuse"):
        if not any(e.fields["kind"] == "alert" and e.fields["rule"] == rule for e in entries):
            faults.append(f"{rule} never fired: the kills made the gate forget what it had seen")
    return faults + [f"raised twice: {key}" for key in raised_twice(entries) if f"raised twice: {key}" not in faults]


def run(options):
    folder = tempfile.mkdtemp(prefix="menshen-kills-")
    print(f"seed {options.seed}, {options.kills} kills, in {folder}", flush=True)
    begun = time.monotonic()
    theatre = DeadlyTheatre(folder, options.bin, os.path.dirname(HERE), options.seed, options.kills)
    faults = []
    try:
        photos = photos_folder(options.bin)
        theatre.open()
        play(theatre, photos)
        faults = verdict(theatre, options.kills)
    except (StoryFailed, ProcessFailed, StageRefused, StageGone) as failure:
        faults = [str(failure) + ("\n" + theatre.gate.tail() if theatre.gate else "")]
    finally:
        theatre.close()
    print(f"{theatre.asked} questions, {theatre.killed} kills, {len(theatre.acknowledged)} records, {time.monotonic() - begun:.0f} s")
    for fault in faults:
        print(f"FAULT (seed {options.seed}): {fault}", file=sys.stderr)
    if faults:
        print(f"again with: demo/kills.py --bin {options.bin} --seed {options.seed} --kills {options.kills}; left behind: {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="the folder with menshend, menshen and menshen-models")
    parser.add_argument("--seed", type=int, default=0, help="0: by the time of day")
    parser.add_argument("--kills", type=int, default=30)
    options = parser.parse_args()
    options.seed = options.seed or int(time.time())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(options))


if __name__ == "__main__":
    main()
