// What the parsers say of many documents at once: one document a line on standard input, one answer a line on standard output,
// "ok" or the problems.
//   menshen-rule-verdicts rules|calendar|recipients < DOCUMENTS

#include <iostream>
#include <string>
#include <string_view>

#include "rules/calendar_file.hpp"
#include "rules/parse.hpp"
#include "rules/recipients_file.hpp"

namespace {

namespace rules = menshen::rules;

bool accepts(std::string_view what, const std::string& text, menshen::Problems& problems) {
    if (what == "calendar") return rules::parse_calendar("doc", text, problems).has_value();
    if (what == "recipients") return rules::parse_recipients("doc", text, {}, problems).has_value();
    const std::vector<rules::RuleFile> files{{"doc", text}};
    return rules::parse_rules(files, {}, problems).has_value();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what != "rules" && what != "calendar" && what != "recipients") {
        std::cerr << "menshen-rule-verdicts rules|calendar|recipients < DOCUMENTS\n";
        return 2;
    }
    for (std::string line; std::getline(std::cin, line);) {
        menshen::Problems problems;
        const bool ok = accepts(what, line, problems);
        std::string said;
        for (const auto& problem : problems.all()) {
            if (problem.severity == menshen::Severity::error) said += (said.empty() ? "" : "; ") + problem.message;
        }
        std::cout << (ok ? "ok" : said) << "\n";
    }
    return 0;
}
