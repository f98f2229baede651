#include <fmt/format.h>

#include <filesystem>
#include <ostream>

#include "cli/checks.hpp"
#include "cli/shell.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/rule_options.hpp"
#include "rules/backtest.hpp"
#include "rules/check.hpp"
#include "rules/parse.hpp"

namespace menshen::cli {

namespace {

struct CheckOptions {
    std::vector<std::string> files;
    std::vector<std::string> recipients;
    bool recipients_given = false;
};

struct BacktestOptions {
    std::vector<std::string> rules;
    std::string records, until, gate = "gate";
};

std::vector<std::filesystem::path> to_paths(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

void add_rules_check(CLI::App& rules, Shell& shell) {
    auto* verb = rules.add_subcommand("check", "Check rule files: every mistake at once, with line and column");
    const auto options = std::make_shared<CheckOptions>();
    verb->add_option("FILES", options->files, "Rule files, or folders of them")->required();
    auto* recipients =
        verb->add_option("--recipients", options->recipients, "Who exists; others are then a mistake: grid-3,street-duty");
    recipients->delimiter(',');
    verb->callback([&shell, options, recipients] {
        options->recipients_given = recipients->count() > 0;
        shell.action = [&shell, options] {
            rules::CheckOptions check{.files = to_paths(options->files), .parse = {}};
            if (options->recipients_given) {
                check.parse.recipients = rules::recipients_named({options->recipients.begin(), options->recipients.end()});
            }
            return rules::check(check, shell.out, shell.err) == 0 ? static_cast<int>(kDone) : static_cast<int>(kFailed);
        };
    });
}

int run_backtest(const Shell& shell, const BacktestOptions& options) {
    rules::BacktestOptions backtest{
        .rules = to_paths(options.rules), .records = options.records, .until = {}, .json = shell.json, .gate = options.gate};
    if (!options.until.empty()) backtest.until = parse_stamp(options.until).value();
    const auto report = rules::backtest(backtest, shell.out, shell.err);
    if (report) return kDone;
    shell.complain(report.error().message);
    return kFailed;
}

void add_rules_backtest(CLI::App& rules, Shell& shell) {
    auto* verb = rules.add_subcommand("backtest", "What the rules would have done with a file of records");
    const auto options = std::make_shared<BacktestOptions>();
    verb->add_option("--rules", options->rules, "Rule file or folder; may be repeated")->required();
    verb->add_option("--records", options->records, "Records, one JSON object a line, ascending in time; - is standard input")
        ->required();
    verb->add_option("--until", options->until, "Event time runs on to here, inclusive: 2026-12-01T00:00:00+08:00")
        ->check(time_with_offset());
    verb->add_option("--gate", options->gate, "The gate's name, for rules per gate")->capture_default_str();
    shell.add_json(*verb);
    verb->callback([&shell, options] { shell.action = [&shell, options] { return run_backtest(shell, *options); }; });
}

Json to_json(const Problems& problems, bool ok) {
    Json list = Json::array();
    for (const auto& problem : problems.all()) {
        list.push_back({{"file", problem.file},
                        {"line", problem.place.line},
                        {"column", problem.place.column},
                        {"severity", problem.severity == Severity::warning ? "warning" : "error"},
                        {"message", problem.message}});
    }
    return {{"ok", ok}, {"problems", std::move(list)}};
}

int check_config(const Shell& shell, const std::string& file) {
    Problems problems;
    const auto config = config::read_config(file, problems);
    std::size_t rule_count = 0;
    if (config) {
        const auto set = config::load_rules(*config, problems);
        if (set) rule_count = set->rules.size();
    }
    const bool ok = !problems.has_errors();
    if (shell.json) {
        shell.out << to_json(problems, ok).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
        return ok ? kDone : kFailed;
    }
    shell.err << problems.text();
    if (!ok) {
        shell.err << fmt::format("{}: {} mistakes\n", file, problems.errors());
        return kFailed;
    }
    shell.out << fmt::format("{}: {} {}, {} doors, {} devices, {} rules: all right\n", file, config->gate.site.str(),
                             config->gate.gate.str(), config->gate.doors.size(), config->devices.size(), rule_count);
    return kDone;
}

}  // namespace

void add_file_verbs(CLI::App& app, Shell& shell) {
    auto* rules = app.add_subcommand("rules", "Check rule files, or try them on past records; needs no gate");
    rules->require_subcommand(1);
    add_rules_check(*rules, shell);
    add_rules_backtest(*rules, shell);
    auto* config = app.add_subcommand("config", "Check a config file; needs no gate");
    config->require_subcommand(1);
    auto* check = config->add_subcommand("check", "Every mistake of a config and its rules at once");
    const auto file = std::make_shared<std::string>("/etc/menshen/gate.yaml");
    check->add_option("FILE", *file, "The config")->capture_default_str();
    shell.add_json(*check);
    check->callback([&shell, file] { shell.action = [&shell, file] { return check_config(shell, *file); }; });
}

}  // namespace menshen::cli
