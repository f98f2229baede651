#include "rules/check.hpp"

#include <ostream>

namespace menshen::rules {

namespace {

std::string join(const std::vector<std::string>& words, std::string_view between) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : std::string(between)) + word;
    return out;
}

std::string describe(const Condition& condition) {
    return std::visit(
        Match{
            [](const Each& each) {
                return each.cooldown > 0ms ? fmt::format("each, then quiet for {}", to_text(each.cooldown)) : std::string("each");
            },
            [](const Absent& absent) { return fmt::format("absent for {}", to_text(absent.duration)); },
            [](const Count& count) { return fmt::format("more than {} in {}", count.limit.more_than, to_text(count.over)); },
            [](const Days& days) {
                return days.consecutive > 0 ? fmt::format("on {} days running", days.consecutive)
                                            : fmt::format("on {} of {} days", days.at_least, days.within);
            },
            [](const auto& other) { return std::string(name_of(Condition(other))); },
        },
        condition);
}

std::string describe(const Rule& rule) {
    std::vector<std::string> kinds;
    for (const auto kind : rule.watch) kinds.emplace_back(to_text(kind));
    std::vector<std::string> to;
    for (const auto& recipient : rule.to) to.push_back(recipient.str());
    const auto title = rule.title.zh == rule.title.en ? rule.title.en : fmt::format("{} / {}", rule.title.zh, rule.title.en);
    return fmt::format("{}  {}\n    {}, per {}: {}; {} to {}{}\n", rule.id.str(), title, join(kinds, " or "), to_text(rule.per),
                       describe(rule.condition), to_text(rule.severity), to.empty() ? "nobody" : join(to, ", "),
                       rule.active() ? "" : "; does nothing without a legal_basis");
}

}  // namespace

int check(const CheckOptions& options, std::ostream& out, std::ostream& err) {
    Problems problems;
    const auto rules = load_rules(options.files, options.parse, problems);
    err << problems.text();
    if (!rules) return 1;
    for (const auto& rule : rules->rules) out << describe(rule);
    out << fmt::format("{} {}, no errors\n", rules->rules.size(), rules->rules.size() == 1 ? "rule" : "rules");
    return 0;
}

}  // namespace menshen::rules
