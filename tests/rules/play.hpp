#pragma once
// Virtual-time cases in words. A step is "<day> <time> <kind> <field>=<value>...", the day being one of November 2026 at +08:00:
//
//     1 08:00 passage person=p1 tags=lives-alone
//     2 08:00:00.001 time                         event time runs on to here
//
// `mono=<duration>` and `boot=<n>` make it a record of a gate; without them it is one of a file. `untrusted` says so of the wall
// clock, `more.x=y` is a field of `more`, with commas a list. What the engine answers is "<subject> <state> <day> <time>", joined
// by "; ".

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "rules/engine.hpp"
#include "rules/parse.hpp"
#include "tests/support/catch.hpp"

namespace menshen::rules::test {

inline std::shared_ptr<const RuleSet> rules_of(const std::string& text) {
    Problems problems;
    const std::vector<RuleFile> files{{"rules.yaml", text}};
    auto rules = parse_rules(files, {}, problems);
    INFO(problems.text());
    REQUIRE(rules.has_value());
    return std::make_shared<const RuleSet>(std::move(*rules));
}

/// One rule named "r" with these lines.
inline std::string rule(const std::string& lines, const std::string& id = "r") {
    std::istringstream in(lines);
    std::string out = "rules:\n  - id: " + id + "\n";
    for (std::string line; std::getline(in, line);) out += "    " + line + "\n";
    return out;
}

inline std::string two_digits(int n) { return fmt::format("{:02}", n); }

inline Stamp stamp_of(int day, std::string time) {
    if (time.size() == 5) time += ":00";
    const auto stamp = parse_stamp("2026-11-" + two_digits(day) + "T" + time + "+08:00");
    INFO(day << " " << time);
    REQUIRE(stamp.has_value());
    return *stamp;
}

struct Step {
    bool is_time = false;
    Record record;
};

inline std::vector<std::string> list_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string item; std::getline(in, item, ',');) out.push_back(item);
    return out;
}

inline void set_field(Record& r, const std::string& key, const std::string& value) {
    if (key == "person") r.person = PersonId(value);
    if (key == "household") r.household = HouseholdId(value);
    if (key == "size") r.household_size = static_cast<std::uint32_t>(std::stoul(value));
    if (key == "card") r.card = CardId(value);
    if (key == "stranger") r.stranger = StrangerId(value);
    if (key == "door") r.door = DoorId(value);
    if (key == "device") r.device = DeviceId(value);
    if (key == "tag") r.tag = value;
    if (key == "tags") r.person_tags = list_of(value);
    if (key == "reason") r.reason = value;
    if (key == "side") r.side = parse_side(value);
    if (key == "method") r.method = parse_method(value);
    if (key == "certainty") r.certainty = parse_certainty(value);
    if (key == "origin") r.origin = GateId(value);
    if (key == "mono") r.mono = MonoTime{parse_duration(value).value()};
    if (key == "boot") r.boot = static_cast<std::uint32_t>(std::stoul(value));
    if (key == "seq") r.seq = std::stoull(value);
    if (key == "epoch") r.epoch = value;
    if (key == "untrusted") r.wall_is_trusted = false;
    if (key == "at") r.at = parse_stamp(value).value();
    if (key == "more.alive") r.more["alive"] = to_text(stamp_of(std::stoi(value), value.substr(value.find('/') + 1)));
    if (key == "more.until") r.more["until"] = to_text(stamp_of(std::stoi(value), value.substr(value.find('/') + 1)));
    if (key == "more.feeds") r.more["feeds"] = list_of(value);
    if (key == "more.rules") r.more["rules"] = list_of(value);
    if (key.starts_with("more.") && key != "more.alive" && key != "more.rules" && key != "more.until" && key != "more.feeds")
        r.more[key.substr(5)] = value;
}

inline Step step_of(const std::string& line) {
    std::istringstream in(line);
    int day = 0;
    std::string time, kind, word;
    in >> day >> time >> kind;
    Step step;
    step.record.at = stamp_of(day, time);
    step.is_time = kind == "time";
    if (!step.is_time) {
        INFO(line);
        const auto parsed = parse_kind(kind);
        REQUIRE(parsed.has_value());
        step.record.kind = *parsed;
    }
    while (in >> word) {
        const auto sign = word.find('=');
        set_field(step.record, word.substr(0, sign), sign == std::string::npos ? "" : word.substr(sign + 1));
    }
    return step;
}

inline std::vector<Step> steps_of(const std::string& text) {
    std::vector<Step> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line.find_first_not_of(' ') != std::string::npos) out.push_back(step_of(line));
    }
    return out;
}

inline std::string in_short(const Stamp& stamp) {
    const auto text = to_text(stamp);  // 2026-11-02T08:00:00.000+08:00
    auto time = text.substr(11, 12);
    if (time.ends_with(".000")) time = time.substr(0, 8);
    if (time.ends_with(":00") && time.size() == 8) time = time.substr(0, 5);
    return fmt::format("{} {}", std::stoi(text.substr(8, 2)), time);
}

inline std::string in_short(const AlertChange& change) {
    return fmt::format("{} {} {}", change.subject, to_text(change.state), in_short(change.at));
}

inline std::string in_short(const std::vector<AlertChange>& changes) {
    std::string out;
    for (const auto& change : changes) out += (out.empty() ? "" : "; ") + in_short(change);
    return out;
}

/// An engine with records that get a number each.
class Player {
public:
    explicit Player(const std::string& rule_text, EngineSettings settings = {.in_force = InForce::from_start})
        : rules(rules_of(rule_text)), engine(rules, settings) {}

    std::vector<AlertChange> play(const std::string& text) {
        std::vector<AlertChange> out;
        for (auto& step : steps_of(text)) {
            auto& r = step.record;
            if (!step.is_time && r.seq == 0) r.seq = ++seq_;
            for (auto& change : step.is_time ? on_time(r) : engine.on_record(r)) out.push_back(std::move(change));
        }
        return out;
    }

    std::shared_ptr<const RuleSet> rules;
    Engine engine;

private:
    std::vector<AlertChange> on_time(const Record& r) {
        return r.mono ? engine.on_time(Now{*r.mono, r.at, r.wall_is_trusted, r.boot}) : engine.on_time(r.at);
    }
    std::uint64_t seq_ = 0;
};

struct Case {
    const char* what;
    std::string steps;
    const char* expected;
};

inline void run_cases(const std::string& rule_text, const std::vector<Case>& cases) {
    for (const auto& test : cases) {
        INFO(test.what << "\n" << test.steps);
        Player player(rule_text);
        CHECK(in_short(player.play(test.steps)) == test.expected);
    }
}

}  // namespace menshen::rules::test
