"""The account: what the gate committed against what the platform stored. Neither is asked; both databases are read."""

import json
import sqlite3
from dataclasses import dataclass, field


def read_only(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    connection.text_factory = bytes
    return connection


@dataclass(frozen=True)
class Entry:
    """A record: its id and its canonical bytes."""

    epoch: str
    seq: int
    bytes: bytes

    @property
    def fields(self):
        return json.loads(self.bytes)


class Journal:
    """The gate's own journal."""

    def __init__(self, path):
        self.path = path

    def since(self, seq=0):
        connection = read_only(self.path)
        try:
            rows = connection.execute(
                "SELECT (SELECT value FROM meta WHERE key = 'epoch'), seq, payload FROM journal WHERE seq > ? AND payload IS NOT NULL "
                "ORDER BY seq", (seq,)).fetchall()
        finally:
            connection.close()
        return [Entry(epoch.decode() if isinstance(epoch, bytes) else epoch, number, payload) for epoch, number, payload in rows]

    def last_seq(self):
        connection = read_only(self.path)
        try:
            return connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
        finally:
            connection.close()


def open_and_closed(entries):
    """Alert id -> fields of its newest `alert` record."""
    newest = {}
    for entry in entries:
        if entry.fields["kind"] == "alert":
            newest[entry.fields["alert"]] = entry.fields
    return newest


def raised_twice(entries):
    """Alerts whose first change is in the journal more than once: by id, and by rule, subject and start."""
    seen, twice = set(), []
    for entry in entries:
        fields = entry.fields
        if fields["kind"] == "alert" and fields["change"] == 1:
            for key in (("id", fields["alert"]), ("start", fields["rule"], fields["subject"], fields["fired_at"])):
                if key in seen:
                    twice.append(key)
                seen.add(key)
    return twice


@dataclass
class Account:
    """Both sides, and everything that does not match, in words."""

    committed_records: int = 0
    stored_records: int = 0
    committed_alerts: int = 0
    stored_alerts: int = 0
    repeats: int = 0
    faults: list = field(default_factory=list)

    @property
    def balances(self):
        return not self.faults


def _some(items, limit=5):
    shown = ", ".join(str(i) for i in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")


def settle(entries, platform):
    """Compares the journal's entries with what the platform holds."""
    account = Account()
    ours = {(e.epoch, e.seq): e.bytes for e in entries}
    theirs = platform.records()
    account.committed_records, account.stored_records = len(ours), len(theirs)
    account.repeats = platform.repeats()

    def complain(what, keys):
        if keys:
            account.faults.append(f"{what}: {_some(sorted(keys))}")

    complain("committed but never stored by the platform", [f"{e}-{s}" for e, s in ours.keys() - theirs.keys()])
    complain("stored by the platform but never committed", [f"{e}-{s}" for e, s in theirs.keys() - ours.keys()])
    complain("stored with other bytes than committed", [f"{e}-{s}" for (e, s) in ours.keys() & theirs.keys() if ours[e, s] != theirs[e, s]])
    complain("raised twice", ["/".join(map(str, key)) for key in raised_twice(entries)])

    alerts = open_and_closed(entries)
    wanted = {(fields["alert"], to): fields for fields in alerts.values() for to in fields["to"]}
    changes = {(f["alert"], to, f["change"]): f["state"] for f in (e.fields for e in entries) if f["kind"] == "alert" for to in f["to"]}
    complain("states of alerts at the platform that were never committed",
             ["/".join(map(str, key)) for key, state in platform.alert_states().items() if changes.get(key) != state["state"]])
    held = platform.alerts()
    account.committed_alerts, account.stored_alerts = len(wanted), len(held)
    complain("alerts committed but not at the platform", ["/".join(key) for key in wanted.keys() - held.keys()])
    complain("alerts at the platform that were never committed", ["/".join(key) for key in held.keys() - wanted.keys()])
    for key in sorted(wanted.keys() & held.keys()):
        ours_now, theirs_now = wanted[key], held[key]
        if (ours_now["state"], ours_now["change"]) != (theirs_now["state"], theirs_now["change"]):
            account.faults.append(f"alert {key[0]} for {key[1]} is {ours_now['state']} (change {ours_now['change']}) here and "
                                  f"{theirs_now['state']} (change {theirs_now['change']}) at the platform")
    return account
