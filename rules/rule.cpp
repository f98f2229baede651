#include "rules/rule.hpp"

#include <algorithm>
#include <array>

namespace menshen::rules {

std::string_view to_text(Per per) {
    constexpr std::array<std::string_view, kPerCount> names{"gate", "person", "household", "card", "stranger", "door"};
    return names[static_cast<std::size_t>(per)];
}

std::string_view name_of(const Condition& condition) {
    constexpr std::array<std::string_view, 4> names{"each", "absent", "count", "days"};
    return names[condition.index()];
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
