#pragma once
/// What the rules of a config need to know beside their own files: recipients, calendar, schedules. One function for the daemon
/// and for the command, so that both find the same mistakes. A target of its own (menshen_rule_options): it links the rules.

#include "core/problems.hpp"
#include "daemon/config/config.hpp"
#include "rules/parse.hpp"

namespace menshen::config {

/// Reads `calendar` and, when it is a file, `recipients`. Each mistake becomes a problem at its place; then rules must not be
/// used.
[[nodiscard]] rules::ParseOptions rule_options(const Config& config, Problems& problems);

/// The rules of the config with all that belongs to them; nothing when there is any error.
[[nodiscard]] std::optional<rules::RuleSet> load_rules(const Config& config, Problems& problems);

}  // namespace menshen::config
