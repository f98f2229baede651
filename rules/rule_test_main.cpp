// Test files from disk: their rules are loaded, their tests run, the account given.

#include <algorithm>
#include <fstream>
#include <ostream>
#include <system_error>

#include "rules/references.hpp"
#include "rules/rule_test.hpp"

namespace menshen::rules {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".test.yaml";
constexpr std::size_t kMostFiles = 1000;

struct Account {
    std::size_t passed = 0;
    std::size_t failed = 0;
    std::size_t bad_files = 0;
};

/// Folders written out, in the order of names.
std::vector<fs::path> files_of(const std::vector<fs::path>& given, Problems& problems) {
    std::vector<fs::path> out;
    for (const auto& path : given) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            out.push_back(path);
            continue;
        }
        const auto first = out.size();
        for (fs::directory_iterator it(path, error), end; !error && it != end && out.size() < kMostFiles; it.increment(error)) {
            if (it->path().string().ends_with(kEnding)) out.push_back(it->path());
        }
        if (error) problems.add(path.string(), {}, fmt::format("cannot be listed: {}", error.message()));
        if (out.size() == first) problems.add(path.string(), {}, "holds no *.test.yaml");
        std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
    }
    return out;
}

std::optional<std::string> read(const fs::path& path, Problems& problems) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error || size > kMostFileBytes) {
        problems.add(path.string(), {},
                     error ? fmt::format("cannot be read: {}", error.message())
                           : fmt::format("larger than 1 MiB ({} bytes); split the file", size));
        return std::nullopt;
    }
    std::ifstream in(path, std::ios::binary);
    std::string text(size, '\0');
    in.read(text.data(), static_cast<std::streamsize>(size));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in || in.eof()) return text;
    problems.add(path.string(), {}, "cannot be read");
    return std::nullopt;
}

/// A test that waits for a rule that is not there would pass or fail for the wrong reason.
void check_rule_names(const RuleTestFile& file, const RuleSet& rules, Problems& problems) {
    std::vector<std::string_view> known{"gate-blind"};
    for (const auto& rule : rules.rules) known.push_back(rule.id.str());
    const auto check = [&](const std::string& id, Place place) {
        if (std::find(known.begin(), known.end(), id) != known.end()) return;
        problems.add(file.file, place, fmt::format("no rule of the files has the id \"{}\"{}", id, suggestion(id, known)));
    };
    for (const auto& test : file.tests) {
        for (const auto& id : test.rules) check(id, test.place);
        for (const auto& alert : test.alerts) check(alert.rule.str(), alert.place);
        for (const auto& step : test.steps) {
            if (const auto* says = std::get_if<PersonSays>(&step.what)) check(says->rule.str(), step.place);
        }
    }
}

std::optional<RuleSet> rules_of(const RuleTestFile& file, const fs::path& folder, Problems& problems) {
    std::vector<fs::path> paths;
    for (const auto& name : file.rule_files) paths.push_back(folder / name);
    ReferenceFiles references;
    if (!file.calendar.empty()) references.calendar = folder / file.calendar;
    if (!file.recipients.empty()) references.recipients = folder / file.recipients;
    const auto options = load_references(references, problems);
    auto rules = load_rules(paths, options, problems);
    if (rules) {
        for (auto& rule : rules->rules) {
            if (!rule.active()) rule.legal_basis = file.legal_basis;
        }
    }
    if (rules) check_rule_names(file, *rules, problems);
    if (problems.has_errors()) return std::nullopt;
    return rules;
}

void run_file(const RuleTestFile& file, const RuleSet& rules, const RuleTestOptions& options, std::ostream& out,
              Account& account) {
    for (const auto& test : file.tests) {
        const auto result = run_rule_test(file, test, rules);
        ++(result.passed ? account.passed : account.failed);
        if (result.passed) {
            if (options.verbose) out << fmt::format("ok      {}: {}\n", file.file, test.name);
            continue;
        }
        out << fmt::format("FAILED  {}:{}: {}\n", file.file, test.place.line, test.name);
        for (const auto& line : result.lines) out << "        " << line << '\n';
    }
}

}  // namespace

int test_rules(const RuleTestOptions& options, std::ostream& out, std::ostream& err) {
    Account account;
    Problems listing;
    const auto files = files_of(options.files, listing);
    err << listing.text();
    if (listing.has_errors()) ++account.bad_files;
    for (const auto& path : files) {
        Problems problems;
        const auto text = read(path, problems);
        const auto file = text ? parse_rule_test(path.string(), *text, problems) : std::nullopt;
        const auto rules = file ? rules_of(*file, path.parent_path(), problems) : std::nullopt;
        // Warnings are the business of `rules check`.
        if (problems.has_errors()) err << problems.text();
        if (rules) {
            run_file(*file, *rules, options, out, account);
        } else {
            ++account.bad_files;
            out << fmt::format("FAILED  {}: not run, it has errors\n", path.string());
        }
    }
    const auto total = account.passed + account.failed;
    out << fmt::format("{} {}: {} ok, {} failed", total, total == 1 ? "test" : "tests", account.passed, account.failed);
    out << (account.bad_files == 0
                ? "\n"
                : fmt::format("; {} {} could not be used\n", account.bad_files, account.bad_files == 1 ? "file" : "files"));
    return account.failed == 0 && account.bad_files == 0 ? 0 : 1;
}

}  // namespace menshen::rules
