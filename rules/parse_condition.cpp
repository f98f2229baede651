#include <algorithm>
#include <array>

#include "rules/parse_parts.hpp"

namespace menshen::rules {

namespace {

constexpr Millis kDay{86'400'000};

/// One condition's map, without what comes later.
class ConditionReader {
public:
    ConditionReader(MapReader& rule, std::string_view name, std::span<const std::string_view> planned)
        : node_(without_planned(*rule.node().find(name), rule.file(), rule.path_of(name), planned, rule.problems())),
          had_planned_(node_.entries.size() != rule.node().find(name)->entries.size()),
          reader_(node_, rule.file(), rule.path_of(name), rule.problems()) {}

    [[nodiscard]] MapReader& map() { return reader_; }
    /// Something that this version does not know stood here: do not also ask for what it stands in for.
    [[nodiscard]] bool had_planned() const { return had_planned_; }

private:
    Node node_;
    bool had_planned_;
    MapReader reader_;
};

Absent read_absent(MapReader& rule) {
    constexpr std::array<std::string_view, 4> planned{"budget", "at_least", "at_most", "per_subject"};
    ConditionReader condition(rule, "absent", planned);
    auto& map = condition.map();
    if (!condition.had_planned()) require(map, "for");
    const auto duration = map.duration("for", {1s, kDay * 400});
    map.finish();
    Absent out;
    out.duration = duration.value_or(kDay);
    return out;
}

Count read_count(MapReader& rule) {
    constexpr std::array<std::string_view, 2> planned{"budget", "per_subject"};
    ConditionReader condition(rule, "count", planned);
    auto& map = condition.map();
    Count out;
    if (require(map, "over") != nullptr) out.over = map.duration("over", {1s, kDay * 62}).value_or(kDay);
    const Node* limit = map.node().find("more_than");
    if (limit != nullptr && limit->type == Node::Type::map) {
        static_cast<void>(map.take("more_than"));
        map.complain(*limit, "more_than",
                     "must be a number: limits by household size are not supported by this version of Menshen");
    } else if (require(map, "more_than") != nullptr) {
        out.limit.more_than = static_cast<std::uint32_t>(map.integer("more_than", 0, 10'000).value_or(1));
    }
    map.finish();
    return out;
}

void read_days_within(MapReader& map, Days& out) {
    out.at_least = static_cast<std::uint32_t>(map.integer("at_least", 1, 60).value_or(1));
    const Node* node = require(map, "within");
    if (node == nullptr) return;
    const auto within = map.duration("within", {kDay, kDay * 60});
    if (!within) return;
    out.within = static_cast<std::uint32_t>(*within / kDay);
    if (*within % kDay != 0ms) map.complain(*node, "within", "must be whole days");
    if (out.within < out.at_least) map.complain(*node, "within", "must not be shorter than at_least");
}

Days read_days(MapReader& rule) {
    ConditionReader condition(rule, "days", {});
    auto& map = condition.map();
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
        out.consecutive = static_cast<std::uint32_t>(map.integer("consecutive", 1, 60).value_or(1));
        static_cast<void>(map.take("at_least"));
        static_cast<void>(map.take("within"));
    }
    map.finish();
    return out;
}

Each read_each(MapReader& rule) {
    ConditionReader condition(rule, "each", {});
    auto& map = condition.map();
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

/// A mistyped or planned condition has been complained of already.
bool seems_to_have_condition(const Node& rule) {
    return std::any_of(rule.entries.begin(), rule.entries.end(), [](const Node::Entry& entry) {
        return std::find(std::begin(kPlannedConditions), std::end(kPlannedConditions), entry.key) !=
                   std::end(kPlannedConditions) ||
               !nearest(entry.key, kConditions).empty();
    });
}

}  // namespace

bool read_condition(MapReader& rule, const Node& as_written, Rule& out) {
    std::string_view chosen;
    bool is_sound = true;
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
    if (chosen == "absent") out.condition = read_absent(rule);
    if (chosen == "count") out.condition = read_count(rule);
    if (chosen == "days") out.condition = read_days(rule);
    if (chosen == "each") out.condition = read_each(rule);
    if (chosen.empty() && !seems_to_have_condition(as_written)) {
        rule.complain(rule.node(), "", "needs a condition (one of: each, absent, count, days)");
    }
    if (chosen != "each") {
        if (const Node* node = rule.take("cooldown")) rule.complain(*node, "cooldown", "belongs to `each` only");
    }
    const Node* open_for = rule.take("open_for");
    out.open_for = rule.duration("open_for", {1s, kDay * 30}).value_or(Millis{3'600'000});
    if (open_for != nullptr && chosen != "each") rule.complain(*open_for, "open_for", "belongs to `each` only");
    return is_sound && !chosen.empty();
}

}  // namespace menshen::rules
