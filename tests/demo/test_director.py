"""The director must pass a gate that does what the story says, and name the step at which another does not."""

import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "demo")]

import story  # noqa: E402
from director import Director  # noqa: E402
from fake_theatre import FakeTheatre  # noqa: E402
from theatre import StoryFailed  # noqa: E402


class Play(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.photos = folder.name
        for face in [who.face for who in story.RESIDENTS if who.face] + list(story.STRANGERS.values()):
            os.makedirs(os.path.join(folder.name, face))
            for number in range(story.ENROLLED_PHOTOS + 5):
                open(os.path.join(folder.name, face, f"{number:02}.jpg"), "w", encoding="ascii").close()

    def play(self, fault=""):
        director = Director(FakeTheatre(fault), self.photos, say=lambda *_: None)
        director.enrol_everybody()
        for step in story.week():
            director.play(step)
        return director

    def test_a_right_gate_passes(self):
        director = self.play()
        self.assertGreater(director.shown["passages"], 50)
        self.assertEqual(director.shown["cards"], 40)

    def fails_at(self, fault, where):
        with self.assertRaises(StoryFailed) as caught:
            self.play(fault)
        self.assertIn(where, str(caught.exception))

    def test_each_fault_is_named_with_its_step(self):
        self.fails_at("grants everybody", "Mon 12:10")
        self.fails_at("suspends nothing", "Tue 18:05")
        self.fails_at("raw", "Tue 08:03")
        self.fails_at("lock stays shut", "the lock should be open")
        self.fails_at("takes one for another", "was taken for")
        self.fails_at("two strangers are one", "another stranger")
        self.fails_at("fire is ignored", "fire alarm")
        self.fails_at("forgets alerts", "Wed 12:01")
        self.fails_at("drops what cannot be sent", "Sat 09:00")
        for rule in ("elderly-silence", "card-overuse", "repeated-stranger", "door-held-open"):
            self.fails_at(rule, f"the alert {rule}")


if __name__ == "__main__":
    unittest.main()
