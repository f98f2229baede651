#pragma once
/// The hashes of rules and rule sets. Inside the room only.

#include <string>

#include "rules/rule.hpp"

namespace menshen::rules {

/// Of everything in the rule that decides when it fires: see Rule::hash. Schedules count as the spans they name; the days of the
/// calendar do not count, so that next year's holidays can be added without a loss of state.
[[nodiscard]] std::string hash_of(const Rule& rule);

/// Of everything: see RuleSet::hash.
[[nodiscard]] std::string hash_of(const RuleSet& set);

}  // namespace menshen::rules
