"""What people and sensors tell a gate: tags with an end, signs of life, what is said to alerts, mutes, calendars; over restarts."""

import datetime
import json
import os
import pathlib
import subprocess
import unittest

from gate_case import BIN, GateCase, eventually

import story  # noqa: E402

RULES = """\
rules:
  - id: quiet
    watch: [passage, activity]
    where: {person.tags: lives-alone}
    per: person
    absent: {for: 24h}
    unless: {person.tags: away}
    alert: {severity: critical, to: [grid-3], text: {zh: "{person} 已{silence}未出入", en: "{person} not seen for {silence}"}}
"""
INPUTS = """\
inputs:
  hall-sensor: {household: 3-201}
mqtt_inputs:
  - {topic: home/kettle, kind: activity, person: p1, when: {pointer: /state, equals: "ON"}}
  - {topic: weather/rain, kind: tag, tag: rain, for: 2h, when: "raining"}
  - {topic: app/p1, kind: tag, tag: away, for: 12h, person: p1}
  - {topic: app/nobody, kind: tag, tag: away, for: 12h, person: p99}
calendar: calendar.yaml
"""
CALENDAR = "holidays: [2026-01-01, {from: 2026-02-15, to: 2026-02-23}]\nschedules: {night: \"22:00-06:00\"}\n"


def hours(count):
    return datetime.timedelta(hours=count)


class AlertLife(GateCase):
    def setUp(self):
        super().setUp()
        self.open()

    def open(self):
        """The site of the demo with one rule, a hall sensor, MQTT inputs and a calendar; one person who lives alone."""
        self.theatre.open()
        self.theatre.kill_gate()
        for shipped in pathlib.Path(self.folder, "rules.d").glob("*.yaml"):
            shipped.unlink()
        self.write("rules.d/quiet.yaml", RULES)
        self.write("calendar.yaml", CALENDAR)
        config = pathlib.Path(self.folder, "gate.yaml").read_text(encoding="utf-8")
        config = config.replace("devices:\n", "devices:\n  hall-sensor: {driver: simulated, lines: activity}\n", 1)
        self.write("gate.yaml", config + INPUTS)
        self.theatre.start_gate()
        self.done("persons", "add", "--id", "p1", "--name", "Li", "--household", "3-201", "--household-size", "1", "--tag", "lives-alone")

    def write(self, name, text):
        pathlib.Path(self.folder, name).write_text(text, encoding="utf-8")

    def menshen(self, *arguments):
        return subprocess.run([os.path.join(BIN, "menshen"), "--lang", "en", *arguments, "--socket", self.theatre.paths["control"]],
                              capture_output=True, text=True, timeout=60, check=False)

    def done(self, *arguments):
        result = self.menshen(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def refused(self, code, words, *arguments):
        result = self.menshen(*arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertIn(words, result.stderr)

    def asked(self, *arguments):
        return json.loads(self.done(*arguments, "--json"))

    def later(self, span):
        self.theatre.advance(self.theatre.now + span)

    def restart(self):
        self.theatre.kill_gate()
        self.theatre.start_gate()

    def records(self, kind):
        return [e.fields for e in self.theatre.journal.since(0) if e.fields["kind"] == kind]

    def states(self):
        return [(r["rule"], r["state"], r.get("reason", "")) for r in self.records("alert")]

    def publish(self, topic, payload, *options):
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.theatre.broker.port), "-q", "1", "-t", topic, "-m", payload,
                        *options], check=True, timeout=20)

    def text_in(self, span):
        return (self.theatre.now + span).isoformat(timespec="milliseconds")

    def silence(self):
        self.later(hours(25))
        [alert] = self.asked("alerts")["alerts"]
        return alert["id"]

    # --- tags -------------------------------------------------------------------------------------------------------

    def test_a_tag_ends_once_at_its_moment_and_over_a_restart(self):
        until = self.text_in(hours(6))
        self.done("tag", "add", "p1", "away", "--until", until)
        self.done("tag", "add", "--gate", "rain", "--for", "2h")
        added = self.records("tag_added")[-2]
        self.assertEqual((added["person"], added["tag"], added["until"]), ("p1", "away", until))
        self.assertIn("uid ", added["by"])
        self.later(hours(1))
        self.restart()
        listed = {(t.get("person", ""), t["tag"]): t["until"] for t in self.asked("tag", "list")["tags"]}
        self.assertEqual(listed[("p1", "away")], until)
        self.assertIn(("", "rain"), listed)
        self.later(hours(2))
        [ended] = self.records("tag_removed")
        self.assertEqual((ended["tag"], ended["reason"]), ("rain", "ended"))
        self.assertNotIn("person", ended)
        # The other one ends while nobody is there.
        self.theatre.kill_gate()
        self.theatre.now += hours(9)
        self.theatre.start_gate()
        removed = self.records("tag_removed")
        self.assertEqual([(r["tag"], r.get("person"), r["reason"]) for r in removed[1:]], [("away", "p1", "ended")])
        self.assertEqual(removed[1]["person_tags"], ["lives-alone"])
        self.restart()
        self.later(hours(1))
        self.assertEqual(len(self.records("tag_removed")), 2, "an end is told once")
        self.assertEqual([t["tag"] for t in self.asked("tag", "list", "p1")["tags"]], ["lives-alone"])

    def test_tags_that_make_no_sense_are_refused_with_the_remedy(self):
        self.refused(1, "there is no person", "tag", "add", "p7", "away")
        self.refused(1, "lies in the past", "tag", "add", "p1", "away", "--until", "2020-01-01T00:00:00+08:00")
        self.refused(1, "has not the tag", "tag", "remove", "p1", "away")
        self.refused(1, "has the tag", "tag", "add", "p1", "lives-alone")
        self.refused(2, "PERSON TAG", "tag", "add", "p1")
        self.refused(2, "--gate", "tag", "add", "p1", "away", "--gate", "rain")
        self.refused(2, "--until excludes --for", "tag", "add", "p1", "away", "--for", "6h", "--until", self.text_in(hours(1)))
        self.refused(2, "no duration", "tag", "add", "p1", "away", "--for", "soon")
        self.refused(1, "there is no stranger", "stranger", "label", "0123456789", "courier")
        self.refused(2, "--remove", "stranger", "label", "0123456789")

    def test_a_tag_file_is_taken_whole_or_not_at_all(self):
        self.write("bad.csv", "person,tag,until\np1,away,2026-13-01T00:00:00+08:00\np9,away\n,rain,2h\np1,Ill\n")
        result = self.menshen("tag", "import", os.path.join(self.folder, "bad.csv"))
        self.assertEqual(result.returncode, 1)
        for place in ("bad.csv:2: until", 'bad.csv:3: there is no person "p9"', 'bad.csv:5: tag "Ill"'):
            self.assertIn(place, result.stderr)
        self.assertNotIn("bad.csv:4", result.stderr)
        self.assertEqual(self.asked("tag", "list")["tags"], [{"person": "p1", "tag": "lives-alone", "until": None}])
        self.write("good.csv", "\ufeffperson,tag,until\r\np1,away,6h\r\n,rain,2h\r\n# nothing\r\n")
        self.assertEqual(self.asked("tag", "import", os.path.join(self.folder, "good.csv")), {"set": 2, "unchanged": 0})
        self.assertEqual(len(self.asked("tag", "list")["tags"]), 3)

    # --- signs of life ----------------------------------------------------------------------------------------------

    def test_a_hall_sensor_resolves_a_silence(self):
        online = [r for r in self.records("device_online") if r["device"] == "hall-sensor"]
        self.assertEqual(online[-1]["feeds"], ["activity"])
        self.silence()
        self.theatre.line("hall-sensor", True)
        [sign] = self.records("activity")
        self.assertEqual((sign["device"], sign["household"], sign["person"]), ("hall-sensor", "3-201", "p1"))
        self.assertEqual(self.states()[-1], ("quiet", "resolved", "auto"))
        # A nervous sensor: one record a minute.
        for active in (False, True, False, True):
            self.theatre.line("hall-sensor", active)
        self.assertEqual(len(self.records("activity")), 1)
        self.later(datetime.timedelta(minutes=1))
        self.theatre.line("hall-sensor", False)
        self.assertEqual(len(self.records("activity")), 2)

    def test_what_sensors_and_apps_say_by_mqtt(self):
        self.assertTrue(eventually(lambda: self.asked("status")["mqtt"]["state"] == "connected"))
        self.assertTrue(eventually(lambda: any(r["device"] == "mqtt:inputs" for r in self.records("device_online"))))
        self.silence()
        self.publish("home/kettle", '{"state": "OFF"}')
        self.publish("home/kettle", "not JSON at all")
        self.publish("home/kettle", '{"state": "ON"}', "-r")
        self.assertTrue(eventually(lambda: self.asked("status")["mqtt_inputs"]["taken"] == 1), "live: not the flag of who publishes")
        self.assertTrue(eventually(lambda: self.states() and self.states()[-1] == ("quiet", "resolved", "auto")))
        [sign] = self.records("activity")
        self.assertEqual((sign["person"], sign["source"]), ("p1", "home/kettle"))
        # Retained by the broker it says nothing about now.
        self.restart()
        self.assertTrue(eventually(lambda: self.asked("status")["mqtt_inputs"]["passed_over"] >= 1))
        self.assertEqual(len(self.records("activity")), 1)
        self.publish("weather/rain", "raining")
        self.publish("app/p1", "{}")
        self.publish("app/nobody", "{}")
        self.assertTrue(eventually(lambda: {"rain", "away"} <= {r["tag"] for r in self.records("tag_added")}))
        away = next(r for r in self.records("tag_added") if r["tag"] == "away")
        self.assertEqual((away["person"], away["until"], away["by"]), ("p1", self.text_in(hours(12)), "mqtt app/p1"))
        self.assertTrue(eventually(lambda: self.asked("status")["mqtt_inputs"]["garbled"] == 1))
        self.later(hours(3))
        self.assertEqual([r["tag"] for r in self.records("tag_removed")], ["rain"])

    def test_a_sign_of_life_of_while_the_gate_was_away_is_none_but_a_tag_is_kept(self):
        connected = lambda: self.asked("status")["mqtt"]["state"] == "connected"  # noqa: E731
        self.assertTrue(eventually(connected))
        self.publish("home/kettle", '{"state": "ON"}')
        self.assertTrue(eventually(lambda: len(self.records("activity")) == 1), "it is subscribed")
        self.theatre.kill_gate()
        self.publish("home/kettle", '{"state": "ON"}')
        self.publish("app/p1", "{}")
        self.theatre.now += hours(1)
        self.theatre.start_gate()
        self.assertTrue(eventually(lambda: any(r["tag"] == "away" for r in self.records("tag_added"))))
        self.assertEqual(len(self.records("activity")), 1)
        self.assertEqual(self.asked("status")["mqtt_inputs"]["taken"], 1)

    # --- what is said to alerts -------------------------------------------------------------------------------------

    def test_an_alert_is_acknowledged_snoozed_noted_and_closed(self):
        alert = self.silence()
        self.refused(1, "no open alert", "alerts", "ack", "00000000")
        self.refused(1, "no open alert", "alerts", "close", alert[:4], "--reason", "true")
        self.refused(1, "lies in the past", "alerts", "ack", alert, "--until", "2020-01-01T00:00:00+08:00")
        self.refused(2, "--until or --for is required", "alerts", "snooze", alert)
        self.refused(2, "cannot be used", "alerts", "close", alert, "--reason", "because")
        self.done("alerts", "ack", alert[:8], "--note", "on my way", "--for", "2h")
        [shown] = self.asked("alerts", "list")["alerts"]
        self.assertEqual((shown["state"], shown["note"], shown["until"]), ("acknowledged", "on my way", self.text_in(hours(2))))
        self.restart()
        self.later(hours(2))
        self.assertEqual(self.states()[-1], ("quiet", "firing", "awake"), "over a restart too")
        self.done("alerts", "note", alert, "nobody answers the door")
        self.done("alerts", "snooze", alert, "--for", "30m")
        self.assertEqual(self.states()[-1][1:], ("acknowledged", "snoozed"))
        self.done("alerts", "close", alert, "--reason", "well", "--note", "was asleep")
        self.assertEqual(self.states()[-1][1:], ("resolved", "well"))
        self.assertEqual(self.asked("alerts")["alerts"], [])
        self.refused(1, "no open alert", "alerts", "close", alert, "--reason", "well")
        closed = self.asked("alerts", "--all")["alerts"][0]
        self.assertEqual((closed["state"], closed["reason"], closed["to"]), ("resolved", "well", ["grid-3"]))

    def test_a_mute_holds_and_is_lifted(self):
        until = self.text_in(hours(30))
        self.refused(1, 'did you mean "quiet"', "alerts", "mute", "quite", "--for", "1h", "--reason", "x")
        self.refused(2, "--until or --for is required", "alerts", "mute", "quiet", "--reason", "x")
        self.refused(1, "is not muted", "alerts", "unmute", "quiet")
        self.done("alerts", "mute", "quiet", "p1", "--until", until, "--reason", "in hospital")
        [mute] = self.records("mute")
        self.assertEqual((mute["rule"], mute["subject"], mute["until"], mute["reason"]), ("quiet", "p1", until, "in hospital"))
        self.later(hours(25))
        self.assertEqual(self.asked("alerts")["alerts"], [])
        self.restart()
        self.assertEqual([(m["rule"], m["subject"], m["until"]) for m in self.asked("alerts", "mutes")["mutes"]], [("quiet", "p1", until)])
        self.done("alerts", "unmute", "quiet", "p1")
        self.assertEqual(self.asked("alerts", "mutes")["mutes"], [])

    # --- files and the journal --------------------------------------------------------------------------------------

    def test_a_wrong_date_in_the_calendar_is_named_and_a_reload_keeps_the_state(self):
        self.later(hours(20))
        self.write("calendar.yaml", "holidays: [2026-01-01, 2026-02-30]\n")
        self.refused(1, "calendar.yaml:1:24", "reload")
        self.write("calendar.yaml", CALENDAR)
        self.write("recipients.yaml", "recipients: [{id: grid-3, role: cadre, duty: night, fallback: grid-9}]\n")
        config = pathlib.Path(self.folder, "gate.yaml").read_text(encoding="utf-8")
        self.write("gate.yaml", "\n".join("recipients: recipients.yaml" if line.startswith("recipients:") else line
                                          for line in config.splitlines()) + "\n")
        self.refused(1, "recipients.yaml:1", "reload")
        self.write("recipients.yaml", "recipients: [{id: grid-3, role: cadre, name: Wang}]\n")
        self.done("reload")
        self.later(hours(5))
        self.assertEqual(self.states(), [("quiet", "firing", "")], "the silence was counted through three reloads")

    def test_the_journal_comes_whole_and_as_it_is_stored(self):
        for _ in range(30):
            self.done("tag", "add", "--gate", "rain")
            self.done("tag", "remove", "--gate", "rain")
        stored = [e.fields for e in self.theatre.journal.since(0)]
        streamed = self.stream({})
        self.assertEqual([json.loads(line)["item"] for line in streamed[:-1]], stored)
        self.assertEqual(json.loads(streamed[-1]), {"ok": True, "result": {"records": len(stored), "last": stored[-1]["seq"]}})
        tags = self.stream({"kinds": ["tag_removed"], "from": self.text_in(hours(-1)), "to": self.text_in(hours(1))})
        self.assertEqual(len(tags) - 1, 30)
        self.assertEqual(len(self.stream({"from": self.text_in(hours(1))})), 1)
        self.assertEqual(json.loads(self.stream({"kinds": ["passages"]})[0])["code"], "bad_request")

    def stream(self, args):
        import socket
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.connect(self.theatre.paths["control"])
            control.sendall(json.dumps({"verb": "records", "args": args}).encode() + b"\n")
            lines = []
            with control.makefile("r", encoding="utf-8") as answers:
                for line in answers:
                    lines.append(line)
                    if line.startswith('{"ok"') or '"ok":' in line[:60]:
                        return lines
        return lines


if __name__ == "__main__":
    unittest.main(verbosity=2)
