#include <algorithm>
#include <array>

#include "rules/parse_parts.hpp"

namespace menshen::rules {

namespace {

constexpr Millis kDay{86'400'000};

/// Why a key is no good here, for each that is given.
void refuse(MapReader& map, std::initializer_list<std::string_view> keys, std::string_view why) {
    for (const auto key : keys) {
        if (const Node* node = map.take(key)) map.complain(*node, key, std::string(why));
    }
}

MapReader reader_of(MapReader& rule, std::string_view condition) {
    return {*rule.node().find(condition), rule.file(), rule.path_of(condition), rule.problems()};
}

Absent read_learned_absent(MapReader& map) {
    constexpr MapReader::Range range{1min, kDay * 400};
    Absent out;
    out.budget = read_budget(map);
    refuse(map, {"for"}, "cannot stand beside a budget: the silence is learned; its longest is at_most");
    const auto at_least = map.duration("at_least", range);
    const auto at_most = map.duration("at_most", range);
    out.at_least = at_least.value_or(1h);
    out.at_most = at_most.value_or(48h);
    if (out.at_most < out.at_least) {
        const std::string_view key = at_most ? "at_most" : "at_least";
        map.complain(*map.node().find(key), key,
                     fmt::format("makes at_most ({}) shorter than at_least ({})", to_text(out.at_most), to_text(out.at_least)));
    }
    return out;
}

Absent read_absent(MapReader& rule) {
    auto map = reader_of(rule, "absent");
    Absent out;
    if (map.node().find("budget") != nullptr) {
        out = read_learned_absent(map);
    } else {
        refuse(map, {"at_least", "at_most", "per_subject"}, "belongs to a learned silence: it needs a `budget` beside it");
        static_cast<void>(map.take("budget"));
        if (map.node().type == Node::Type::map && map.node().entries.empty()) {
            map.complain(map.node(), "", "needs {for: 24h} or {budget: 1 per 30d}");
        } else if (require(map, "for") != nullptr) {
            out.duration = map.duration("for", {1s, kDay * 400}).value_or(kDay);
        }
    }
    map.finish();
    return out;
}

Count read_count(MapReader& rule, Per per) {
    auto map = reader_of(rule, "count");
    Count out;
    if (require(map, "over") != nullptr) out.over = map.duration("over", {1s, kDay * 62}).value_or(kDay);
    out.limit = read_limit(map, per);
    map.finish();
    return out;
}

Distinct read_distinct(MapReader& rule, Per per) {
    constexpr std::array<std::string_view, 4> names{"person", "who", "card", "door"};
    constexpr std::array<Of, 4> values{Of::person, Of::who, Of::card, Of::door};
    auto map = reader_of(rule, "distinct");
    Distinct out;
    if (require(map, "of") != nullptr) {
        if (const auto of = map.choice("of", names)) {
            out.of = values[static_cast<std::size_t>(std::find(names.begin(), names.end(), *of) - names.begin())];
        }
    }
    if (require(map, "over") != nullptr) out.over = map.duration("over", {1s, kDay * 62}).value_or(kDay);
    out.limit = read_limit(map, per);
    map.finish();
    return out;
}

Baseline read_baseline(MapReader& rule) {
    auto map = reader_of(rule, "baseline");
    Baseline out{.over = kDay, .budget = {}};
    if (const Node* node = require(map, "over")) {
        if (const auto over = map.duration("over", {kDay, kDay * 7})) {
            out.over = *over;
            if (*over % kDay != 0ms) map.complain(*node, "over", "must be whole days");
        }
    }
    out.budget = read_budget(map);
    map.finish();
    return out;
}

void read_days_within(MapReader& map, Days& out) {
    out.at_least = static_cast<std::uint32_t>(read_integer(map, "at_least", 1, 60).value_or(1));
    const Node* node = require(map, "within");
    if (node == nullptr) return;
    const auto within = map.duration("within", {kDay, kDay * 60});
    if (!within) return;
    out.within = static_cast<std::uint32_t>(*within / kDay);
    if (*within % kDay != 0ms) map.complain(*node, "within", "must be whole days");
    if (out.within < out.at_least) map.complain(*node, "within", "must not be shorter than at_least");
}

Days read_days(MapReader& rule) {
    auto map = reader_of(rule, "days");
    Days out;
    if (map.node().find("at_least") != nullptr || map.node().find("within") != nullptr) {
        if (const auto* both = map.take("consecutive")) {
            map.complain(*both, "consecutive", "cannot stand beside at_least and within; keep one of the two");
        }
        if (require(map, "at_least") != nullptr) read_days_within(map, out);
        static_cast<void>(map.take("within"));
    } else {
        if (map.node().find("consecutive") == nullptr && map.node().entries.empty()) {
            map.complain(map.node(), "", "needs {consecutive: 3} or {at_least: 3, within: 7d}");
        }
        out.consecutive = static_cast<std::uint32_t>(read_integer(map, "consecutive", 1, 60).value_or(1));
        static_cast<void>(map.take("at_least"));
        static_cast<void>(map.take("within"));
    }
    map.finish();
    return out;
}

Each read_each(MapReader& rule) {
    auto map = reader_of(rule, "each");
    Each out;
    const Node* inside = map.node().find("cooldown");
    if (const auto value = map.duration("cooldown", {0ms, kDay * 30})) out.cooldown = *value;
    map.finish();
    if (const Node* beside = rule.take("cooldown"); beside != nullptr && inside != nullptr) {
        rule.complain(*beside, "cooldown", "is given twice: here and in each");
    } else if (const auto value = rule.duration("cooldown", {0ms, kDay * 30})) {
        out.cooldown = *value;
    }
    return out;
}

/// A mistyped condition is complained of as an unknown key.
bool seems_to_have_condition(const Node& rule) {
    return std::any_of(rule.entries.begin(), rule.entries.end(),
                       [](const Node::Entry& entry) { return !nearest(entry.key, kConditions).empty(); });
}

/// The name of the one condition; nothing when there is none or more than one.
std::string_view choose_condition(MapReader& rule, bool& is_sound) {
    std::string_view chosen;
    for (const auto name : kConditions) {
        static_cast<void>(rule.take(name));  // known now, present or not
        const auto& entries = rule.node().entries;
        const auto it = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.key == name; });
        if (it == entries.end()) continue;
        if (!chosen.empty()) {
            is_sound = false;
            rule.problems().add(rule.file(), it->place,
                                fmt::format("{} cannot stand beside {}: a rule has one condition", rule.path_of(name), chosen));
            continue;
        }
        chosen = name;
    }
    return chosen;
}

/// Alerts of a moment have no end of their own.
bool is_of_a_moment(const Condition& condition) {
    const auto* sequence = std::get_if<Sequence>(&condition);
    return std::holds_alternative<Each>(condition) || (sequence != nullptr && sequence->form != Sequence::Form::then_not);
}

}  // namespace

bool read_condition(MapReader& rule, Rule& out) {
    bool is_sound = true;
    const auto chosen = choose_condition(rule, is_sound);
    const bool has_value = !chosen.empty() && (chosen == "each" || rule.node().find(chosen)->type != Node::Type::null);
    const auto before = rule.problems().errors();
    if (has_value) {
        if (chosen == "each") out.condition = read_each(rule);
        if (chosen == "absent") out.condition = read_absent(rule);
        if (chosen == "count") out.condition = read_count(rule, out.per);
        if (chosen == "distinct") out.condition = read_distinct(rule, out.per);
        if (chosen == "days") out.condition = read_days(rule);
        if (chosen == "baseline") out.condition = read_baseline(rule);
        if (chosen == "sequence") out.condition = read_sequence(rule);
    }
    if (chosen.empty() && !seems_to_have_condition(rule.node())) {
        rule.complain(rule.node(), "", fmt::format("needs a condition (one of: {})", fmt::join(kConditions, ", ")));
    }
    if (chosen != "each") {
        if (const Node* node = rule.take("cooldown")) rule.complain(*node, "cooldown", "belongs to `each` only");
    }
    const bool is_read = has_value && rule.problems().errors() == before;
    const Node* open_for = rule.take("open_for");
    out.open_for = rule.duration("open_for", {1s, kDay * 30}).value_or(Millis{3'600'000});
    if (open_for != nullptr && is_read && !is_of_a_moment(out.condition)) {
        rule.complain(*open_for, "open_for",
                      "belongs to `each`, and to `sequence` with then or not_before, only: others end by themselves");
    }
    return is_sound && has_value;
}

}  // namespace menshen::rules
