// The functions of `menshen rules` without the rest of the command:
//   menshen-rules-tool check FILE...
//   menshen-rules-tool test FILE...
//   menshen-rules-tool explain FILE...
//   menshen-rules-tool backtest --rules FILE --records FILE [--until TIME] [--json]

#include <iostream>
#include <string_view>

#include "rules/backtest.hpp"
#include "rules/check.hpp"
#include "rules/explain.hpp"
#include "rules/rule_test.hpp"

namespace {

int run_backtest(int argc, char** argv) {
    menshen::rules::BacktestOptions options;
    for (int i = 2; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
        if (word == "--json") {
            options.json = true;
        } else if (word == "--rules") {
            options.rules.emplace_back(value());
        } else if (word == "--records") {
            options.records = value();
        } else if (word == "--until") {
            const auto until = menshen::parse_stamp(value());
            if (!until) {
                std::cerr << until.error().message << "\n";
                return 2;
            }
            options.until = *until;
        } else {
            std::cerr << "unknown: " << word << "\n";
            return 2;
        }
    }
    const auto report = menshen::rules::backtest(options, std::cout, std::cerr);
    if (!report) std::cerr << "error: " << report.error().message << "\n";
    return report ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "backtest") return run_backtest(argc, argv);
    if (verb == "check") {
        menshen::rules::CheckOptions options;
        options.files.assign(argv + 2, argv + argc);
        return menshen::rules::check(options, std::cout, std::cerr);
    }
    if (verb == "test") {
        menshen::rules::RuleTestOptions options{.verbose = true};
        options.files.assign(argv + 2, argv + argc);
        return menshen::rules::test_rules(options, std::cout, std::cerr);
    }
    if (verb == "explain") {
        menshen::rules::ExplainOptions options;
        options.files.assign(argv + 2, argv + argc);
        const int english = menshen::rules::explain_rules(options, std::cout, std::cerr);
        options.tongue = menshen::rules::Tongue::zh;
        return english == 0 ? menshen::rules::explain_rules(options, std::cout, std::cerr) : english;
    }
    std::cerr << "menshen-rules-tool check FILE... | test FILE... | explain FILE... | backtest --rules FILE --records FILE "
                 "[--until TIME] [--json]\n";
    return 2;
}
