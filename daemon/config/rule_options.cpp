#include "daemon/config/rule_options.hpp"

#include "rules/calendar_file.hpp"
#include "rules/recipients_file.hpp"

namespace menshen::config {

rules::ParseOptions rule_options(const Config& config, Problems& problems) {
    rules::ParseOptions out;
    if (!config.calendar_file.empty()) {
        if (auto file = rules::load_calendar(config.calendar_file, problems)) {
            out.calendar = std::move(file->calendar);
            out.schedules = std::move(file->schedules);
        }
    }
    if (config.recipients_file.empty()) {
        out.recipients = rules::recipients_named(config.recipients);
    } else {
        out.recipients = rules::load_recipients(config.recipients_file, out.schedules, problems);
    }
    return out;
}

std::optional<rules::RuleSet> load_rules(const Config& config, Problems& problems) {
    const auto before = problems.errors();
    const auto options = rule_options(config, problems);
    const std::vector<std::filesystem::path> paths(config.rule_paths.begin(), config.rule_paths.end());
    auto rules = rules::load_rules(paths, options, problems);
    if (problems.errors() > before) return std::nullopt;
    return rules;
}

}  // namespace menshen::config
