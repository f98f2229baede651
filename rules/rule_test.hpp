#pragma once
/// `menshen rules test FILE...`: records and what people do to alerts in, the changes of alerts that must come of it out. The
/// form of the files is in docs/rules-tools.md.

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/alert.hpp"
#include "core/problems.hpp"
#include "core/record.hpp"
#include "core/zone.hpp"
#include "rules/rule.hpp"

namespace menshen::rules {

/// What a person does to the open alert of a rule and a subject.
struct PersonSays {
    enum class What : std::uint8_t { acknowledge, snooze, close, note };
    What what = What::acknowledge;
    RuleId rule;
    std::string subject;
    std::optional<Stamp> until;
    std::string reason, note;
    std::string by = "test";
};

/// One line of the timeline; `every` and `times` have been written out.
struct TestStep {
    Place place;
    Stamp at;
    std::variant<Record, PersonSays> what;
};

/// A change that must come. What is absent is not compared.
struct ExpectedChange {
    Place place;
    Stamp at;
    RuleId rule;
    std::string subject;
    AlertState state = AlertState::firing;
    std::optional<AlertSeverity> severity;
    std::optional<std::vector<std::string>> to;  ///< Sorted.
    std::map<std::string, std::string> texts;    ///< "text_zh", "reason", "by", ...
    std::optional<Stamp> until;
    std::map<std::string, std::optional<std::string>> evidence;  ///< Nothing: must be absent.
};

struct RuleTest {
    Place place;
    std::string name;
    std::vector<std::string> rules;  ///< Only changes of these are compared; none: of all.
    std::vector<TestStep> steps;     ///< Ascending in `at`.
    std::optional<Stamp> until;      ///< Event time runs on to here, inclusive.
    std::vector<ExpectedChange> alerts;
};

struct RuleTestFile {
    std::string file;
    std::vector<std::string> rule_files;  ///< As written: relative to the file.
    std::string calendar, recipients;     ///< The same; may be empty.
    std::string legal_basis;              ///< For rules that have none, so that they can be tried before there is one.
    std::string gate = "gate";
    Zone zone{std::chrono::hours{8}};
    std::vector<RuleTest> tests;
};

inline constexpr std::size_t kMostTestSteps = 100'000;  ///< Of one test, after `every` and `times` were written out.

/// Pure. Every problem at once, each at its place; nothing when there is one.
[[nodiscard]] std::optional<RuleTestFile> parse_rule_test(std::string_view file, std::string_view text, Problems& problems);

/// How a test ended: `lines` is the whole list of expected and got changes, led by `  ` (as expected), `- ` (did not come), `+ `
/// (not expected) or `! ` (came otherwise). Empty when the test passed.
struct RuleTestResult {
    bool passed = false;
    std::vector<std::string> lines;
};
/// Pure: the engine that runs live, over the steps of one test.
[[nodiscard]] RuleTestResult run_rule_test(const RuleTestFile& file, const RuleTest& test, const RuleSet& rules);

struct RuleTestOptions {
    std::vector<std::filesystem::path> files;  ///< Test files; a folder stands for the *.test.yaml in it.
    bool verbose = false;                      ///< Names of tests that passed, too.
};
/// Runs them all; what passed and what did not goes to `out`, bad files to `err`. Returns the exit status: 0 when all passed.
[[nodiscard]] int test_rules(const RuleTestOptions& options, std::ostream& out, std::ostream& err);

}  // namespace menshen::rules
