// Any bytes as a rule, calendar or recipients file: read without a fault, and a set only where there is no error. What is read
// says the same twice, and its texts can be filled.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "rules/calendar_file.hpp"
#include "rules/parse.hpp"
#include "rules/recipients_file.hpp"
#include "rules/text.hpp"

namespace {

namespace rules = menshen::rules;

void promise(bool holds) {
    if (!holds) std::abort();
}

std::optional<rules::RuleSet> read(const std::string& text, const rules::ParseOptions& options) {
    menshen::Problems problems;
    const std::vector<rules::RuleFile> files{{"fuzz.yaml", text}};
    auto set = rules::parse_rules(files, options, problems);
    promise(set.has_value() == !problems.has_errors());
    promise(problems.all().size() <= menshen::Problems::kLimit + 1);
    for (const auto& problem : problems.all()) promise(!problem.text().empty());
    return set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    rules::ParseOptions options;
    menshen::Problems of_calendar;
    const auto calendar = rules::parse_calendar("fuzz.yaml", text, of_calendar);
    promise(calendar.has_value() == !of_calendar.has_errors());
    if (calendar) {
        options.calendar = calendar->calendar;
        options.schedules = calendar->schedules;
    }
    menshen::Problems of_recipients;
    const auto recipients = rules::parse_recipients("fuzz.yaml", text, options.schedules, of_recipients);
    promise(recipients.has_value() == !of_recipients.has_errors());
    const auto set = read(text, options);
    if (!set) return 0;
    const auto again = read(text, options);
    promise(again && again->hash == set->hash && again->versions() == set->versions());
    for (const auto& rule : set->rules) {
        promise(!rule.id.empty() && !rule.watch.empty());
        const auto filled = rules::render(rule, {});
        static_cast<void>(rules::fill_names(filled.zh, "p", "h"));
    }
    return 0;
}
