"""Enrolment at the door camera, end to end: the command a technician types, the real models, photographs before a simulated camera."""

import itertools
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import unittest

from gate_case import BIN, ROOT, eventually

import story  # noqa: E402
from director import Director  # noqa: E402
from theatre import Theatre  # noqa: E402

CONSENT = ["--purpose", "door access", "--form", "paper", "--date", "2026-11-01", "--by", "self", "--text-version", "v1", "--until", "2027-11-01"]
MOST_PICTURES = 250


def photos_folder():
    found = subprocess.run([os.path.join(BIN, "menshen-models"), "photos"], capture_output=True, text=True, timeout=60, check=False)
    return pathlib.Path(found.stdout.strip()) if found.returncode == 0 else None


PHOTOS = photos_folder()


@unittest.skipIf(PHOTOS is None, "the sample photographs are not there: ./dev models fetches them")
class FaceCapture(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="menshen-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.theatre = Theatre(self.folder, BIN, str(ROOT))
        self.addCleanup(self.theatre.close)
        self.addCleanup(lambda: self.theatre.stage and self.theatre.stage.close())
        self.theatre.open()
        Director(self.theatre, "", say=lambda *_: None).enrol_everybody(faces=False)
        self.person, self.other = [who.id for who in story.RESIDENTS[:2]]
        self.moment = story.START

    def command(self, *arguments):
        return [os.path.join(BIN, "menshen"), *arguments, "--socket", self.theatre.paths["control"]]

    def menshen(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60, check=False)

    def begin(self, person, *more, camera="front-camera", consent=CONSENT):
        capture = subprocess.Popen(self.command("face", "capture", "--person", person, "--camera", camera, *consent, *more),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: capture.poll() is None and capture.kill())
        return capture

    @staticmethod
    def photos_of(name):
        return sorted(str(path) for path in (PHOTOS / "johns" / name).glob("*.jpg"))

    def show(self, picture):
        """One frame, a fifth of a second after the last."""
        self.moment += story.timedelta(milliseconds=200)
        self.theatre.advance(self.moment)
        self.theatre.picture("front-camera", picture)

    def show_until_done(self, capture, pictures):
        for picture in itertools.islice(itertools.cycle(pictures), MOST_PICTURES):
            if capture.poll() is not None:
                break
            self.show(picture)
        out, err = capture.communicate(timeout=60)
        return capture.returncode, out, err

    def who_is_let_in(self, name):
        """Each photograph is a walk-up of its own: somebody stands there for a second."""
        mark = self.theatre.journal.last_seq()
        for picture in self.photos_of(name):
            self.moment += story.timedelta(seconds=20)
            for _ in range(5):
                self.show(picture)
        granted = [e.fields for e in self.theatre.journal.since(mark) if e.fields["kind"] == "granted"]
        return {fields["person"] for fields in granted if fields["method"] == "face"}

    def templates(self):
        return json.loads(self.menshen("status", "--json").stdout)["roster"]["faces"]

    def test_a_person_is_enrolled_step_by_step_and_then_known(self):
        code, out, err = self.show_until_done(self.begin(self.person), self.photos_of("John_Simm"))
        self.assertEqual((code, err), (0, ""), out)
        lines = out.splitlines()
        self.assertRegex(lines[0], r"^[01]/5  \w+")  # The first picture may have been there before the command.
        self.assertTrue(any(line.startswith("4/5  ") for line in lines), out)
        self.assertEqual(lines[-1], f"{self.person}: 5 templates, until 2027-11-01")
        changes = [e.fields for e in self.theatre.journal.since(0) if e.fields["kind"] == "roster_changed"]
        self.assertEqual(changes[-1]["change"], "face_enrolled")
        self.assertEqual(changes[-1]["person"], self.person)
        self.assertEqual(changes[-1]["templates"], 5)

        self.assertEqual(self.who_is_let_in("John_Simm"), {self.person})
        self.assertEqual(self.who_is_let_in("John_Shimkus"), set())

    def test_a_look_alike_is_refused_by_name_and_let_in_when_it_is_a_twin(self):
        self.assertEqual(self.show_until_done(self.begin(self.person), self.photos_of("John_Simm"))[0], 0)
        faces = self.templates()
        code, _, err = self.show_until_done(self.begin(self.other), self.photos_of("John_Simm"))
        self.assertEqual(code, 1)
        self.assertIn(self.person, err)
        self.assertIn("Nothing was stored", err)
        self.assertEqual(self.templates(), faces)
        code, out, err = self.show_until_done(self.begin(self.other, "--despite", self.person), self.photos_of("John_Simm"))
        self.assertEqual((code, err), (0, ""), out)
        self.assertGreater(self.templates(), faces)

    def test_two_people_who_take_turns_are_not_enrolled_as_one(self):
        turns = [p for pair in zip(self.photos_of("John_Simm"), self.photos_of("John_Shimkus")) for p in pair]
        code, out, _ = self.show_until_done(self.begin(self.person), turns)
        if code == 0:  # Then of one of them alone: the other is not known.
            known = [name for name in ("John_Simm", "John_Shimkus") if self.who_is_let_in(name)]
            self.assertEqual(len(known), 1, out)

    def test_without_a_whole_consent_nothing_begins(self):
        for missing in ("--purpose", "--form", "--date", "--by", "--text-version", "--until"):
            at = CONSENT.index(missing)
            result = self.menshen("face", "capture", "--person", self.person, "--camera", "front-camera", *CONSENT[:at], *CONSENT[at + 2:])
            self.assertEqual(result.returncode, 2, missing)
            self.assertIn(missing, result.stderr)
        self.assertEqual(self.templates(), 0)

    def test_no_such_person_no_such_camera_and_a_camera_that_gives_no_picture(self):
        for arguments, words in ((("p-nobody", "front-camera"), "no person"), ((self.person, "front-camra"), "no camera of a door"),
                                 ((self.person, "front-in"), "no camera of a door")):
            capture = self.begin(arguments[0], camera=arguments[1])
            _, err = capture.communicate(timeout=30)
            self.assertEqual(capture.returncode, 1)
            self.assertIn(words, err)
        dark = self.begin(self.person)
        _, err = dark.communicate(timeout=60)
        self.assertEqual(dark.returncode, 1)
        self.assertIn("front-camera gives no picture", err)
        self.assertIn("Nothing was stored", err)
        self.assertEqual(self.templates(), 0)

    def test_who_gives_up_leaves_nothing_behind_and_the_next_one_may_come(self):
        given_up = self.begin(self.person)
        for picture in itertools.cycle(self.photos_of("John_Simm")[:3]):
            self.show(picture)
            if select.select([given_up.stdout], [], [], 0.1)[0]:  # It has begun.
                break
        refused = self.begin(self.other)
        _, err = refused.communicate(timeout=30)
        self.assertIn("somebody is being enrolled", err)
        given_up.send_signal(signal.SIGINT)
        given_up.communicate(timeout=30)
        self.assertNotEqual(given_up.returncode, 0)

        def next_one_is_taken():
            self.show(self.photos_of("John_Simm")[0])
            capture = self.begin(self.other)
            code, _, _ = self.show_until_done(capture, self.photos_of("John_Simm"))
            return code == 0

        self.assertEqual(self.templates(), 0)
        self.assertTrue(eventually(next_one_is_taken))
        self.assertEqual([f["person"] for f in (e.fields for e in self.theatre.journal.since(0))
                          if f["kind"] == "roster_changed" and f.get("change") == "face_enrolled"], [self.other])

    def test_photographs_that_are_too_much_together_are_refused_before_they_fill_the_memory(self):
        good = self.photos_of("John_Simm")[:3]
        large = []
        for number in range(6):
            large.append(os.path.join(self.folder, f"large-{number}.jpg"))
            pathlib.Path(large[-1]).write_bytes(pathlib.Path(good[0]).read_bytes() + bytes(18 << 20))
        result = self.menshen("face", "enroll", "--person", self.person, *CONSENT, *large)
        self.assertEqual(result.returncode, 1)
        self.assertIn("MB together", result.stderr)
        self.assertEqual(self.templates(), 0)
        for _ in range(2):  # The room is given back.
            self.assertIn("nearly the same", self.menshen("face", "enroll", "--person", self.person, *CONSENT, *large[:3]).stderr)
        self.assertEqual(self.menshen("face", "enroll", "--person", self.person, *CONSENT, *good).returncode, 0)

    def test_a_snapshot_says_what_the_camera_sees(self):
        target = os.path.join(self.folder, "aim.jpg")
        early = self.menshen("camera", "snapshot", "front-camera", "--output", target)
        self.assertEqual(early.returncode, 1)
        self.assertIn("no picture", early.stderr)
        self.show(self.photos_of("John_Simm")[0])
        taken = self.menshen("camera", "snapshot", "front-camera", "--output", target)
        self.assertEqual(taken.returncode, 0, taken.stderr)
        self.assertTrue(pathlib.Path(target).read_bytes().startswith(b"\xff\xd8\xff"))
        self.assertEqual(os.stat(target).st_mode & 0o077, 0)
        nowhere = self.menshen("camera", "snapshot", "front-camera", "--output", "/no/such/folder/aim.jpg")
        self.assertNotEqual(nowhere.returncode, 0)
        self.assertIn("/no/such/folder", nowhere.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
