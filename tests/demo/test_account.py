"""The account must find every way in which a journal and a platform can differ, and the frames must be right."""

import json
import os
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "demo"))

from account import Journal, settle  # noqa: E402
from platform_side import Platform  # noqa: E402
from wiegand import frame26, frame34  # noqa: E402
import story  # noqa: E402


def record(seq, **fields):
    return json.dumps({"epoch": "0a0b0c0d", "seq": seq, "kind": "granted", **fields}).encode()


def alert(seq, name, change, state):
    return record(seq, kind="alert", alert=name, change=change, state=state, rule="r", subject="p", fired_at="t-" + name, to=["grid-3"])


class Settle(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.gate_file, self.platform_file = (os.path.join(folder.name, n) for n in ("gate.db", "platform.db"))
        self.records = {1: record(1), 2: alert(2, "a1", 1, "firing"), 3: record(3), 4: alert(4, "a1", 2, "resolved")}
        gate = self.open(self.gate_file)
        gate.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB)")
        gate.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, payload BLOB)")
        gate.execute("INSERT INTO meta VALUES ('epoch', '0a0b0c0d')")
        gate.executemany("INSERT INTO journal VALUES (?, ?)", self.records.items())
        make_platform(self.open(self.platform_file), self.records, {("a1", "grid-3"): {"state": "resolved", "change": 2}})

    def open(self, path):
        connection = sqlite3.connect(path, isolation_level=None)
        self.addCleanup(connection.close)
        return connection

    def faults(self):
        return settle(Journal(self.gate_file).since(), Platform(self.platform_file)).faults

    def change(self, path, statement, *values):
        self.open(path).execute(statement, values)

    def test_equal_sides_balance(self):
        self.assertEqual(self.faults(), [])

    def test_a_record_that_never_arrived(self):
        self.change(self.platform_file, "DELETE FROM record WHERE seq = 3")
        self.assertIn("never stored", self.faults()[0])

    def test_a_record_that_was_never_committed(self):
        self.change(self.gate_file, "DELETE FROM journal WHERE seq = 3")
        self.assertIn("never committed", self.faults()[0])

    def test_other_bytes(self):
        self.change(self.gate_file, "UPDATE journal SET payload = ? WHERE seq = 3", record(3, person="p2"))
        self.assertIn("other bytes", self.faults()[0])

    def test_another_epoch_is_another_record(self):
        self.change(self.gate_file, "UPDATE meta SET value = '11111111'")
        self.assertEqual(len(self.faults()), 2)

    def test_an_alert_that_never_arrived(self):
        self.change(self.platform_file, "DELETE FROM alert")
        self.assertIn("not at the platform", self.faults()[0])

    def test_a_state_that_was_never_committed(self):
        self.change(self.gate_file, "UPDATE journal SET payload = ? WHERE seq = 4", alert(4, "a1", 2, "acknowledged"))
        self.change(self.platform_file, "UPDATE record SET bytes = ? WHERE seq = 4", alert(4, "a1", 2, "acknowledged"))
        self.assertIn("states of alerts", self.faults()[0])

    def test_an_alert_in_an_older_state(self):
        self.change(self.platform_file, "UPDATE alert SET change = 1, bytes = ?", json.dumps({"state": "firing", "change": 1}))
        self.assertIn("is resolved", self.faults()[0])

    def test_an_alert_raised_twice(self):
        for path, statement in ((self.gate_file, "INSERT INTO journal VALUES (5, ?)"), (self.platform_file, PUT_RECORD)):
            self.change(path, statement, alert(5, "a1", 1, "firing"))
        self.assertTrue(any("raised twice" in fault for fault in self.faults()))


PUT_RECORD = "INSERT INTO record (epoch, seq, bytes) VALUES ('0a0b0c0d', 5, ?)"


def make_platform(connection, records, alerts):
    connection.execute("CREATE TABLE record (epoch TEXT, seq INTEGER, bytes TEXT)")
    connection.execute("CREATE TABLE alert (alert TEXT, recipient TEXT, change INTEGER, bytes TEXT)")
    connection.execute("CREATE TABLE total (name TEXT, n INTEGER)")
    connection.executemany("INSERT INTO record VALUES ('0a0b0c0d', ?, ?)", records.items())
    connection.executemany("INSERT INTO alert VALUES (?, ?, ?, ?)", [(a, to, p["change"], json.dumps(p)) for (a, to), p in alerts.items()])


class Frames(unittest.TestCase):
    def test_parity(self):
        for frame, size in ((frame26(23, 4711), 26), (frame34(0xDEADBEEF), 34)):
            half = size // 2
            self.assertEqual(len(frame.bits), size)
            self.assertEqual(frame.bits[:half].count("1") % 2, 0)
            self.assertEqual(frame.bits[half:].count("1") % 2, 1)

    def test_number_keeps_leading_zeros(self):
        self.assertEqual(frame26(0, 0).number, "26:0000001")
        self.assertEqual(frame34(0).number, "34:000000001")


class Story(unittest.TestCase):
    def test_steps_are_in_order_and_within_the_week(self):
        steps = story.week()
        self.assertEqual(steps, sorted(steps, key=lambda s: s.at))
        self.assertTrue(all(story.START <= s.at < story.END for s in steps))

    def test_the_old_woman_is_away_for_more_than_a_day(self):
        seen = [s.at for s in story.week() if s.do == "pass" and s.args["who"] is story.CHEN]
        longest = max(b - a for a, b in zip(seen, seen[1:]))
        self.assertGreater(longest.total_seconds(), 24 * 3600)


if __name__ == "__main__":
    unittest.main()
