#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "cli/checks.hpp"
#include "cli/gate_history.hpp"
#include "daemon/config/config.hpp"
#include "rules/backtest.hpp"
#include "rules/check.hpp"
#include "rules/explain.hpp"
#include "rules/rule_test.hpp"

namespace menshen::cli {

namespace {

constexpr int kHistoryDays = 30;

std::vector<std::filesystem::path> to_paths(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

/// Who may be named, and when days are off.
struct ReferenceOptions {
    std::vector<std::string> recipients;
    std::string calendar;

    void add_to(CLI::App& verb) {
        verb.add_option("--recipients", recipients,
                        "Who exists; others are then a mistake: a recipients.yaml, or ids: grid-3,street-duty")
            ->delimiter(',');
        verb.add_option("--calendar", calendar, "Holidays, make-up workdays and schedules: calendar.yaml");
    }
    [[nodiscard]] rules::ReferenceFiles files() const {
        rules::ReferenceFiles out{.calendar = calendar, .recipients = {}, .recipient_ids = recipients};
        const bool is_file = recipients.size() == 1 && (recipients[0].ends_with(".yaml") || recipients[0].ends_with(".yml"));
        if (is_file) {
            out.recipients = recipients[0];
            out.recipient_ids.clear();
        }
        return out;
    }
};

struct CheckOptions {
    std::vector<std::string> files;
    ReferenceOptions references;
    std::string config, records;
    bool offline = false;
};

/// The last days of the gate that runs here; nothing when none does.
rules::History history_of_gate(Shell& shell) {
    std::error_code error;
    if (!std::filesystem::exists(shell.socket, error)) return {};
    return [&shell](const std::function<bool(Record&)>& take) -> Result<void> {
        const auto clock = ask_gate_clock(shell);
        if (!clock) return fail("the gate's journal could not be read; --offline does without it, --records takes a file");
        auto from = clock->now;
        from.time = from.time - std::chrono::hours{24 * kHistoryDays};
        if (for_each_parsed(shell, {.from = to_text(from)}, take) == kDone) return {};
        return fail("the gate's journal could not be read; --offline does without it, --records takes a file");
    };
}

/// What the config knows goes in where the command line said nothing.
bool use_config(const Shell& shell, const CheckOptions& options, rules::CheckOptions& check) {
    Problems problems;
    const auto config = config::read_config(options.config, problems);
    if (!config) {
        shell.err << problems.text();
        return false;
    }
    auto& references = check.references;
    if (references.calendar.empty()) references.calendar = config->calendar_file;
    if (references.recipients.empty() && references.recipient_ids.empty()) {
        references.recipients = config->recipients_file;
        for (const auto& id : config->recipients) references.recipient_ids.push_back(id.str());
    }
    check.keep_records = config->store.keep_records;
    if (check.files.empty()) check.files = to_paths(config->rule_paths);
    return true;
}

int run_check(Shell& shell, const CheckOptions& options) {
    rules::CheckOptions check{.files = to_paths(options.files), .parse = {}, .references = options.references.files()};
    if (!options.config.empty() && !use_config(shell, options, check)) return kFailed;
    if (check.files.empty()) {
        shell.complain(options.config.empty() ? "name rule files or folders, or a config with --config"
                                              : options.config + " names no rule files");
        return options.config.empty() ? kUsage : kFailed;
    }
    if (!options.records.empty()) {
        check.history = rules::history_of_file(options.records);
    } else if (!options.offline) {
        check.history = history_of_gate(shell);
    }
    return rules::check(check, shell.out, shell.err) == 0 ? static_cast<int>(kDone) : static_cast<int>(kFailed);
}

void add_check(CLI::App& rules, Shell& shell) {
    auto* verb =
        rules.add_subcommand("check", "Check rule files: every mistake at once with line and column, warnings, alerts to expect");
    const auto options = std::make_shared<CheckOptions>();
    verb->add_option("FILES", options->files, "Rule files, or folders of them");
    options->references.add_to(*verb);
    verb->add_option("--config", options->config,
                     "A gate's config: its rules, recipients, calendar, and how long records are kept");
    verb->add_option("--records", options->records,
                     "Records to learn from what to expect; default: the last 30 days of the gate that runs here");
    verb->add_flag("--offline", options->offline, "Do not ask the gate for its past");
    shell.add_socket(*verb);
    verb->callback([&shell, options] { shell.action = [&shell, options] { return run_check(shell, *options); }; });
}

struct ExplainOptions {
    std::vector<std::string> ids, files;
    ReferenceOptions references;
    std::string config = "/etc/menshen/gate.yaml";
};

int run_explain(const Shell& shell, const ExplainOptions& options) {
    Problems problems;
    rules::ExplainOptions explain{.ids = options.ids, .files = to_paths(options.files)};
    auto references = options.references.files();
    if (explain.files.empty()) {
        const auto config = config::read_config(options.config, problems);
        if (config) explain.files = to_paths(config->rule_paths);
        if (config && references.calendar.empty()) references.calendar = config->calendar_file;
    }
    explain.parse = rules::load_references(references, problems);
    explain.tongue = shell.language == "zh" ? rules::Tongue::zh : rules::Tongue::en;
    if (problems.has_errors()) {
        shell.err << problems.text();
        return kFailed;
    }
    return rules::explain_rules(explain, shell.out, shell.err) == 0 ? kDone : kFailed;
}

void add_explain(CLI::App& rules, Shell& shell) {
    auto* verb = rules.add_subcommand("explain", "A rule in plain sentences (--lang zh or en)");
    const auto options = std::make_shared<ExplainOptions>();
    verb->add_option("ID", options->ids, "Ids of rules; none: all of the files");
    verb->add_option("--rules", options->files, "Rule file or folder; may be repeated; default: those of the config");
    verb->add_option("--config", options->config, "The config whose rules are meant")->capture_default_str();
    verb->add_option("--calendar", options->references.calendar, "For schedules by name: calendar.yaml");
    verb->add_option("--lang", shell.language, "zh or en")->check(CLI::IsMember({"zh", "en"}));
    verb->callback(
        [&shell, options] { shell.action = [&shell, options] { return static_cast<int>(run_explain(shell, *options)); }; });
}

void add_test(CLI::App& rules, Shell& shell) {
    auto* verb = rules.add_subcommand("test", "Run test files: records in, the alerts that must come out");
    const auto files = std::make_shared<std::vector<std::string>>();
    const auto verbose = std::make_shared<bool>(false);
    verb->add_option("FILES", *files, "Test files, or folders of *.test.yaml")->required();
    verb->add_flag("-v,--verbose", *verbose, "Name the tests that passed, too");
    verb->callback([&shell, files, verbose] {
        shell.action = [&shell, files, verbose] {
            const rules::RuleTestOptions options{.files = to_paths(*files), .verbose = *verbose};
            return rules::test_rules(options, shell.out, shell.err) == 0 ? static_cast<int>(kDone) : static_cast<int>(kFailed);
        };
    });
}

struct BacktestOptions {
    std::vector<std::string> rules;
    ReferenceOptions references;
    std::string records, until, gate = "gate", zone;
    int days = kHistoryDays;
    bool summary = false, bundle = false, ascii = false;
};

bool has_utf8_terminal() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view locale = value;
        return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
    }
    return false;
}

int backtest_on_gate(Shell& shell, const BacktestOptions& given, rules::BacktestOptions& options) {
    const auto rules = rules::rules_of(options, shell.err);
    if (!rules) {
        shell.complain(rules.error().message);
        return kFailed;
    }
    const auto clock = ask_gate_clock(shell);
    if (!clock) return clock.error();
    if (!options.until) options.until = clock->now;
    options.gate = clock->gate;
    auto from = *options.until;
    from.time = from.time - std::chrono::hours{24 * given.days};
    rules::Backtest run(options, *rules, shell.out);
    std::uint64_t line = 0;
    const auto code = for_each_parsed(shell, {.from = to_text(from)}, [&](Record& record) { return run.take(record, ++line); });
    if (code != kDone) return code;
    const auto report = run.finish(shell.err);
    if (report) return kDone;
    shell.complain(report.error().message);
    return kFailed;
}

int run_backtest(Shell& shell, const BacktestOptions& given) {
    rules::BacktestOptions options;
    options.rules = to_paths(given.rules);
    options.references = given.references.files();
    options.records = given.records;
    options.json = shell.json;
    options.summary = given.summary;
    options.bundle = given.bundle;
    options.glyphs = given.ascii || !has_utf8_terminal() ? rules::Glyphs::ascii : rules::Glyphs::utf8;
    options.gate = given.gate;
    if (!given.until.empty()) options.until = parse_stamp(given.until).value();
    if (!given.zone.empty()) {
        const auto zone = Zone::find(given.zone);
        if (!zone) {
            shell.complain(zone.error().message);
            return kUsage;
        }
        options.zone = *zone;
    }
    if (given.records.empty()) return backtest_on_gate(shell, given, options);
    const auto report = rules::backtest(options, shell.out, shell.err);
    if (report) return kDone;
    shell.complain(report.error().message);
    return kFailed;
}

void add_backtest(CLI::App& rules, Shell& shell) {
    auto* verb =
        rules.add_subcommand("backtest", "What the rules would have done with the gate's own past, or a file of records");
    const auto options = std::make_shared<BacktestOptions>();
    verb->add_option("--rules", options->rules, "Rule file or folder; may be repeated")->required();
    verb->add_option("--records", options->records,
                     "Records, one JSON object a line, ascending in time; - is standard input; default: the journal of the gate "
                     "that runs here");
    verb->add_option("--until", options->until, "Event time runs on to here, inclusive: 2026-12-01T00:00:00+08:00")
        ->check(time_with_offset());
    verb->add_option("--days", options->days, "How much of the gate's journal")
        ->check(CLI::Range(1, 3660))
        ->capture_default_str();
    verb->add_option("--gate", options->gate, "The gate's name, for rules per gate")->capture_default_str();
    verb->add_option("--zone", options->zone, "Of local times: Asia/Shanghai; default: the offset of the records");
    options->references.add_to(*verb);
    verb->add_flag("--summary", options->summary, "Only the table and the picture");
    verb->add_flag("--bundle", options->bundle, "Tell a storm of alerts as one, as on the gate");
    verb->add_flag("--ascii", options->ascii, "Draw the picture with ASCII");
    shell.add_socket(*verb);
    shell.add_json(*verb);
    verb->callback([&shell, options] { shell.action = [&shell, options] { return run_backtest(shell, *options); }; });
}

}  // namespace

void add_rules_verbs(CLI::App& app, Shell& shell) {
    auto* rules = app.add_subcommand("rules", "Check, explain and test rule files, or try them on past records");
    rules->require_subcommand(1);
    add_check(*rules, shell);
    add_explain(*rules, shell);
    add_test(*rules, shell);
    add_backtest(*rules, shell);
    add_reload(*rules, shell);
}

}  // namespace menshen::cli
