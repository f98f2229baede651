"""Trouble, end to end: each test breaks something that breaks in the field, and looks at what people see then."""

import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import time
import unittest

from gate_case import BIN, GateCase, eventually

import story  # noqa: E402
from director import Director  # noqa: E402

ROOT_TOPIC = "menshen/v1/tianlin-12/gate-3/"


class Trouble(GateCase):
    @staticmethod
    def run_menshen(*arguments):
        return subprocess.run([os.path.join(BIN, "menshen"), *arguments], capture_output=True, text=True, timeout=60, check=False)

    def menshen(self, *arguments, socket_path=None):
        return self.run_menshen(*arguments, "--socket", socket_path or self.theatre.paths["control"])

    def menshend(self, *arguments, env=None):
        return subprocess.run([os.path.join(BIN, "menshend"), *arguments], capture_output=True, text=True, timeout=30, check=False,
                              env={**os.environ, **(env or {})})

    def open_with_residents(self):
        self.theatre.open()
        Director(self.theatre, "", say=lambda *_: None).enrol_everybody(faces=False)

    def records(self, kind):
        return [e.fields for e in self.theatre.journal.since(0) if e.fields["kind"] == kind]

    def status(self):
        return json.loads(self.menshen("status", "--json").stdout)

    # --- privacy ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def dumps_core(folder, *command):
        """Whether a program that crashes two seconds after its start leaves its memory behind."""
        pid = os.fork()
        if pid == 0:
            os.chdir(folder)
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            os.execv(command[0], command)
        time.sleep(2)
        os.kill(pid, signal.SIGQUIT)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            raise AssertionError(f"{command[0]} had ended before it was to crash: {status}")
        return os.WCOREDUMP(status)

    def test_a_crash_leaves_no_faces_and_no_keys_behind(self):
        self.open_with_residents()
        self.theatre.kill_gate()
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 or not self.dumps_core(self.folder, "/bin/sleep", "60"):
            self.skipTest("this machine writes no core dumps at all")
        paths = self.theatre.paths
        menshend = os.path.abspath(os.path.join(BIN, "menshend"))
        self.assertFalse(self.dumps_core(self.folder, menshend, "--config", paths["config"], "--data", paths["data"], "--key-file", paths["key"]))

    # --- databases --------------------------------------------------------------------------------------------------

    def test_a_database_that_is_none_is_set_aside_and_the_door_still_knows_its_residents(self):
        self.open_with_residents()
        old_epoch = self.status()["epoch"]
        self.theatre.kill_gate()
        data = pathlib.Path(self.theatre.paths["data"])
        for leftover in data.glob("menshen.db-*"):
            leftover.unlink()
        (data / "menshen.db").write_bytes(b"this is no database at all, whatever its name says" * 100)
        self.theatre.start_gate()

        aside = list(data.glob("menshen.db.broken-*"))
        self.assertEqual(len(aside), 1, "the broken file must be kept")
        status = self.status()
        self.assertNotEqual(status["epoch"], old_epoch)
        self.assertEqual(status["roster"]["persons"], len(story.RESIDENTS), "the roster comes from its backup")
        started = self.records("started")[0]
        self.assertIn("set_aside", started)

        # The old platform's confirmation means another journal: it must not delete anything of this one.
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.theatre.broker.port), "-q", "1", "-t", ROOT_TOPIC + "confirm",
                        "-m", json.dumps({"epoch": old_epoch, "records": 1, "alerts": 0})], check=True, timeout=20)
        refused = lambda: [r for r in self.records("command") if r.get("command") == "confirm"]  # noqa: E731
        self.assertTrue(eventually(refused), "an old confirm is refused with a record")
        self.assertIn("epoch", refused()[0]["reason"])

    def test_the_journal_holds_after_kill_9_and_its_chain_is_whole(self):
        self.open_with_residents()
        self.theatre.kill_gate()
        self.theatre.start_gate()
        verified = self.menshen("audit", "verify", "--json")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertTrue(json.loads(verified.stdout)["ok"])

    def test_another_master_key_is_refused_in_words(self):
        self.open_with_residents()
        self.theatre.gate.stop()
        key = os.path.join(self.folder, "other.key")
        self.assertEqual(self.menshend("--make-key", key).returncode, 0)
        result = self.menshend("--config", self.theatre.paths["config"], "--data", self.theatre.paths["data"], "--key-file", key)
        self.assertEqual(result.returncode, 1)
        self.assertIn("key", result.stderr)

    # --- the broker -------------------------------------------------------------------------------------------------

    def test_a_gate_without_a_broker_works_and_delivers_later(self):
        self.open_with_residents()
        self.theatre.kill_broker()
        resident = next(r for r in story.RESIDENTS if r.card)
        self.theatre.bits("front-in", resident.frame)
        self.assertTrue(self.theatre.is_unlocked())
        self.assertEqual(self.status()["mqtt"]["state"], "connecting")
        self.theatre.start_broker()
        self.theatre.wait_until_delivered()
        self.assertEqual(self.theatre.waiting(), (0, 0))

    def test_a_retained_confirm_is_refused(self):
        self.open_with_residents()
        epoch = self.status()["epoch"]
        subprocess.run(["mosquitto_pub", "-r", "-h", "127.0.0.1", "-p", str(self.theatre.broker.port), "-q", "1", "-t",
                        ROOT_TOPIC + "confirm", "-m", json.dumps({"epoch": epoch, "records": 1, "alerts": 0})], check=True, timeout=20)
        self.theatre.kill_gate()
        self.theatre.start_gate()
        self.assertTrue(eventually(lambda: any("retained" in r.get("reason", "") for r in self.records("command"))))

    # --- rules and config -------------------------------------------------------------------------------------------

    def test_a_bad_rule_file_on_reload_leaves_the_running_rules(self):
        self.open_with_residents()
        before = self.status()["rules"]
        bad = os.path.join(self.folder, "rules.d", "night-shift.yaml")
        pathlib.Path(bad).write_text("rules:\n  - id: x\n    wacth: passage\n    each: {}\n", encoding="utf-8")
        result = self.menshen("reload")
        self.assertEqual(result.returncode, 1)
        self.assertIn("night-shift.yaml:3", result.stderr)
        self.assertIn('did you mean "watch"', result.stderr)
        after = self.status()["rules"]
        self.assertEqual((after["version"], after["rules"]), (before["version"], before["rules"]))
        self.assertIn("night-shift.yaml", after["error"])
        os.unlink(bad)
        self.assertEqual(self.menshen("reload").returncode, 0)
        self.assertEqual(self.status()["rules"]["error"], "")

    def test_bad_rules_at_start_do_not_keep_people_out(self):
        self.open_with_residents()
        self.theatre.kill_gate()
        pathlib.Path(self.folder, "rules.d", "bad.yaml").write_text("rules: 5\n", encoding="utf-8")
        self.theatre.start_gate()
        resident = next(r for r in story.RESIDENTS if r.card)
        self.theatre.bits("front-in", resident.frame)
        self.assertTrue(self.theatre.is_unlocked())
        self.assertIn("bad.yaml", self.status()["rules"]["error"])

    def test_a_config_with_five_mistakes_shows_five(self):
        path = os.path.join(self.folder, "five.yaml")
        pathlib.Path(path).write_text("""\
site: Tianlin 12
gate: gate-3
zone: Asia/Shangai
devices:
  front-in: {driver: weigand, source: simulated}
  front-lock: {driver: simulated, lock: true}
doors:
  front: {readers: {in: [front-in]}, lock: front-lock, unlock: 70s, mode: card, unlok: 5s}
""", encoding="utf-8")
        for result in (self.menshend("--config", path), self.run_menshen("config", "check", path)):
            self.assertEqual(result.returncode, 1, result.stderr)
            text = result.stderr + result.stdout
            for place in ("five.yaml:1:7", "five.yaml:3:7", "five.yaml:5", "five.yaml:8"):
                self.assertIn(place, text)
            self.assertIn('did you mean "unlock"', text)
            self.assertIn('did you mean "wiegand"', text)
            self.assertEqual(sum("five.yaml:" in line and "warning" not in line and ":" in line[9:] for line in text.splitlines()
                                 if line.startswith(path + ":") and line[len(path) + 1].isdigit()), 5, text)

    # --- the command line -------------------------------------------------------------------------------------------

    def test_wrong_usage_and_a_gate_that_is_not_there(self):
        self.assertEqual(self.menshend("--cofnig", "x").returncode, 2)
        self.assertEqual(self.run_menshen("stauts").returncode, 2)
        result = self.menshen("status", socket_path="/nowhere/control.sock")
        self.assertEqual(result.returncode, 3)
        self.assertIn("/nowhere/control.sock", result.stderr)

    def test_a_stage_is_refused_under_systemd(self):
        result = self.menshend("--stage", "/tmp/x.sock", "--stage-start", "2026-11-02T06:00:00+08:00", env={"INVOCATION_ID": "0" * 32})
        self.assertEqual(result.returncode, 2)
        self.assertIn("systemd", result.stderr)

    def test_an_unknown_door_and_a_second_daemon_are_refused(self):
        self.open_with_residents()
        result = self.menshen("door", "open", "frnt")
        self.assertEqual(result.returncode, 1)
        self.assertIn('did you mean "front"', result.stderr)
        second = self.menshend("--config", self.theatre.paths["config"], "--data", self.theatre.paths["data"], "--key-file",
                               self.theatre.paths["key"])
        self.assertEqual(second.returncode, 1)
        self.assertTrue(self.theatre.gate.is_running())

    # --- the end ----------------------------------------------------------------------------------------------------

    def test_sigterm_ends_within_5_s_with_a_dead_broker_and_says_stopped(self):
        self.open_with_residents()
        os.kill(self.theatre.broker.pid, signal.SIGSTOP)  # it holds the connection and never answers
        try:
            self.assertLess(self.theatre.gate.stop(8.0), 5.0)
        finally:
            os.kill(self.theatre.broker.pid, signal.SIGCONT)
        self.assertEqual(len(self.records("stopped")), 1)

    def test_systemd_is_told_that_the_gate_is_ready_and_alive(self):
        self.open_with_residents()
        self.theatre.gate.stop()
        path = os.path.join(self.folder, "notify.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(10)
            self.theatre.gate.env.update({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
            self.theatre.gate.start()
            said = b""
            while b"READY=1" not in said or b"WATCHDOG=1" not in said:
                said += notify.recv(4096) + b"\n"
            self.theatre.gate.stop()
            self.assertIn(b"STOPPING=1", said + notify.recv(4096) + b"".join(self.drain(notify)))

    @staticmethod
    def drain(notify):
        notify.settimeout(0.2)
        try:
            while True:
                yield notify.recv(4096)
        except TimeoutError:
            return


if __name__ == "__main__":
    unittest.main(verbosity=2)
