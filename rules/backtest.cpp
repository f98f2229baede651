#include "rules/backtest.hpp"

#include <fstream>
#include <iostream>
#include <ostream>

#include "core/json_text.hpp"
#include "rules/engine.hpp"
#include "rules/parse.hpp"
#include "rules/record_lines.hpp"
#include "rules/text.hpp"

namespace menshen::rules {

namespace {

const std::string& text_of(const AlertChange& change, const char* key) {
    static const std::string none;
    const auto it = change.evidence.find(key);
    const auto* text = it == change.evidence.end() ? nullptr : std::get_if<std::string>(&it->second);
    return text == nullptr ? none : *text;
}

/// Names are not known here: ids stand in their place.
std::string with_ids(const AlertChange& change, const std::string& text) {
    return fill_names(text, text_of(change, "person"), text_of(change, "household"));
}

class JsonLine {
public:
    void put(std::string_view key, std::string_view text) {
        name(key);
        append_json_string(line_, text);
    }
    void put_value(std::string_view key, const Value& value) {
        name(key);
        append_json(line_, value);
    }
    void open(std::string_view key) {
        name(key);
        line_ += '{';
    }
    void close() { line_ += '}'; }
    [[nodiscard]] const std::string& text() const { return line_; }

private:
    void name(std::string_view key) {
        if (line_.back() != '{') line_ += ',';
        append_json_string(line_, key);
        line_ += ':';
    }
    std::string line_ = "{";
};

std::string to_json_line(const AlertChange& change) {
    JsonLine line;
    line.put("rule", change.rule.str());
    line.put("subject", change.subject);
    line.put("state", to_text(change.state));
    line.put("at", to_text(change.at));
    line.put("per", change.per);
    line.put("severity", to_text(change.severity));
    line.put("fired_at", to_text(change.fired_at));
    line.put("alert", change.id.str());
    line.put_value("change", Value{std::int64_t{change.change}});
    line.open("text");
    line.put("zh", with_ids(change, change.text_zh));
    line.put("en", with_ids(change, change.text_en));
    line.close();
    line.open("evidence");
    for (const auto& [key, value] : change.evidence) line.put_value(key, value);
    line.close();
    if (!change.reason.empty()) line.put("reason", change.reason);
    if (change.until) line.put("until", to_text(*change.until));
    line.close();
    return line.text() + "\n";
}

std::string to_plain_line(const AlertChange& change) {
    // Why, when it is more than that the rule fired or ended it.
    const bool says_more = change.change > 1 && !change.reason.empty() && change.reason != "auto";
    const auto head = fmt::format("{}  {:8}  {}  {}{}", to_minutes(change.at), to_text(change.state), change.rule.str(),
                                  change.subject, says_more ? fmt::format("  ({})", change.reason) : "");
    if (change.state == AlertState::resolved) return head + "\n";
    const auto zh = with_ids(change, change.text_zh);
    const auto en = with_ids(change, change.text_en);
    return zh == en ? fmt::format("{}\n    {}\n", head, zh) : fmt::format("{}\n    {}\n    {}\n", head, zh, en);
}

}  // namespace

class Backtest::Run {
public:
    Run(const BacktestOptions& o, std::shared_ptr<const RuleSet> r, std::ostream& s)
        : options(o), out(s), rules(std::move(r)), engine(rules, settings_of(o)) {}

    void print(const std::vector<AlertChange>& changes) {
        for (const auto& change : changes) {
            tally.add(change);
            if (options.json) {
                out << to_json_line(change);
            } else if (!options.summary) {
                out << to_plain_line(change);
            }
        }
    }

    void sum_up() {
        if (options.json) return;
        out << fmt::format("{}{} records\n", tally.fired() > 0 && !options.summary ? "\n" : "", records);
        if (tally.fired() > 0) out << tally.table(*rules) << '\n' << tally.picture(options.glyphs) << '\n';
        for (const auto& rule : rules->rules) {
            const auto& fired = tally.of(rule.id);
            if (!rule.active()) {
                out << fmt::format("{}: does nothing without a legal_basis\n", rule.id.str());
            } else if (fired.fired == 0) {
                out << fmt::format("{}: would not have fired\n", rule.id.str());
            } else {
                out << fmt::format("{}: would have fired {} {}, for {} {}\n", rule.id.str(), fired.fired,
                                   fired.fired == 1 ? "time" : "times", fired.by_subject.size(),
                                   fired.by_subject.size() == 1 ? "subject" : "subjects");
            }
        }
    }

    static EngineSettings settings_of(const BacktestOptions& options) {
        EngineSettings settings;
        settings.gate = options.gate;
        settings.zone = options.zone;
        settings.in_force = InForce::from_start;
        settings.memory_limit = options.memory_limit;
        if (options.bundle) settings.bundle_after = kStorm;
        return settings;
    }

    const BacktestOptions& options;
    std::ostream& out;
    std::shared_ptr<const RuleSet> rules;
    Engine engine;
    FiringTally tally;
    std::uint64_t records = 0;
};

Backtest::Backtest(const BacktestOptions& options, std::shared_ptr<const RuleSet> rules, std::ostream& out)
    : run_(std::make_unique<Run>(options, std::move(rules), out)) {}
Backtest::~Backtest() = default;

const FiringTally& Backtest::tally() const { return run_->tally; }

bool Backtest::take(Record& record, std::uint64_t line) {
    const auto& until = run_->options.until;
    if (until && record.at.time > until->time) return false;
    // Ids of alerts hang on ids of records; where a file has none the number of the line does.
    if (record.seq == 0) record.seq = line;
    ++run_->records;
    run_->tally.saw(record.at);
    run_->print(run_->engine.on_record(record));
    return true;
}

Result<BacktestReport> Backtest::finish(std::ostream& err) {
    auto& run = *run_;
    if (const auto& until = run.options.until) {
        run.print(run.engine.on_time(*until));
        run.tally.saw(*until);
    }
    run.sum_up();
    run.out.flush();
    if (!run.out) return fail("the output could not be written");
    if (const auto refused = run.engine.usage().refused; refused > 0) {
        err << fmt::format("warning: memory for {} MiB of rule state was not enough; subjects were left out {} times\n",
                           run.options.memory_limit >> 20, refused);
    }
    return BacktestReport{run.records, run.tally.fired(), run.tally.resolved()};
}

Result<std::shared_ptr<const RuleSet>> rules_of(const BacktestOptions& options, std::ostream& err) {
    Problems problems;
    const auto references = load_references(options.references, problems);
    const auto parsed = load_rules(options.rules, references, problems);
    err << problems.text();
    if (!parsed || problems.has_errors()) return fail("the rules have errors");
    return std::make_shared<const RuleSet>(*parsed);
}

Result<BacktestReport> backtest(const BacktestOptions& options, std::ostream& out, std::ostream& err) {
    const auto rules = rules_of(options, err);
    if (!rules) return tl::unexpected(rules.error());
    std::ifstream file;
    const bool is_stdin = options.records == "-";
    if (!is_stdin) {
        file.open(options.records, std::ios::binary);
        if (!file) return fail("{}: cannot be opened", options.records.string());
    }
    RecordLines lines(is_stdin ? std::cin : file, is_stdin ? "standard input" : options.records.string());
    Backtest run(options, *rules, out);
    Record record;
    for (;;) {
        const auto more = lines.next(record);
        if (!more) {
            out.flush();
            return tl::unexpected(more.error());
        }
        if (!*more || !run.take(record, lines.line())) break;
    }
    return run.finish(err);
}

}  // namespace menshen::rules
