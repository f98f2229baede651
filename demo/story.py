"""The week as data: who lives here, what they carry, and what happens when. The director (week.py) plays and checks it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
import random

from wiegand import frame26, frame34

ZONE = timezone(timedelta(hours=8))  # Asia/Shanghai, which has no summer time
START = datetime(2026, 11, 2, 6, 0, tzinfo=ZONE)  # a Monday
END = START + timedelta(days=7)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    household: str
    household_size: int
    card: str
    frame: object
    tags: tuple = ()
    face: str = ""  # folder of photographs below johns/


# The names are invented. The faces are those of dlib's example photographs, which their publisher put into the public domain.
CHEN = Person("p-chen", "陈桂香", "3-201", 1, "c-chen", frame34(0x0A1B2C3D), ("lives-alone",))
LI = Person("p-li", "李建国", "5-602", 3, "c-li", frame26(23, 4711), (), "johns/John_Savage")
WANG = Person("p-wang", "王芳", "5-602", 3, "c-wang", frame26(23, 4712), (), "johns/John_Salley")
ZHAO = Person("p-zhao", "赵强", "8-1104", 2, "c-zhao", frame34(0x7F00A5E1), (), "johns/John_Schneider")
LIU = Person("p-liu", "刘洋", "8-1203", 1, "c-liu", frame26(23, 60001))
RESIDENTS = (CHEN, LI, WANG, ZHAO, LIU)
UNKNOWN_CARD = frame26(99, 12345)

# Enrolled from these (counted from 0 in the sorted folder); recognised in others, one after the other as in a walk-up.
ENROLLED_PHOTOS = 6
STRANGERS = {"first": "johns/John_Shimkus", "second": "johns/John_Simm"}


@dataclass(frozen=True)
class Step:
    at: datetime
    do: str
    args: dict = field(default_factory=dict)
    say: str = ""  # printed when it is played; nothing for the ordinary


def when(text):
    """ "Wed 15:10" or "Wed 15:10:05" of the week that is played; "Mon+" is the Monday after."""
    day, clock = text.split()
    index = 7 if day == "Mon+" else DAYS.index(day)
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return START.replace(hour=0) + timedelta(days=index, hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)


def step(text, do, say="", **args):
    return Step(when(text), do, args, say)


def the_old_woman():
    """Chen Guixiang lives alone. She is out every morning, but not from Tuesday noon to Wednesday afternoon."""
    yield step("Mon 07:30", "pass", who=CHEN, side="out")
    yield step("Mon 08:20", "pass", who=CHEN, side="in")
    yield step("Tue 07:35", "pass", who=CHEN, side="out")
    yield step("Tue 08:25", "pass", who=CHEN, side="in")
    yield step("Wed 08:20", "alert_is", rule="elderly-silence", subject=CHEN.id, state="none", say="23 h 55 min without a sign of her: no alert yet")
    yield step("Wed 08:30", "alert_is", rule="elderly-silence", subject=CHEN.id, state="firing",
               say="Chen Guixiang, who lives alone, has not been seen for 24 h: the alert fires")
    yield step("Wed 15:10", "pass", who=CHEN, side="out")
    yield step("Wed 15:11", "alert_is", rule="elderly-silence", subject=CHEN.id, state="resolved", say="she comes out of her flat: it resolves by itself")
    yield step("Wed 16:00", "pass", who=CHEN, side="in")
    for day in ("Thu", "Fri", "Sat", "Sun"):
        yield step(f"{day} 07:40", "pass", who=CHEN, side="out")
        yield step(f"{day} 08:30", "pass", who=CHEN, side="in")


def cards_that_may_not():
    yield step("Mon 12:10", "refused", "an unknown card is refused", frame=UNKNOWN_CARD, reason="unknown_card")
    yield step("Mon 18:05", "pass", who=LIU, side="in")
    yield step("Tue 10:00", "suspend", "Liu Yang moved out: the card is suspended", who=LIU)
    yield step("Tue 18:05", "refused", "the suspended card is refused", frame=LIU.frame, reason="suspended_card", card=LIU.card)
    yield step("Tue 08:03", "noise", "a card frame with bad parity (26 bits) is kept as it came, and opens nothing", frame=LI.frame.with_flipped(7))
    yield step("Tue 08:03:05", "pass", who=LI, side="in")


def faces():
    for text, who in (("Mon 18:30", LI), ("Tue 18:40", WANG), ("Wed 18:20", ZHAO), ("Thu 18:35", LI), ("Sat 17:15", WANG)):
        yield step(text, "face", f"{who.name} passes by face", who=who)
    for text in ("Mon 19:10", "Tue 19:20", "Wed 19:05"):
        yield step(text, "stranger", "a stranger stands at the door", who="first")
    yield step("Tue 11:00", "stranger", "another stranger, once", who="second")
    yield step("Wed 19:06", "alert_is", rule="repeated-stranger", subject="stranger:first", state="firing", say="the same stranger on three consecutive days: the alert fires")
    yield step("Wed 19:40", "acknowledge", "the cadre acknowledges: a relative of 5-602", rule="repeated-stranger", subject="stranger:first",
               note="5号楼602的亲戚,已核实")


def trouble():
    yield step("Wed 12:00", "kill_gate", "menshend is killed with kill -9 while the alert is open, and comes back")
    yield step("Wed 12:01", "alert_is", rule="elderly-silence", subject=CHEN.id, state="firing", say="the alert is still open, and was not raised again")
    yield step("Thu 09:00", "kill_broker", "the broker is killed with kill -9; the gate goes on by itself for two days")
    yield step("Sat 09:00", "start_broker", "the broker is back")


def the_borrowed_card():
    """Zhao Qiang's card goes round among people he let in: 40 uses on Friday, while nobody hears of it."""
    for use in range(40):
        yield Step(when("Fri 08:50") + timedelta(minutes=13 * use), "card", {"who": ZHAO, "side": "in" if use % 2 else "out"})
    yield step("Fri 17:40", "alert_is", rule="card-overuse", subject=ZHAO.card, state="firing",
               say="one card used 40 times in a day: the alert fires and waits for the broker")
    yield step("Sun 12:00", "alert_is", rule="card-overuse", subject=ZHAO.card, state="resolved", say="the card is used as before: it resolved by itself")


def the_door():
    yield step("Sat 11:00", "hold_open", "Wang Fang's movers hold the door open", who=WANG)
    yield step("Sat 11:06", "alert_is", rule="door-held-open", subject="front", state="firing", say="the door is held open: the alert fires")
    yield step("Sat 11:07", "close_door", "the door is closed")
    yield step("Sat 13:00", "alert_is", rule="door-held-open", subject="front", state="resolved")
    yield step("Sun 10:00", "exit", "somebody leaves by the exit button")
    yield step("Sun 14:00", "fire", "fire alarm: the door is released", active=True)
    yield step("Sun 14:05", "fire", "the alarm is over: the door stays released until somebody has looked", active=False)
    yield step("Sun 14:20", "lock_again", "a technician locks it again")


def ordinary_days():
    """Work and errands, by card; the same in every run."""
    chance = random.Random(1202)
    for day in DAYS:
        for who in (LI, WANG, ZHAO):
            out = timedelta(minutes=chance.randint(6 * 60 + 30, 7 * 60 + 25))
            back = timedelta(minutes=chance.randint(19 * 60 + 45, 22 * 60))
            for moment, side in ((out, "out"), (back, "in")):
                yield Step(when(f"{day} 00:00") + moment + timedelta(seconds=chance.randint(20, 50)), "pass", {"who": who, "side": side})


def week():
    """Every step in the order of time."""
    parts = (the_old_woman, cards_that_may_not, faces, trouble, the_borrowed_card, the_door, ordinary_days)
    return sorted((s for part in parts for s in part()), key=lambda s: s.at)
