#!/usr/bin/env python3
"""A week at the door in about a minute: a real broker, a real platform, a real gate; only time is played.

Ends with the account: the platform must hold exactly what the gate committed. Exit status 0 only then, and only if every step of the
story came out as it should.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import story
from account import settle
from director import Director
from procs import ProcessFailed
from stage import StageRefused
from theatre import StoryFailed, Theatre

HERE = os.path.dirname(os.path.abspath(__file__))


class Teller:
    """Prints the story as it goes, and each alert when it reaches the platform."""

    def __init__(self):
        self.day = None
        self.alerts = {}

    def step(self, step, director):
        self.new_day(step.at)
        print(f"  {step.at:%H:%M}  {step.say}", flush=True)
        if step.do == "start_broker":
            print("         {} records and {} alerts had waited for it; they are delivered and confirmed".format(*director.waited), flush=True)
        self.alerts_of(director.theatre.platform)

    def new_day(self, moment):
        if self.day != moment.date():
            self.day = moment.date()
            print(f"{moment:%A %Y-%m-%d}", flush=True)

    def alerts_of(self, platform):
        """What a cadre would read: each new state of an alert, once."""
        for key, alert in sorted(platform.alerts().items(), key=lambda item: item[1]["at"]):
            if self.alerts.get(key) == (alert["state"], alert["change"]):
                continue
            self.alerts[key] = (alert["state"], alert["change"])
            self.print_alert(key[1], alert)

    @staticmethod
    def print_alert(to, alert):
        zh = {"pending": "待发", "firing": "告警", "acknowledged": "已确认", "resolved": "已解除"}[alert["state"]]
        title, text = alert.get("title", {}), alert.get("text", {})
        household = alert.get("evidence", {}).get("household")
        where = f"  户 {household}" if household else ""
        print(f"         ┌ {to}  {alert['at'][:16].replace('T', ' ')}  {zh} / {alert['state']}{where}")
        print(f"         │ {title.get('zh', '')}: {text.get('zh', '')}")
        print(f"         └ {title.get('en', '')}: {text.get('en', '')}", flush=True)


def wait_for_balance(theatre, patience=30.0):
    """The platform may be a moment behind; what is missing after that is missing."""
    until = time.monotonic() + patience
    while True:
        account = settle(theatre.journal.since(), theatre.platform)
        if account.balances or time.monotonic() > until:
            return account
        time.sleep(0.2)


def print_account(account):
    print("\nThe account, from both databases")
    print(f"  records   committed by the gate {account.committed_records:6}   stored by the platform {account.stored_records:6}")
    print(f"  alerts    committed by the gate {account.committed_alerts:6}   stored by the platform {account.stored_alerts:6}")
    print(f"  repeats   {account.repeats} (delivered again after an outage, known by their id and dropped)")
    for fault in account.faults:
        print(f"  FAULT     {fault}")


def photos_folder(bin_folder):
    result = subprocess.run([os.path.join(bin_folder, "menshen-models"), "photos"], capture_output=True, text=True, timeout=60, check=False)
    if result.returncode != 0:
        raise ProcessFailed(f"menshen-models photos: {result.stderr.strip()}")
    return result.stdout.strip().splitlines()[-1]


def play_week(theatre, director, teller):
    print("The persons, their cards and the faces of three of them are enrolled.", flush=True)
    director.enrol_everybody()
    for step in story.week():
        teller.new_day(step.at)
        director.play(step)
        theatre.consumer.must_run()
        teller.alerts_of(theatre.platform)
    theatre.advance(story.END)


def stay(theatre):
    """Real speed from here on, on the same data, until Ctrl-C."""
    theatre.gate.start()
    command = f"{theatre.program('menshen')} --socket {theatre.paths['control']}"
    print(f"\nmenshend runs on at real speed (broker 127.0.0.1:{theatre.broker.port}, folder {theatre.folder}). Try:\n"
          f"  {command} status\n  {command} tail --follow\n  {command} door open front\n  {command} alerts --all\n"
          "Ctrl-C ends it.", flush=True)
    try:
        while True:
            time.sleep(1)
            for process in (theatre.gate, theatre.consumer, theatre.broker):
                process.must_run()
    except KeyboardInterrupt:
        print(f"\nmenshend ended {theatre.gate.stop(5.0):.1f} s after SIGTERM", flush=True)


def run(options):
    folder = tempfile.mkdtemp(prefix="menshen-demo-")
    begun = time.monotonic()
    theatre = Theatre(folder, options.bin, os.path.dirname(HERE))
    teller = Teller()
    good = False
    try:
        photos = photos_folder(options.bin)
        theatre.open()
        print(f"mosquitto on 127.0.0.1:{theatre.broker.port}, menshend and the platform in {folder}", flush=True)
        play_week(theatre, Director(theatre, photos, teller.step), teller)
        account = wait_for_balance(theatre)
        teller.alerts_of(theatre.platform)
        print_account(account)
        took = theatre.gate.stop(5.0)
        good = account.balances
        print(f"\na week in {time.monotonic() - begun:.0f} s; menshend ended {took:.1f} s after SIGTERM; "
              f"{'everything committed has arrived, once' if good else 'THE ACCOUNT DOES NOT BALANCE'}", flush=True)
        if options.keep:
            stay(theatre)
    except (StoryFailed, ProcessFailed, StageRefused) as failure:
        print(f"\ndemo: {failure}", file=sys.stderr)
        if theatre.gate is not None:
            print(theatre.gate.tail(), file=sys.stderr)
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
    finally:
        theatre.close()
    if good:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    print(f"demo: logs and databases are in {folder}", file=sys.stderr)
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="the folder with menshend, menshen and menshen-models")
    parser.add_argument("--keep", action="store_true", help="stay up at real speed afterwards, until Ctrl-C")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(options))


if __name__ == "__main__":
    main()
