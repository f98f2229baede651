"""The theatre: a broker, a platform and a gate in one folder, and the stage on which the director plays."""

import json
import os
import subprocess
import time

import site_files
import story
from account import Journal
from platform_side import Platform
from procs import Broker, Process, ProcessFailed
from stage import Stage, StageGone, remove_stale


class StoryFailed(Exception):
    """The gate did something else than the story says."""


def text_of(moment):
    return moment.isoformat(timespec="milliseconds")


class Theatre:
    """Owns every process of the demo. `now` is the event time the gate has acknowledged."""

    def __init__(self, folder, bin_folder, source_folder, camera=True):
        self.folder = folder
        self.camera = camera
        self.bin = bin_folder
        self.broker = Broker(folder)
        self.library = os.path.join(source_folder, "rules", "library")
        self.now = story.START
        self.levels = {}  # device -> whether its line is active; a new gate is told again
        self.paths = {}
        self.gate = self.consumer = self.stage = self.journal = None
        self.platform = Platform(os.path.join(folder, "platform.db"))
        self.broker_is_up = False
        self.asked = 0

    def program(self, name):
        path = os.path.join(self.bin, name)
        if not os.access(path, os.X_OK):
            raise ProcessFailed(f"{path} is not there: ./dev build makes it")
        return path

    def open(self):
        self.broker.start()
        self.broker_is_up = True
        self.paths = site_files.write_site(self.folder, self.library, self.broker.port, self.camera)
        self.journal = Journal(os.path.join(self.paths["data"], "menshen.db"))
        self.consumer = Process("platform", [self.program("menshen"), "platform", "consume", "--host", "127.0.0.1", "--port", self.broker.port,
                                             "--site", "tianlin-12", "--gate", "gate-3", "--db", self.platform.path], self.folder)
        self.consumer.start()
        self.gate = Process("menshend", [self.program("menshend"), "--config", self.paths["config"], "--data", self.paths["data"],
                                         "--key-file", self.paths["key"]], self.folder)
        self.stage = Stage(self.paths["stage"])
        self.start_gate()

    def close(self):
        for process in (self.gate, self.consumer, self.broker):
            if process is not None:
                process.kill()

    # --- the gate -----------------------------------------------------------------------------------------------------

    def start_gate(self):
        """Starts menshend on the stage at the event time that was reached, and shows it the lines as they are."""
        remove_stale(self.paths["stage"])
        self.gate.start(["--stage", self.paths["stage"], "--stage-start", text_of(self.now)])
        try:
            self.stage.connect(is_alive=self.gate.is_running)
        except StageGone as problem:
            raise ProcessFailed(f"{problem}\n{self.gate.tail()}") from None
        for device, active in self.levels.items():
            if active:
                self.stage.ask({"verb": "input", "device": device, "active": True})

    def kill_gate(self):
        self.gate.kill()
        self.stage.close()

    def last_moment(self):
        """Event time cannot be earlier than the newest record of the journal."""
        entries = self.journal.since(self.journal.last_seq() - 1)
        newest = [story.datetime.fromisoformat(e.fields["at"]) for e in entries]
        return max([self.now, *newest])

    def ask(self, request, patience=60.0):
        """One question to the stage; the gate must be there and must not say no."""
        self.asked += 1
        try:
            return self.stage.ask(request, patience)
        except StageGone as problem:
            self.gate.must_run()
            raise StoryFailed(str(problem)) from None

    # --- what the director does ----------------------------------------------------------------------------------------

    def advance(self, to):
        if to > self.now:
            self.ask({"verb": "advance", "to": text_of(to)}, patience=180.0)
            self.now = to

    def bits(self, device, frame):
        self.ask({"verb": "input", "device": device, "wiegand": frame.bits})

    def line(self, device, active):
        self.ask({"verb": "input", "device": device, "active": active})
        self.levels[device] = active

    def picture(self, device, path):
        self.ask({"verb": "input", "device": device, "picture": path})

    def is_unlocked(self, lock="front-lock"):
        return self.ask({"verb": "outputs"})["outputs"].get(lock, {}).get("lock") == "unlocked"

    def command(self, *arguments):
        """The technician's command, through the control socket."""
        result = subprocess.run([self.program("menshen"), *arguments, "--socket", self.paths["control"]], capture_output=True, text=True,
                                timeout=60, check=False)
        if result.returncode != 0:
            raise StoryFailed(f"menshen {' '.join(arguments)} (exit {result.returncode}): {result.stderr.strip() or result.stdout.strip()}")
        return result.stdout

    def kill_broker(self):
        self.broker.kill()
        self.broker_is_up = False

    def start_broker(self):
        self.broker.start()
        self.broker_is_up = True

    def waiting(self):
        """(records, alerts) that wait for the platform."""
        outbox = json.loads(self.command("status", "--json"))["outbox"]
        return outbox["records"], outbox["alerts"]

    def wait_until_delivered(self, patience=30.0):
        """In real time: the link comes back by itself, and the outbox empties."""
        until = time.monotonic() + patience
        while self.ask({"verb": "hello"})["settled"]["outbox"] != "empty":
            if time.monotonic() > until:
                raise StoryFailed(f"the outbox is not empty {patience:g} s after the broker came back: {self.waiting()} records and alerts wait")
            time.sleep(0.05)
