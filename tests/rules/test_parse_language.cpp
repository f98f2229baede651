// The conditions, limits, schedules and escalations of the language: what each becomes, and what each mistake is answered with.

#include <chrono>

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

ParseOptions with_schedules() {
    ParseOptions out;
    out.schedules["night"] = Schedule{{{{}, During{22h, 6h}}}};
    out.schedules["school"] = Schedule{{{DaySet{.weekdays = 0, .workdays = true}, During{7h, 17h}}}};
    return out;
}

std::string said_of(const std::string& lines, const ParseOptions& options = with_schedules()) {
    Problems problems;
    const std::vector<RuleFile> files{{"r.yaml", rule(lines)}};
    const auto rules = parse_rules(files, options, problems);
    CHECK(rules.has_value() == !problems.has_errors());
    std::string out;
    for (const auto& problem : problems.all()) {
        if (problem.severity == Severity::error) out += problem.text() + "\n";
    }
    return out;
}

Rule read(const std::string& lines, const ParseOptions& options = with_schedules()) {
    Problems problems;
    const std::vector<RuleFile> files{{"r.yaml", rule(lines)}};
    const auto rules = parse_rules(files, options, problems);
    INFO(lines << "\n" << problems.text());
    REQUIRE(rules.has_value());
    return rules->rules.at(0);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Mistake {
    const char* lines;
    const char* said;
};

/// Each is one problem, and says so.
void check_mistakes(const std::string& begin, const std::vector<Mistake>& mistakes) {
    for (const auto& mistake : mistakes) {
        const auto said = said_of(begin + mistake.lines);
        INFO(mistake.lines << "\n" << said);
        CHECK(has(said, mistake.said));
        CHECK(std::count(said.begin(), said.end(), '\n') == 1);
    }
}

const std::string kCard = "watch: granted\nper: card\n";

}  // namespace

TEST_CASE("a learned silence has a budget and two ends", "[unit]") {
    const auto plain = std::get<Absent>(read("watch: passage\nper: person\nabsent: {budget: 4 per 30d}").condition);
    REQUIRE(plain.budget.has_value());
    CHECK(plain.budget->alerts_per_30d == 4);
    CHECK_FALSE(plain.budget->per_subject);
    CHECK(plain.at_least == 1h);
    CHECK(plain.at_most == 48h);
    CHECK(plain.longest() == 48h);
    const auto full = std::get<Absent>(
        read("watch: passage\nabsent: {budget: 0.5 per 15d, per_subject: true, at_least: 2h, at_most: 3d}").condition);
    CHECK(full.budget->alerts_per_30d == 1);
    CHECK(full.budget->per_subject);
    CHECK(full.at_least == 2h);
    CHECK(full.longest() == 72h);
    check_mistakes(
        kCard, {{"absent: {budget: 4}",
                 "r.yaml:5:22: r.absent.budget must be a number of alerts in a time, as in \"4 per 30d\", got \"4\""},
                {"absent: {budget: 4 per month}", "as in \"4 per 30d\""},
                {"absent: {budget: 1e3 per 30d}", "as in \"4 per 30d\""},
                {"absent: {budget: 0 per 30d}", "must be from 0.001 to 1000 per 30d"},
                {"absent: {budget: 40 per 1d}", "must be from 0.001 to 1000 per 30d"},
                {"absent: {budget: 4 per 30d, for: 24h}", "r.absent.for cannot stand beside a budget"},
                {"absent: {for: 24h, at_most: 48h}", "needs a `budget` beside it"},
                {"absent: {budget: 4 per 30d, at_most: 30m}", "makes at_most (30m) shorter than at_least (1h)"},
                {"absent: {budget: 4 per 30d, at_least: 3d}", "r.absent.at_least makes at_most (2d) shorter than at_least (3d)"},
                {"absent: {budget: 4 per 30d, per_subject: yes}", "must be true or false"},
                {"absent: {budget: 4 per 30d, per_subjects: true}", "did you mean \"per_subject\""}});
}

TEST_CASE("limits are numbers or go by the household", "[unit]") {
    const auto limit = [](const std::string& text) {
        return std::get<Count>(read(kCard + "count: {over: 1d, more_than: " + text + "}").condition).limit;
    };
    CHECK(limit("20").of(0) == 20u);
    CHECK(limit("{household.size: +2}").of(3) == 5u);
    CHECK(limit("{household.size: 2}").of(3) == 5u);
    CHECK(limit("{household.size: -1}").of(3) == 2u);
    CHECK_FALSE(limit("{household.size: +2}").of(0).has_value());
    CHECK(limit("{household.size: +2, unknown: 6}").of(0) == 6u);
    check_mistakes(kCard, {{"count: {over: 1d, more_than: {household.size: ++2}}", "as in +2, from -100 to 1000, got \"++2\""},
                           {"count: {over: 1d, more_than: {household.size: +-2}}", "as in +2"},
                           {"count: {over: 1d, more_than: {household.size: \"+2\"}}", "as in +2"},
                           {"count: {over: 1d, more_than: {household.sise: +2}}", "did you mean \"household.size\""},
                           {"count: {over: 1d, more_than: {unknown: 2}}", "more_than.household.size is missing"},
                           {"count: {over: 1d, more_than: \"20\"}", "must be a number, without quotes"},
                           {"count: {over: 1d, more_than: [20]}", "must be a single value"}});
    CHECK(has(said_of("watch: granted\nper: door\ncount: {over: 1d, more_than: {household.size: +2}}"),
              "needs `per: person`, `household` or `card`"));
}

TEST_CASE("distinct and baseline", "[unit]") {
    const auto distinct =
        std::get<Distinct>(read(kCard + "distinct: {of: door, over: 7d, more_than: 3}\nlegal_basis: x").condition);
    CHECK(distinct.of == Of::door);
    CHECK(distinct.over == 168h);
    CHECK(distinct.limit.more_than == 3);
    const auto baseline = std::get<Baseline>(read(kCard + "baseline: {over: 2d, budget: 2 per 7d, per_subject: true}").condition);
    CHECK(baseline.over == 48h);
    CHECK(baseline.budget.alerts_per_30d == Approx(60.0 / 7));
    CHECK(baseline.budget.per_subject);
    check_mistakes(
        kCard, {{"distinct: {over: 7d, more_than: 3}", "r.distinct.of is missing"},
                {"distinct: {of: persn, over: 7d, more_than: 3}", "did you mean \"person\"? (one of: person, who, card, door)"},
                {"distinct: {of: who, more_than: 3}", "r.distinct.over is missing"},
                {"distinct: {of: who, over: 63d, more_than: 3}", "must be from 1s to 62d"},
                {"baseline: {over: 8d, budget: 1 per 30d}", "must be from 1d to 7d"},
                {"baseline: {over: 25h, budget: 1 per 30d}", "must be whole days"},
                {"baseline: {over: 1d}", "r.baseline.budget is missing"}});
}

TEST_CASE("sequences", "[unit]") {
    const auto rule_of = [](const std::string& text) { return read("watch: card_read\nper: card\nsequence: " + text); };
    const auto then = std::get<Sequence>(
        rule_of("{then: {watch: [card_read, denied, card_read], differs: door, where: {side: in}}, within: 1500ms}").condition);
    CHECK(then.form == Sequence::Form::then);
    CHECK(then.watch == std::vector{Kind::card_read, Kind::denied});
    CHECK(then.differs == Of::door);
    CHECK(then.where.all.at(0).field == "side");
    CHECK(then.within == 1500ms);
    CHECK(std::get<Sequence>(rule_of("{then_not: {watch: granted}, within: 30s}").condition).form == Sequence::Form::then_not);
    CHECK(std::get<Sequence>(rule_of("{not_before: {watch: granted}, within: 30s}").condition).form ==
          Sequence::Form::not_before);
    CHECK(rule_of("{not_before: {watch: granted}, within: 30s}\nopen_for: 2h").open_for == 2h);
    CHECK(rule_of("{then: {watch: granted}, within: 30s}\nopen_for: 3h").open_for == 3h);
    check_mistakes(kCard,
                   {{"sequence: {within: 30s}", "needs one of: then, then_not, not_before"},
                    {"sequence: {than: {watch: denied}, within: 30s}", "did you mean \"then\""},
                    {"sequence: {then: {watch: denied}}", "r.sequence.within is missing"},
                    {"sequence: {then: {watch: denied}, within: 0s}", "must be from 100ms to 30d"},
                    {"sequence: {then: {}, within: 30s}", "r.sequence.then.watch is missing"},
                    {"sequence: {then: {watch: alert}, within: 30s}", "would raise itself"},
                    {"sequence: {then: {watch: deneid}, within: 30s}", "did you mean \"denied\""},
                    {"sequence: {then: {watch: denied, differs: dor}, within: 30s}", "did you mean \"door\""},
                    {"sequence: {then: {watch: denied, where: {dor: a}}, within: 30s}", "r.sequence.then.where.dor is not known"},
                    {"sequence: {then_not: {watch: denied, differs: door}, within: 30s}", "belongs to `then` only"},
                    {"sequence: {then: {watch: denied}, then_not: {watch: denied}, within: 30s}", "cannot stand beside then"},
                    {"sequence: {then_not: {watch: denied}, within: 30s}\nopen_for: 1h", "others end by themselves"}});
}

TEST_CASE("times of day, days and schedules by name", "[unit]") {
    const auto during = [](const std::string& lines) { return read(kCard + "each: {}\n" + lines).during.value(); };
    CHECK(during("during: \"22:00-06:00\"") == Schedule{{{{}, During{22h, 6h}}}});
    CHECK(during("during: [\"13:00-17:00\", \"08:00-12:00\", \"08:00-12:00\"]") ==
          Schedule{{{{}, During{8h, 12h}}, {{}, During{13h, 17h}}}});
    CHECK(during("during: school").spans.at(0).days.workdays);
    CHECK(during("weekdays: [sat, sun]") == Schedule{{{DaySet{.weekdays = 0x60}, During{0h, 24h}}}});
    CHECK(during("during: night\nweekdays: [days_off, fri]") ==
          Schedule{{{DaySet{.weekdays = 0x10, .days_off = true}, During{22h, 6h}}}});
    CHECK(during("weekdays: holidays").spans.at(0).days == DaySet{.weekdays = 0, .holidays = true});
    CHECK(read(kCard + "each: {}\nnotify_between: school").notify_between->spans.at(0).time == During{7h, 17h});
    CHECK_FALSE(read(kCard + "each: {}\nnotify_between: school").during.has_value());
    check_mistakes(kCard + "each: {}\n",
                   {{"during: nigth", "got \"nigth\"; did you mean \"night\"? (one of: night, school)"},
                    {"notify_between: nihgt", "r.yaml:6:21: r.notify_between must be a time of day"},
                    {"during: [night]", "must be a time of day"},
                    {"during: {time: \"08:00-09:00\"}", "a list of such, or the name of a schedule"},
                    {"during: [\"08:00-09:00\", \"10:00-10:00\"]", "r.yaml:6:29: r.during is empty"},
                    {"during: []", "is an empty list"},
                    {"weekdays: [mon, tues]", "r.yaml:6:21: r.weekdays cannot be \"tues\"; did you mean \"tue\"?"},
                    {"weekdays: []", "must name at least one day"},
                    {"during: school\nweekdays: sat", "cannot stand beside the schedule of during, which has days of its own"}});
}

TEST_CASE("repeats and escalations", "[unit]") {
    const std::string each = kCard + "each: {}\n";
    const auto full = read(each +
                           "alert: {severity: info, to: a, repeat_every: 12h, escalate: [{after: 1h, to: [b]}, {after: 2h, "
                           "severity: critical, to: [c, a]}]}");
    CHECK(full.repeat_every == 12h);
    REQUIRE(full.escalate.size() == 2);
    CHECK(full.escalate[0].after == 1h);
    CHECK_FALSE(full.escalate[0].severity.has_value());
    CHECK(full.escalate[1].severity == AlertSeverity::critical);
    CHECK(full.escalate[1].to == std::vector{RecipientId("c"), RecipientId("a")});
    CHECK(read(each + "alert: {escalate: {after: 1h, severity: critical}}").escalate.size() == 1);
    check_mistakes(each,
                   {{"alert: {repeat_every: 30s}", "must be from 1m to 30d"},
                    {"alert: {escalate: {severity: critical}}", "r.alert.escalate.after is missing"},
                    {"alert: {escalate: {after: 1h}}", "changes nothing: it needs a higher severity"},
                    {"alert: {escalate: {after: 1h, severity: warning}}", "changes nothing"},
                    {"alert: {escalate: {after: 1h, severity: info}}", "cannot fall below \"warning\""},
                    {"alert: {to: a, escalate: {after: 1h, to: a}}", "changes nothing"},
                    {"alert: {escalate: [{after: 2h, to: a}, {after: 2h, to: b}]}", "r.alert.escalate[1].after must be longer"},
                    {"alert: {escalate: [{after: 2h, to: a}, {after: 3h, to: a}]}", "r.alert.escalate[1] changes nothing"},
                    {"alert: {escalate: []}", "needs 1 to 8 steps"},
                    {"alert: {escalate: 2h}", "must be a map"},
                    {"alert: {escalate: {aftr: 1h, to: a}}", "did you mean \"after\""}});
    ParseOptions options;
    options.recipients = recipients_named({RecipientId("grid-1"), RecipientId("street-duty")});
    CHECK(has(said_of(each + "alert: {to: grid-1, escalate: {after: 1h, to: street-dutty}}", options),
              "r.alert.escalate.to names \"street-dutty\", who is no recipient; did you mean \"street-duty\"?"));
}

TEST_CASE("sizes, labels and keys without a value", "[unit]") {
    const std::string each = kCard + "each: {}\n";
    CHECK(read(each + "where: {household.size: [1, 2]}").where.all.at(0).values == std::vector<std::string>{"1", "2"});
    CHECK(read(each + "where: {not: {stranger.label: courier}}\nlegal_basis: x").uses_strangers);
    check_mistakes(each, {{"where: {household.size: 0}", "must be a whole number from 1 to 1000"},
                          {"where: {household.size: \"2\"}", "must be a whole number"},
                          {"where: {household.size: 02}", "must be a whole number"},
                          {"unless:", "r.yaml:6:5: r.unless has no value; give it one or leave the key out"},
                          {"where: {door: }", "r.where.door has no value"},
                          {"alert: {text: {zh: }}", "r.alert.text.zh has no value"},
                          {"alert: {text: \"\"}", "is empty"},
                          {"title: {}", "needs zh, en or both"},
                          {"mute: x", "r.mute is not known here"}});
    CHECK(has(said_of("watch:\neach:"), "r.watch has no value"));
}

TEST_CASE("rules that compare faces need a legal basis", "[unit]") {
    for (const std::string lines :
         {"distinct: {of: who, over: 7d, more_than: 3}", "sequence: {then: {watch: face_seen}, within: 1m}",
          "sequence: {then_not: {watch: card_face}, within: 1m}", "sequence: {then: {watch: granted, differs: who}, within: 1m}",
          "sequence: {then: {watch: granted, differs: stranger}, within: 1m}",
          "sequence: {not_before: {watch: granted, where: {stranger: s}}, within: 1m}",
          "each: {}\nwhere: {stranger.label: courier}"}) {
        INFO(lines);
        CHECK(read(kCard + lines).uses_strangers);
        CHECK_FALSE(read(kCard + lines).active());
        CHECK(read(kCard + lines + "\nlegal_basis: filing 17").active());
    }
    for (const std::string lines : {"distinct: {of: person, over: 7d, more_than: 3}", "each: {}\nwhere: {more.stranger_count: 1}",
                                    "sequence: {then: {watch: granted, differs: door}, within: 1m}"}) {
        INFO(lines);
        CHECK_FALSE(read(kCard + lines).uses_strangers);
    }
}

TEST_CASE("the hash covers every part that decides, and no words", "[unit]") {
    // Each line differs from all others in when it fires.
    const std::vector<std::string> different{"each: {}",
                                             "each: {cooldown: 1h}",
                                             "each: {}\nopen_for: 2h",
                                             "each: {}\nresolve: manual",
                                             "each: {}\nduring: night",
                                             "each: {}\nduring: night\nweekdays: mon",
                                             "each: {}\nweekdays: mon",
                                             "each: {}\nweekdays: workdays",
                                             "each: {}\nweekdays: days_off",
                                             "each: {}\nweekdays: holidays",
                                             "each: {}\nduring: [\"08:00-09:00\", \"10:00-11:00\"]",
                                             "each: {}\nwhere: {door: a}",
                                             "each: {}\nwhere: {not: {door: a}}",
                                             "each: {}\nwhere: {not: [{door: a}, {door: b}]}",
                                             "each: {}\nunless: {gate.tags: rain}",
                                             "absent: {for: 24h}",
                                             "absent: {budget: 1 per 30d}",
                                             "absent: {budget: 2 per 30d}",
                                             "absent: {budget: 1 per 30d, per_subject: true}",
                                             "absent: {budget: 1 per 30d, at_least: 2h}",
                                             "absent: {budget: 1 per 30d, at_most: 3d}",
                                             "count: {over: 1d, more_than: 3}",
                                             "count: {over: 2d, more_than: 3}",
                                             "count: {over: 1d, more_than: {household.size: +3}}",
                                             "count: {over: 1d, more_than: {household.size: +3, unknown: 0}}",
                                             "count: {over: 1d, more_than: {household.size: +3, unknown: 4}}",
                                             "distinct: {of: person, over: 1d, more_than: 3}",
                                             "distinct: {of: door, over: 1d, more_than: 3}",
                                             "distinct: {of: door, over: 2d, more_than: 3}",
                                             "days: {consecutive: 3}",
                                             "days: {at_least: 3, within: 7d}",
                                             "baseline: {over: 1d, budget: 1 per 30d}",
                                             "baseline: {over: 2d, budget: 1 per 30d}",
                                             "baseline: {over: 1d, budget: 1 per 30d, per_subject: true}",
                                             "sequence: {then: {watch: denied}, within: 1m}",
                                             "sequence: {then_not: {watch: denied}, within: 1m}",
                                             "sequence: {not_before: {watch: denied}, within: 1m}",
                                             "sequence: {then: {watch: granted}, within: 1m}",
                                             "sequence: {then: {watch: denied, where: {door: a}}, within: 1m}",
                                             "sequence: {then: {watch: denied, differs: door}, within: 1m}",
                                             "sequence: {then: {watch: denied}, within: 2m}"};
    std::map<std::string, std::string> seen;
    for (const auto& lines : different) {
        const auto hash = read(kCard + lines).hash;
        INFO(lines << "\n" << seen[hash]);
        CHECK(seen[hash].empty());
        seen[hash] = lines;
    }
    // What is written otherwise and means the same, and words.
    const auto same = [](const std::string& a, const std::string& b) {
        INFO(a << "\n" << b);
        CHECK(read(kCard + a).hash == read(kCard + b).hash);
    };
    same("each: {}\nduring: night", "each: {}\nduring: \"22:00-06:00\"");
    same("each: {}\nduring: [\"08:00-09:00\", \"10:00-11:00\"]", "each: {}\nduring: [\"10:00-11:00\", \"08:00-09:00\"]");
    same("each: {}\nweekdays: [sun, mon]", "each: {}\nweekdays: [mon, sun]");
    same("each: {}\nwhere: {not: [{door: a}, {door: b}]}", "each: {}\nwhere: {not: [{door: b}, {door: a}]}");
    same("absent: {budget: 1 per 30d}", "absent: {budget: 2 per 60d, at_least: 60m, at_most: 2d}");
    same("each: {}",
         "each: {}\nnotify_between: night\nalert: {to: a, text: x, severity: info, repeat_every: 1h, escalate: {after: 1h, to: "
         "b}}\nlegal_basis: y\ntitle: z");
    ParseOptions moved = with_schedules();
    moved.schedules["night"] = Schedule{{{{}, During{23h, 6h}}}};
    CHECK(read(kCard + "each: {}\nduring: night").hash != read(kCard + "each: {}\nduring: night", moved).hash);
}

TEST_CASE("the hash of a set covers words, calendar and recipients; the order of files changes nothing", "[unit]") {
    const auto set_of = [](const std::vector<RuleFile>& files, const ParseOptions& options) {
        Problems problems;
        auto set = parse_rules(files, options, problems);
        REQUIRE(set.has_value());
        return *set;
    };
    const RuleFile a{"a.yaml", rule(kCard + "each: {}", "a")};
    const RuleFile b{"b.yaml", rule(kCard + "each: {}", "b")};
    const auto options = with_schedules();
    const auto ab = set_of({a, b}, options);
    CHECK(ab.hash == set_of({b, a}, options).hash);
    CHECK(ab.versions() == set_of({b, a}, options).versions());
    CHECK(ab.hash != set_of({a}, options).hash);
    CHECK(ab.hash != set_of({a, {"b.yaml", rule(kCard + "each: {}\nnotify_between: night", "b")}}, options).hash);
    CHECK(ab.hash != set_of({a, {"b.yaml", rule(kCard + "each: {}\nalert: {repeat_every: 1h}", "b")}}, options).hash);
    auto changed = options;
    changed.calendar.holidays = {20'000};
    CHECK(set_of({a, b}, changed).hash != ab.hash);
    CHECK(set_of({a, b}, changed).versions() == ab.versions());
    CHECK(set_of({a, b}, changed).calendar.holidays == changed.calendar.holidays);
    auto people = options;
    people.recipients = recipients_named({RecipientId("x")});
    CHECK(set_of({a, b}, people).hash != ab.hash);
    CHECK(set_of({a, b}, people).recipients.size() == 1);
}

TEST_CASE("500 rules are read in well under a second", "[unit]") {
    std::string text = "rules:\n";
    for (int i = 0; i < 500; ++i) {
        text += fmt::format(
            "  - {{id: r{}, watch: [passage, granted], per: person, where: {{person.tags: [a, b], not: {{certainty: weak}}}}, "
            "absent: {{budget: 1 per 30d}}, during: \"06:00-22:00\", alert: {{to: [x], text: \"{{person}} {{silence}}\"}}}}\n",
            i);
    }
    const std::vector<RuleFile> files{{"r.yaml", text}};
    const auto begin = std::chrono::steady_clock::now();
    Problems problems;
    const auto rules = parse_rules(files, {}, problems);
    const auto took = std::chrono::steady_clock::now() - begin;
    INFO(problems.text());
    REQUIRE(rules.has_value());
    CHECK(rules->rules.size() == 500);
    CHECK(took < 5s);  // 0.1 s; the rest is for sanitizers and busy machines
}
