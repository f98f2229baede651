"""A gate of a hundred lines that behaves as the story expects, and can be told to misbehave in one way."""

import json
from datetime import timedelta
from types import SimpleNamespace

import story

DAY = timedelta(days=1)


class FakeJournal:
    def __init__(self):
        self.entries = []

    def since(self, seq=0):
        return self.entries[max(seq, 0):]

    def last_seq(self):
        return len(self.entries)


class FakeTheatre:
    """`fault` names what it does wrong; none: nothing."""

    def __init__(self, fault=""):
        self.fault = fault
        self.now = story.START
        self.journal = FakeJournal()
        self.platform = SimpleNamespace(alerts=lambda: {})
        self.consumer = SimpleNamespace(must_run=lambda: None)
        self.unlocked = self.fire = self.is_open = False
        self.on_the_way = []
        self.state = {who.card: "active" for who in story.RESIDENTS}
        self.seen_chen = story.START
        self.uses, self.sightings = [], []

    def write(self, **fields):
        seq = len(self.journal.entries) + 1
        fields = {"seq": seq, "at": self.now.isoformat(), **fields}
        self.journal.entries.append(SimpleNamespace(seq=seq, fields=fields, bytes=json.dumps(fields).encode()))

    def alert(self, rule, subject, state, change):
        if rule != self.fault:
            self.write(kind="alert", rule=rule, subject=subject, state=state, change=change, alert=rule,
                       fired_at=rule, to=["grid-3"])

    def advance(self, to):
        if self.seen_chen + DAY <= to and self.seen_chen + DAY > self.now:
            self.alert("elderly-silence", "p-chen", "firing", 1)
        if self.is_open and to - self.now > timedelta(minutes=1):
            self.write(kind="door_held", door="front")
            self.alert("door-held-open", "front", "firing", 1)
        if to > story.when("Sat 12:30") >= self.now:
            self.alert("door-held-open", "front", "resolved", 2)
        if to > story.when("Sun 11:00") >= self.now:
            self.alert("card-overuse", "c-zhao", "resolved", 2)
        self.now = max(self.now, to)

    def bits(self, device, frame):
        side = device.split("-")[1]
        who = next((w for w in story.RESIDENTS if w.frame == frame), None)
        if frame == story.LI.frame.with_flipped(7):
            return self.write(kind="card_read", device=device, raw=frame.number if self.fault != "raw" else "26:0")
        if who is None or self.state[who.card] != "active":
            kind = "granted" if self.fault == "grants everybody" else "denied"
            reason = "unknown_card" if who is None else "suspended_card"
            return self.write(kind=kind, door="front", reason=reason, card=who.card if who else "x-1")
        self.grant(person=who.id, card=who.card, side=side, method="card", certainty="strong")
        self.uses.append(self.now)
        if who is story.CHEN:
            if self.now - self.seen_chen > DAY:
                self.alert("elderly-silence", "p-chen", "resolved", 2)
            self.seen_chen = self.now
        if who is story.ZHAO and sum(self.now - use < DAY for use in self.uses) == 31:
            self.alert("card-overuse", "c-zhao", "firing", 1)

    def grant(self, **fields):
        self.write(kind="granted", door="front", **fields)
        self.on_the_way.append(fields)
        self.unlocked = self.fault != "lock stays shut"

    def line(self, device, active):
        if device == "front-contact":
            self.is_open = active
            self.write(kind="door_opened" if active else "door_closed", door="front")
            for fields in self.on_the_way if active else ():
                self.write(kind="passage", door="front", **fields)
            self.on_the_way = []
            self.unlocked = self.fire or active
        if device == "front-exit" and active:
            self.write(kind="exit_request", door="front")
            self.on_the_way.append({"method": "exit_button"})
            self.unlocked = True
        if device == "fire-panel":
            self.fire = True
            self.unlocked = self.fault != "fire is ignored"
            self.write(kind="command", door="front", command="fire_release" if active else "fire_over")

    def picture(self, device, path):
        who = next((w for w in story.RESIDENTS if w.face and w.face in path), None)
        if who is not None:
            who = story.CHEN if self.fault == "takes one for another" else who
            return self.grant(person=who.id, method="face", certainty="weak")
        name = next(n for n, folder in story.STRANGERS.items() if folder in path)
        if self.fault == "two strangers are one":
            name = "first"
        self.write(kind="face_seen", stranger="s-" + name)
        self.sightings.append((name, self.now.date()))
        if len({day for n, day in self.sightings if n == "first"}) == 3 and not self.fault == "two strangers are one":
            self.alert("repeated-stranger", "s-first", "firing", 1)

    def is_unlocked(self):
        return self.unlocked

    def command(self, *words):
        if words[:2] == ("cards", "suspend") and self.fault != "suspends nothing":
            self.state["c-liu"] = "suspended"
        if words[:2] == ("alerts", "ack"):
            self.alert("repeated-stranger", "s-first", "acknowledged", 2)
        if words[:2] == ("door", "lock"):
            self.unlocked = self.fire = False
        return ""

    def kill_gate(self):
        pass

    def start_gate(self):
        self.write(kind="started", simulated=True)
        if self.fault == "forgets alerts":
            self.alert("elderly-silence", "p-chen", "resolved", 2)

    def kill_broker(self):
        pass

    start_broker = wait_until_delivered = kill_broker

    def waiting(self):
        return (0, 0) if self.fault == "drops what cannot be sent" else (200, 3)
