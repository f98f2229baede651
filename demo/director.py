"""The director plays the steps of the story and checks after each what the gate committed and did."""

import json
import os
from datetime import timedelta

import story
from theatre import StoryFailed
from account import open_and_closed

OPENS_AFTER, CLOSES_AFTER = timedelta(seconds=2), timedelta(seconds=4)


class Director:
    """`strict`: every expectation must hold. The kill test plays with it off: there a killed gate may have missed a level or a read, and
    other things are checked."""

    def __init__(self, theatre, photos, say=print, strict=True):
        self.theatre = theatre
        self.photos = photos
        self.say = say
        self.strict = strict
        self.strangers = {}  # the story's name -> the gate's id
        self.shown = {"passages": 0, "refusals": 0, "cards": 0}
        self.photo_turn = {}
        self.waited = (0, 0)  # records and alerts, when the broker came back

    # --- checks -------------------------------------------------------------------------------------------------------

    def require(self, holds, complaint):
        if self.strict and not holds:
            raise StoryFailed(complaint)

    def committed(self, mark, **wanted):
        """The records committed after `mark` whose fields are as wanted."""
        return [f for f in (e.fields for e in self.theatre.journal.since(mark)) if all(f.get(k) == v for k, v in wanted.items())]

    def require_record(self, mark, **wanted):
        found = self.committed(mark, **wanted)
        if not found:
            came = [{k: v for k, v in e.fields.items() if k in ("kind", "person", "card", "door", "reason", "method", "state")}
                    for e in self.theatre.journal.since(mark)]
            self.require(False, f"no record {json.dumps(wanted, ensure_ascii=False)}; there came {json.dumps(came, ensure_ascii=False)}")
        return found[-1] if found else {}

    def require_lock(self, unlocked, why):
        self.require(self.theatre.is_unlocked() == unlocked, f"the lock should be {'open' if unlocked else 'shut'}: {why}")

    def mark(self):
        return self.theatre.journal.last_seq()

    # --- before the curtain -------------------------------------------------------------------------------------------

    def photo_files(self, folder):
        path = os.path.join(self.photos, folder)
        files = sorted(os.path.join(path, f) for f in os.listdir(path) if f.lower().endswith((".jpg", ".png")))
        if len(files) <= story.ENROLLED_PHOTOS:
            raise StoryFailed(f"{path} holds only {len(files)} photographs")
        return files

    def enrol_everybody(self, faces=True):
        for who in story.RESIDENTS:
            tags = [part for tag in who.tags for part in ("--tag", tag)]
            self.theatre.command("persons", "add", "--id", who.id, "--name", who.name, "--household", who.household,
                                 "--household-size", str(who.household_size), *tags)
            self.theatre.command("cards", "add", "--id", who.card, "--person", who.id, "--number", who.frame.number)
            if who.face and faces:
                photos = [part for file in self.photo_files(who.face)[:story.ENROLLED_PHOTOS] for part in ("--photo", file)]
                self.theatre.command("face", "enroll", "--person", who.id, *photos, "--purpose", "door access", "--form", "paper",
                                     "--date", "2026-11-01", "--by", "self", "--text-version", "demo-1", "--until", "2027-11-01")

    # --- the steps ----------------------------------------------------------------------------------------------------

    def play(self, step):
        self.theatre.advance(step.at)
        try:
            getattr(self, "do_" + step.do)(**step.args)
        except StoryFailed as failure:
            raise StoryFailed(f"{step.at:%a %H:%M} {step.say or step.do}: {failure}") from None
        if step.say:
            self.say(step, self)

    def walk_through(self, mark, **who):
        """The door that was just unlocked is opened and falls shut; the passage is on record."""
        self.theatre.advance(self.theatre.now + OPENS_AFTER)
        self.theatre.line("front-contact", True)
        self.require_record(mark, kind="passage", door="front", **who)
        self.theatre.advance(self.theatre.now + CLOSES_AFTER)
        self.theatre.line("front-contact", False)
        self.require_record(mark, kind="door_closed", door="front")
        self.require_lock(False, "the door is closed again")
        self.shown["passages"] += 1

    def do_pass(self, who, side):
        mark = self.mark()
        self.theatre.bits("front-" + side, who.frame)
        self.require_record(mark, kind="granted", person=who.id, card=who.card, door="front", side=side, method="card")
        self.require_lock(True, f"{who.card} was granted")
        self.walk_through(mark, person=who.id, side=side, method="card", certainty="strong")

    def do_card(self, who, side):
        """A use of a card; whoever it is lets the door fall open and shut."""
        mark = self.mark()
        self.theatre.bits("front-" + side, who.frame)
        self.require_record(mark, kind="granted", card=who.card)
        self.walk_through(mark, card=who.card)
        self.shown["cards"] += 1

    def do_refused(self, frame, reason, card=None):
        mark = self.mark()
        self.theatre.bits("front-in", frame)
        wanted = {"card": card} if card else {}
        self.require_record(mark, kind="denied", door="front", reason=reason, **wanted)
        self.require_lock(False, "the card was refused")
        self.shown["refusals"] += 1

    def do_noise(self, frame):
        mark = self.mark()
        self.theatre.bits("front-in", frame)
        record = self.require_record(mark, kind="card_read", device="front-in")
        self.require(record.get("raw") == frame.number, f"the raw bits {frame.number} are not in the record {record}")
        self.require(not self.committed(mark, kind="granted"), "a frame with bad parity was granted")
        self.require_lock(False, "the frame was malformed")

    def do_suspend(self, who):
        self.theatre.command("cards", "suspend", "--id", who.card)

    def next_photos(self, folder):
        """The photographs that were not enrolled, beginning where the last walk-up ended."""
        files = self.photo_files(folder)[story.ENROLLED_PHOTOS:]
        turn = self.photo_turn.get(folder, 0)
        self.photo_turn[folder] = turn + 1
        return files[turn % len(files):] + files[:turn % len(files)]

    def show(self, photo, frames):
        """Somebody stands before the camera for so many frames."""
        for _ in range(frames):
            self.theatre.picture("front-camera", photo)
            self.theatre.advance(self.theatre.now + timedelta(seconds=0.4))

    def leave_the_camera(self):
        self.theatre.advance(self.theatre.now + timedelta(seconds=4))

    def do_face(self, who):
        """Walk-up after walk-up, until the door knows the face."""
        mark = self.mark()
        for photo in self.next_photos(who.face):
            self.show(photo, frames=3)
            granted = self.committed(mark, kind="granted")
            self.require(all(g.get("person") == who.id for g in granted), f"{photo} was taken for {granted[-1:]} instead of {who.id}")
            if granted:
                break
            self.leave_the_camera()
        self.require_record(mark, kind="granted", person=who.id, method="face", door="front")
        self.require_lock(True, f"the face of {who.id} was granted")
        self.walk_through(mark, person=who.id, method="face", certainty="weak")

    def do_stranger(self, who):
        mark = self.mark()
        for photo in self.next_photos(story.STRANGERS[who])[:3]:
            self.show(photo, frames=2)
            self.leave_the_camera()
        seen = [f["stranger"] for f in self.committed(mark, kind="face_seen") if f.get("stranger")]
        self.require(seen, f"no face_seen record with a stranger for {who}")
        self.require(not self.committed(mark, kind="granted"), "the door was opened to a stranger")
        known = self.strangers.setdefault(who, seen[0] if seen else "")
        self.require(known in seen, f"stranger {who} was {known} before and is {seen} now")
        self.require(all(known not in seen for name, known in self.strangers.items() if name != who), f"{who} was taken for another stranger")
        self.require_lock(False, "a stranger stands before it")

    def do_hold_open(self, who):
        mark = self.mark()
        self.theatre.bits("front-out", who.frame)
        self.require_record(mark, kind="granted", card=who.card)
        self.theatre.advance(self.theatre.now + OPENS_AFTER)
        self.theatre.line("front-contact", True)
        self.theatre.advance(self.theatre.now + timedelta(minutes=5))
        self.require_record(mark, kind="door_held", door="front")

    def do_close_door(self):
        mark = self.mark()
        self.theatre.line("front-contact", False)
        self.require_record(mark, kind="door_closed", door="front")
        self.require_lock(False, "the door is closed again")

    def do_exit(self):
        mark = self.mark()
        self.theatre.line("front-exit", True)
        self.require_lock(True, "the exit button was pressed")
        self.theatre.line("front-exit", False)
        self.require_record(mark, kind="exit_request", door="front")
        self.walk_through(mark, method="exit_button")

    def do_fire(self, active):
        mark = self.mark()
        self.theatre.line("fire-panel", active)
        self.require_record(mark, kind="command", door="front", command="fire_release" if active else "fire_over")
        self.require_lock(True, "fire releases it, and its end does not lock people in or out")

    def do_lock_again(self):
        self.theatre.command("door", "lock", "front")
        self.require_lock(False, "it was locked again by a person")

    def do_kill_gate(self):
        before = self.mark()
        self.theatre.kill_gate()
        self.theatre.start_gate()
        self.require_record(before, kind="started", simulated=True)

    def do_kill_broker(self):
        self.theatre.kill_broker()

    def do_start_broker(self):
        self.waited = self.theatre.waiting()
        self.require(min(self.waited) > 0, f"{self.waited} records and alerts waited for the broker: the outage left nothing to deliver")
        self.theatre.start_broker()
        self.theatre.wait_until_delivered()

    def subject_of(self, subject):
        kind, _, name = subject.partition(":")
        return self.strangers.get(name, "") if kind == "stranger" else subject

    def alert_of(self, rule, subject):
        subject = self.subject_of(subject)
        found = [f for f in open_and_closed(self.theatre.journal.since()).values() if f["rule"] == rule and f["subject"] == subject]
        return max(found, key=lambda f: f["fired_at"], default={})

    def do_alert_is(self, rule, subject, state):
        alert = self.alert_of(rule, subject)
        found = alert.get("state", "none")
        self.require(found == state, f"the alert {rule} of {self.subject_of(subject)} should be {state} and is {found}")

    def do_acknowledge(self, rule, subject, note):
        alert = self.alert_of(rule, subject)
        if not alert and not self.strict:
            return
        self.theatre.command("alerts", "ack", alert["alert"], "--note", note)
        self.require(self.alert_of(rule, subject)["state"] == "acknowledged", "it is not acknowledged")
