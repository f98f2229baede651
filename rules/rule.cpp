#include "rules/rule.hpp"

#include <algorithm>
#include <array>

namespace menshen::rules {

std::string_view to_text(Per per) {
    constexpr std::array<std::string_view, kPerCount> names{"gate", "person", "household", "card", "stranger", "door"};
    return names[static_cast<std::size_t>(per)];
}

std::string_view name_of(const Condition& condition) {
    constexpr std::array<std::string_view, 7> names{"each", "absent", "count", "days", "distinct", "baseline", "sequence"};
    return names[condition.index()];
}

std::string_view to_text(Of of) {
    constexpr std::array<std::string_view, 9> names{"none",     "person",    "who",    "card", "door",
                                                    "stranger", "household", "device", "side"};
    return names[static_cast<std::size_t>(of)];
}

std::optional<std::uint32_t> Limit::of(std::uint32_t household_size) const {
    if (!by_household) return more_than;
    if (household_size == 0) return when_unknown;
    return static_cast<std::uint32_t>(std::max<std::int64_t>(0, std::int64_t{household_size} + plus));
}

const Rule* RuleSet::find(const RuleId& id) const {
    const auto it =
        std::lower_bound(rules.begin(), rules.end(), id, [](const Rule& rule, const RuleId& x) { return rule.id < x; });
    return it != rules.end() && it->id == id ? &*it : nullptr;
}

std::vector<std::string> RuleSet::versions() const {
    std::vector<std::string> out;
    for (const auto& rule : rules) {
        if (rule.active()) out.push_back(rule.version());
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace menshen::rules
