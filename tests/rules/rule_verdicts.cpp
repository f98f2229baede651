// What the parsers say of many documents at once: one document a line on standard input, one answer a line on standard output,
// "ok" or the problems, a tab between them.
//   menshen-rule-verdicts rules|calendar|recipients < DOCUMENTS
//   menshen-rule-verdicts json < YAML                    one YAML document as JSON, as an editor with a schema would see it

#include <charconv>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/document.hpp"
#include "core/json_text.hpp"
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

bool is_json_number(const std::string& text) {
    long long value = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + (text.starts_with('+') ? 1 : 0), end, value);
    return error == std::errc{} && at == end;
}

std::string json_string(std::string_view text) {
    std::string out;
    menshen::append_json_string(out, text);
    return out;
}

std::string to_json(const menshen::Node& node) {
    std::string out;
    switch (node.type) {
        case menshen::Node::Type::null:
            return "null";
        case menshen::Node::Type::scalar:
            if (node.quoted) return json_string(node.scalar);
            if (node.scalar == "true" || node.scalar == "false") return node.scalar;
            if (is_json_number(node.scalar)) return node.scalar.substr(node.scalar.starts_with('+') ? 1 : 0);
            return json_string(node.scalar);
        case menshen::Node::Type::list:
            for (const auto& item : node.items) out += (out.empty() ? "" : ",") + to_json(item);
            return "[" + out + "]";
        case menshen::Node::Type::map:
            break;
    }
    for (const auto& entry : node.entries) {
        out += (out.empty() ? "" : ",") + json_string(entry.key) + ":" + to_json(entry.value);
    }
    return "{" + out + "}";
}

int print_json() {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    menshen::Problems problems;
    const auto root = menshen::parse_document("stdin", text, problems);
    std::cerr << problems.text();
    if (!root) return 1;
    std::cout << to_json(*root) << "\n";
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "json") return print_json();
    if (what != "rules" && what != "calendar" && what != "recipients") {
        std::cerr << "menshen-rule-verdicts rules|calendar|recipients|json < DOCUMENTS\n";
        return 2;
    }
    for (std::string line; std::getline(std::cin, line);) {
        menshen::Problems problems;
        const bool ok = accepts(what, line, problems);
        std::string said;
        for (const auto& problem : problems.all()) {
            if (problem.severity == menshen::Severity::error) said += (said.empty() ? "" : "\t") + problem.message;
        }
        std::cout << (ok ? "ok" : said) << "\n";
    }
    return 0;
}
