"""The JSON Schemas of rule, calendar and recipients files say of every document here what the parsers say of it.

What a schema cannot say is listed by name in its description; a document of that kind must fit the schema, be refused by the parser,
and carry the name. The shipped rules and a table of every form are taken and mutated: keys dropped, doubled, misspelt, values of
other types put in their place. With the module `jsonschema` at hand its verdicts are compared too."""

import argparse
import copy
import glob
import json
import os
import re
import subprocess
import sys

from schema_check import Schema

BASE = {"id": "r", "watch": "granted", "per": "card", "each": {}}
LEARNED = {"budget": "1 per 30d"}
HOUSEHOLD = {"household.size": 2}


def rule(**changes):
    """A rule with a condition of `changes` in place of `each`; a key with ... is dropped."""
    conditions = {"absent", "count", "distinct", "days", "baseline", "sequence"}
    out = dict(BASE)
    if conditions & changes.keys():
        del out["each"]
    out.update(changes)
    return {key.replace("__", "."): value for key, value in out.items() if value is not ...}


def rules(*items):
    return {"rules": list(items)}


def alert(**parts):
    return rule(alert=parts)


# Valid ones, one for each form of everything.
GOOD_RULES = [
    rule(each=None), rule(each={"cooldown": "2h"}), rule(cooldown="0s"), rule(open_for="1d12h"),
    rule(absent={"for": "24h"}), rule(absent=LEARNED), rule(absent=dict(LEARNED, per_subject=True, at_least="2h", at_most="3d")),
    rule(absent={"for": "24h"}, per="person", unless={"person.tags": "away"}),
    rule(absent={"for": "24h"}, unless={"gate.tags": ["rain", "snow"]}),
    rule(count={"over": "1d", "more_than": 20}), rule(count={"over": "1d", "more_than": HOUSEHOLD}, per="household"),
    rule(count={"over": "1d", "more_than": {"household.size": -1, "unknown": 6}}, per="person"),
    rule(distinct={"of": "who", "over": "7d", "more_than": {"household.size": 2, "unknown": 6}}),
    rule(distinct={"of": "card", "over": "7d", "more_than": 0}, per="gate"),
    rule(days={"consecutive": 3}), rule(days={"at_least": 3, "within": "7d"}),
    rule(baseline={"over": "1d", "budget": "0.5 per 30d"}), rule(baseline={"over": "7d", "budget": "2 per 7d", "per_subject": False}),
    rule(sequence={"then_not": {"watch": "door_closed"}, "within": "30s"}),
    rule(sequence={"not_before": {"watch": ["granted", "exit_request"], "where": {"door": "a"}}, "within": "8s"}, open_for="1h"),
    rule(sequence={"then": {"watch": "card_read", "differs": "door"}, "within": "10s"}, open_for="1h"),
    rule(sequence={"then": {"watch": "card_read", "where": {"not": [{"door": "a"}, {"side": "in", "late": True}]}}, "within": "1s"}),
    rule(where={"person.tags": "x", "not": {"certainty": "weak"}}), rule(where={"more.raw": "7", "method": ["card", "face"]}),
    rule(where={"household.size": [1, 2]}), rule(where={"household.size": 3}), rule(where={"stranger.label": "courier"}),
    rule(where={"late": "true", "card": 12345}), rule(where={}), rule(unless={"person.tags": ["a"], "gate.tags": "b"}),
    rule(during="22:00-06:00"), rule(during="00:00-24:00", weekdays="workdays"), rule(weekdays=["mon", "sun", "holidays", "days_off"]),
    rule(during=["08:00-12:00", "13:00-17:00"], notify_between="07:00-21:00"), rule(notify_between=["07:00-21:00"]),
    rule(scope="gate", resolve="manual", title="words"), rule(title={"zh": "甲"}), rule(title={"zh": "甲", "en": "a"}, legal_basis="x"),
    rule(id=17, title=3), rule(watch=["granted", "denied"]), rule(per=...), rule(watch="mute", per="door"),
    alert(severity="critical", to="grid-1"), alert(to=["a", "b"], text="{card}"), alert(text={"zh": "{card}", "en": "{time}"}),
    alert(repeat_every="12h", escalate={"after": "2h", "severity": "critical"}), alert(to=[]), alert(),
    alert(escalate=[{"after": "1h", "to": "x"}, {"after": "2h", "severity": "critical", "to": ["y", "z"]}]),
]
# Wrong ones that a schema can tell.
BAD_RULES = [
    rule(each=...), rule(each={}, days={"consecutive": 3}), rule(absent={"for": "24h"}, count={"over": "1d", "more_than": 1}),
    rule(absent={}), rule(absent=None), rule(absent={"for": "24h", "budget": "1 per 30d"}), rule(absent={"for": "24h", "at_most": "48h"}),
    rule(absent={"per_subject": True}), rule(absent=dict(LEARNED, per_subject="true")), rule(absent={"budget": 4}),
    rule(absent={"budget": "4 a month"}), rule(absent={"budget": "-4 per 30d"}), rule(absent={"budget": "1e3 per 30d"}),
    rule(absent={"budget": "4  per 30d"}), rule(absent={"budget": "inf per 30d"}), rule(absent={"for": 24}), rule(absent={"for": "24x"}),
    rule(absent={"for": "24h"}, unless={"person.tags": "away"}), rule(absent={"for": "24h"}, per=..., unless={"person.tags": "away"}),
    rule(count={"over": "1d"}), rule(count={"more_than": 1}), rule(count={"over": "1d", "more_than": "20"}),
    rule(count={"over": "1d", "more_than": -1}), rule(count={"over": "1d", "more_than": 10001}), rule(count={"over": "1d", "more_than": {}}),
    rule(count={"over": "1d", "more_than": HOUSEHOLD}, per="door"), rule(count={"over": "1d", "more_than": HOUSEHOLD}, per=...),
    rule(count={"over": "1d", "more_than": {"household.size": 2, "unknown": -1}}), rule(count={"over": "1d", "more_than": [1]}),
    rule(count={"over": "1d", "more_than": {"household.size": 1001}}), rule(count={"over": "1d", "more_than": {"unknown": 3}}),
    rule(distinct={"of": "device", "over": "7d", "more_than": 1}), rule(distinct={"over": "7d", "more_than": 1}),
    rule(distinct={"of": "who", "over": "7d", "more_than": HOUSEHOLD}, per="stranger"),
    rule(days={}), rule(days={"consecutive": 0}), rule(days={"consecutive": 61}), rule(days={"consecutive": "3"}), rule(days={"at_least": 3}),
    rule(days={"within": "7d"}), rule(days={"consecutive": 3, "at_least": 3, "within": "7d"}), rule(days=3),
    rule(baseline={"over": "1d"}), rule(baseline={"budget": "1 per 30d"}), rule(baseline={"over": "1d", "budget": "1 per 30d", "at_most": "2d"}),
    rule(sequence={"within": "1s"}), rule(sequence={"then": {"watch": "denied"}}), rule(sequence={"then": {}, "within": "1s"}),
    rule(sequence={"then": {"watch": "alert"}, "within": "1s"}), rule(sequence={"then": "denied", "within": "1s"}),
    rule(sequence={"then_not": {"watch": "denied", "differs": "door"}, "within": "1s"}),
    rule(sequence={"not_before": {"watch": "denied", "differs": "door"}, "within": "1s"}),
    rule(sequence={"then": {"watch": "denied"}, "then_not": {"watch": "denied"}, "within": "1s"}),
    rule(sequence={"then": {"watch": "denied", "differs": "reason"}, "within": "1s"}),
    rule(sequence={"then_not": {"watch": "denied"}, "within": "1s"}, open_for="1h"), rule(days={"consecutive": 3}, open_for="1h"),
    rule(days={"consecutive": 3}, cooldown="1h"), rule(each={"cooldown": "1h"}, cooldown="1h"), rule(each={"for": "1h"}), rule(each=[]),
    rule(where="door"), rule(where={"door": []}), rule(where={"door": {"a": 1}}), rule(where={"door": [["a"]]}), rule(where={"side": "inn"}),
    rule(where={"method": []}), rule(where={"certainty": "none"}), rule(where={"late": "yes"}), rule(where={"origin": "gate-2"}),
    rule(where={"not": {}}), rule(where={"not": []}), rule(where={"not": "x"}), rule(where={"not": {"not": {"door": "a"}}}),
    rule(where={"more.": 1}), rule(where={"household.size": 0}), rule(where={"household.size": "2"}), rule(where={"household.size": [1, 1001]}),
    rule(where={"doors": "a"}), rule(unless={"door": "a"}), rule(unless="away"), rule(unless={"gate.tags": []}),
    rule(during="25:00-26:00"), rule(during="8:00-9:00"), rule(during="24:00-06:00"), rule(during=[]), rule(during=["night"]), rule(during=7),
    rule(during={"time": "08:00-09:00"}), rule(during="Night"), rule(during=["08:00-09:00"] * 33), rule(weekdays=[]), rule(weekdays="monday"),
    rule(weekdays=5), rule(notify_between="all day long"), rule(scope="site"), rule(resolve="never"), rule(per="persons"), rule(per=3),
    rule(title=""), rule(title={}), rule(title=["a"]), rule(title={"de": "a"}), rule(title={"zh": ""}), rule(legal_basis=["a"]),
    rule(id=...), rule(id="A"), rule(id="x" * 33), rule(id=""), rule(id=["a"]), rule(id=1.5), rule(watch=...), rule(watch=[]),
    rule(watch="alert"), rule(watch=["granted", "alert"]), rule(watch="pasage"), rule(watch=7), rule(watch={"a": 1}), rule(mute="x"),
    rule(labels=1), rule(budget="1 per 30d"), rule(differs="door"), rule(open_for=5), rule(alert="x"),
    alert(severity="high"), alert(to="Li"), alert(to=[["a"]]), alert(to=["a%d" % i for i in range(33)]), alert(text=""), alert(text=[]),
    alert(text={}), alert(repeat_every=3), alert(escalate={}), alert(escalate=[]), alert(escalate={"after": "1h"}),
    alert(escalate={"severity": "critical"}), alert(escalate={"after": "1h", "to": "X"}), alert(escalate="1h"), alert(escalate=[None]),
    alert(escalate=[{"after": f"{i}h", "to": f"a{i}"} for i in range(1, 10)]), alert(notify_between="07:00-08:00"),
    rule(unless=None), rule(during=None), rule(where={"door": None}), rule(alert=None), None, 7, [], "x",
]
# What the parser refuses and the schema cannot.
BEYOND_RULES = [
    (rule(during="night"), "unknown schedule name"), (rule(notify_between="8-9"), "unknown schedule name"),
    (rule(absent={"for": "0s"}), "range of a duration"), (rule(cooldown="31d"), "range of a duration"),
    (rule(count={"over": "63d", "more_than": 1}), "range of a duration"), (alert(repeat_every="59s"), "range of a duration"),
    (rule(sequence={"then": {"watch": "denied"}, "within": "99ms"}), "range of a duration"),
    (rule(absent={"budget": "5000 per 1d"}), "range of a budget"), (rule(absent={"budget": "0 per 30d"}), "range of a budget"),
    (rule(during="08:00-08:00"), "empty span of time"), (rule(baseline={"over": "36h", "budget": "1 per 30d"}), "whole days"),
    (rule(days={"at_least": 1, "within": "36h"}), "whole days"), (rule(days={"at_least": 9, "within": "7d"}), "days out of fewer days"),
    (rule(absent=dict(LEARNED, at_least="3d", at_most="2d")), "at_most shorter than at_least"),
    (rule(absent=dict(LEARNED, at_most="30m")), "at_most shorter than at_least"),
    (alert(escalate=[{"after": "2h", "to": "a"}, {"after": "1h", "to": "b"}]), "order of escalations"),
    (alert(severity="critical", escalate={"after": "1h", "severity": "info", "to": "a"}), "order of escalations"),
    (alert(to="a", escalate={"after": "1h", "to": "a"}), "escalation that adds nothing"),
    (alert(escalate={"after": "1h", "severity": "warning"}), "escalation that adds nothing"),
    (alert(text="{count}"), "placeholder of a text"), (alert(text={"en": "{card"}), "placeholder of a text"),
    (rule(where={"person.tags": [f"t{i}" for i in range(65)]}), "more than 64 tags"),
    (rule(days={"consecutive": 3.0}), "number with a decimal point"),
]
RULES = ([(rules(one), None) for one in GOOD_RULES + BAD_RULES] + [(rules(one), name) for one, name in BEYOND_RULES] +
         [(one, None) for one in ({}, {"rules": []}, {"rules": None}, {"rules": {}}, {"rules": 7}, {"rulez": []}, [], 7,
                                  {"rules": [], "version": 1}, rules(*[rule(id=f"r{i}") for i in range(501)]))] +
         [(rules(rule(), rule()), "twin ids"), (rules(rule(), rule(id="s")), None)])
CALENDAR = [(one, None) for one in (
    {}, None, {"holidays": ["2026-01-01", {"from": "2026-02-15", "to": "2026-02-23", "name": "春节"}], "workdays": ["2026-02-14"]},
    {"schedules": {"night": "22:00-06:00", "school": {"weekdays": "workdays", "time": ["07:00-12:00", "13:00-17:00"]}, "s": {"weekdays": ["sat"]}}},
    {"schedules": {"a": ["08:00-09:00"]}}, {"schedules": {}}, {"schedules": {"a": {}}}, {"schedules": {"a": []}}, {"schedules": {"Bad": "08:00-09:00"}},
    {"schedules": {"a": "night"}}, {"schedules": {"a": {"time": "night"}}}, {"schedules": {"a": {"tme": "08:00-09:00"}}}, {"schedules": []},
    {"schedules": {"a": None}}, {"schedules": {f"s{i}": "08:00-09:00" for i in range(101)}}, {"holidays": "2026-01-01"}, {"holidays": []},
    {"holidays": ["01.01.2026"]}, {"holidays": [2026]}, {"holidays": [{"from": "2026-02-15"}]}, {"holidays": [{"from": "2026-02-15", "to": "soon"}]},
    {"holidays": [{"from": "2026-02-15", "to": "2026-02-16", "names": "x"}]}, {"holidays": ["1999-01-01"]}, {"holidays": None}, {"workday": []},
    {"holidays": [None]}, [], 7)]
CALENDAR += [({"holidays": ["2026-02-30"]}, "day that does not exist"),
             ({"holidays": [{"from": "2026-02-15", "to": "2026-02-14"}]}, "end before begin"),
             ({"holidays": [{"from": "2026-02-15", "to": "2026-05-14"}]}, "holiday of more than 60 days"),
             ({"schedules": {"a": "08:00-08:00"}}, "empty span of time")]
CADRE = {"id": "a", "role": "cadre"}
RECIPIENTS = [({"recipients": one}, None) for one in (
    [], [CADRE], [dict(CADRE, name="王姐", duty={"weekdays": "workdays", "time": "08:00-18:00"})], [dict(CADRE, duty="08:00-18:00")],
    [dict(CADRE, duty=["08:00-12:00", "13:00-18:00"], fallback="b"), {"id": "b", "role": "police-liaison"}], [dict(CADRE, id=3)],
    [{"id": "a"}], [{"role": "cadre"}], [dict(CADRE, role="boss")], [dict(CADRE, id="A")], [dict(CADRE, duty={})], [dict(CADRE, duty=7)],
    [dict(CADRE, duty=[])], [dict(CADRE, phone="1")], [dict(CADRE, fallback=["b"])], [dict(CADRE, name=["b"])], [None], [7], {}, None, 7,
    [dict(CADRE, name=None)], [{"id": f"a{i}", "role": "family"} for i in range(1001)])]
RECIPIENTS += [(one, None) for one in ({}, {"recipient": []}, [CADRE])]
RECIPIENTS += [({"recipients": one}, name) for one, name in (
    ([CADRE, CADRE], "twin ids"), ([dict(CADRE, fallback="b")], "fallback that is not in the list"),
    ([dict(CADRE, fallback="a", duty="08:00-09:00")], "ring of fallbacks"), ([dict(CADRE, duty="night")], "unknown schedule name"),
    ([dict(CADRE, duty={"time": "night"})], "unknown schedule name"), ([dict(CADRE, duty="08:00-08:00")], "empty span of time"))]


def places(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, path + (key,))


def changed(document, path, change):
    out = copy.deepcopy(document)
    parent = out
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return out


def put(value):
    def change(parent, key):
        parent[key] = value
    return change


def drop(parent, key):
    del parent[key]


def misspell(parent, key):
    if isinstance(parent, dict):
        parent[key + "x"] = parent.pop(key)


def twice(parent, key):
    if isinstance(parent, list):
        parent.append(parent[key])


def mutants(document):
    """Every place of a document dropped, misspelt, doubled, and with a value of each other type in it."""
    changes = [drop, misspell, twice, put(None), put(7), put(-1), put(True), put("x y"), put("1h"), put([]), put({}), put(["granted"]), put({"k": 1})]
    for path in places(document):
        for change in changes if path else ():
            yield changed(document, path, change)


# Messages of the parser about what a schema cannot say, for mutants, whose kind nobody wrote down.
SAYS = {
    "unknown schedule name": r"name of a schedule of the calendar file, got \"[a-z0-9-]{1,32}\"",
    "range of a duration": r"must be from \S+ to \S+, got \"(\d+(ms|s|m|h|d))+\"",
    "whole days": r"must be whole days",
    "days out of fewer days": r"must not be shorter than at_least",
    "at_most shorter than at_least": r"makes at_most",
    "escalation that adds nothing": r"changes nothing: it needs",
    "order of escalations": r"must be longer than that of the step before",
    "placeholder of a text": r"uses \{|has a brace",
    "twin ids": r"^the id .* is taken by|\" is taken by another recipient",
    "fallback that is not in the list": r"is not in the list",
}


class Verdicts:
    def __init__(self, tool, schema_path, kind):
        self.tool, self.kind = tool, kind
        with open(schema_path, encoding="utf-8") as file:
            self.document = json.load(file)
        self.schema = Schema(self.document)
        self.names = set(re.sub(r".*cannot say: ", "", self.document["description"]).rstrip(".").split("; "))
        self.other = None
        try:
            import jsonschema
            self.other = jsonschema.Draft202012Validator(self.document)
        except ImportError:
            pass

    def parser(self, documents):
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents)
        out = subprocess.run([self.tool, self.kind], input=lines, capture_output=True, check=True, encoding="utf-8").stdout.splitlines()
        assert len(out) == len(documents), (len(out), len(documents))
        return out

    def kind_of(self, said):
        """The one thing beyond a schema that every part of a message is of; nothing when some part is not."""
        kinds = {next((name for name, pattern in SAYS.items() if re.search(pattern, part)), None) for part in said.split("\t")}
        return None if None in kinds else sorted(kinds)[0]

    def check(self, cases):
        """Returns what differs. Each case: (document, the name of what is beyond a schema, nothing, or ... to find it out)."""
        wrong = []
        for (document, beyond), said in zip(cases, self.parser([one for one, _ in cases])):
            fits = self.schema.accepts(document)
            if self.other is not None and self.other.is_valid(document) != fits:
                wrong.append(f"schema_check.py and jsonschema differ: {json.dumps(document, ensure_ascii=False)[:300]}")
            if beyond is ... and fits and said != "ok":
                beyond = self.kind_of(said)
            if beyond is ... or beyond is None:
                agree = fits == (said == "ok")
            else:
                agree = fits and said != "ok" and beyond in self.names
            if not agree:
                shown = json.dumps(document, ensure_ascii=False)[:300]
                wrong.append(f"{self.kind}: schema {'accepts' if fits else 'refuses'}, parser: {said[:200]}; beyond: {beyond}\n    {shown}")
        return wrong


def read_yaml(tool, path):
    with open(path, "rb") as file:
        out = subprocess.run([tool, "json"], stdin=file, capture_output=True, check=True)
    return json.loads(out.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--verdicts", required=True)
    parser.add_argument("--source", required=True)
    options = parser.parse_args()
    shipped = [read_yaml(options.verdicts, path) for path in sorted(glob.glob(options.source + "/rules/library/*.yaml"))]
    assert len(shipped) >= 4, shipped
    corpus = {"rules": [(one, None) for one in shipped] + RULES, "calendar": CALENDAR, "recipients": RECIPIENTS}
    seeds = {"rules": shipped + [rules(one) for one in GOOD_RULES], "calendar": [CALENDAR[2][0], CALENDAR[3][0]],
             "recipients": [RECIPIENTS[2][0], RECIPIENTS[4][0]]}
    wrong = []
    for kind, cases in corpus.items():
        verdicts = Verdicts(options.verdicts, os.path.join(options.source, "docs/schema", kind + ".schema.json"), kind)
        good = [said for said in verdicts.parser([rules(one) for one in GOOD_RULES]) if said != "ok"] if kind == "rules" else []
        made = [(one, ...) for seed in seeds[kind] for one in mutants(seed)]
        found = good + verdicts.check(cases) + verdicts.check(made)
        print(f"{kind}: {len(cases)} documents of the table, {len(made)} mutants, {len(found)} differ")
        wrong += found
    print("\n".join(wrong[:40]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
