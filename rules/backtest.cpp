#include "rules/backtest.hpp"

#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <ostream>
#include <set>

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
    line.close();
    return line.text() + "\n";
}

std::string to_plain_line(const AlertChange& change) {
    const auto head =
        fmt::format("{}  {:8}  {}  {}", to_minutes(change.at), to_text(change.state), change.rule.str(), change.subject);
    if (change.state == AlertState::resolved) return head + "\n";
    const auto zh = with_ids(change, change.text_zh);
    const auto en = with_ids(change, change.text_en);
    return zh == en ? fmt::format("{}\n    {}\n", head, zh) : fmt::format("{}\n    {}\n    {}\n", head, zh, en);
}

/// Prints changes and keeps the account.
class Reporter {
public:
    Reporter(const BacktestOptions& options, std::ostream& out) : options_(options), out_(out) {}

    void print(const std::vector<AlertChange>& changes) {
        for (const auto& change : changes) {
            out_ << (options_.json ? to_json_line(change) : to_plain_line(change));
            if (change.state == AlertState::resolved) {
                ++report.resolved;
                continue;
            }
            ++report.fired;
            auto& rule = by_rule_[change.rule.str()];
            ++rule.fired;
            rule.subjects.insert(change.subject);
        }
    }

    void sum_up(const RuleSet& rules) {
        if (options_.json) return;
        out_ << fmt::format("{}{} records\n", report.fired > 0 ? "\n" : "", report.records);
        for (const auto& rule : rules.rules) {
            const auto& tally = by_rule_[rule.id.str()];
            if (!rule.active()) {
                out_ << fmt::format("{}: does nothing without a legal_basis\n", rule.id.str());
            } else if (tally.fired == 0) {
                out_ << fmt::format("{}: would not have fired\n", rule.id.str());
            } else {
                out_ << fmt::format("{}: would have fired {} {}, for {} {}\n", rule.id.str(), tally.fired,
                                    tally.fired == 1 ? "time" : "times", tally.subjects.size(),
                                    tally.subjects.size() == 1 ? "subject" : "subjects");
            }
        }
    }

    BacktestReport report;

private:
    struct Tally {
        std::uint64_t fired = 0;
        std::set<std::string> subjects;
    };
    const BacktestOptions& options_;
    std::ostream& out_;
    std::map<std::string, Tally> by_rule_;
};

Result<void> play(RecordLines& lines, const BacktestOptions& options, Engine& engine, Reporter& reporter) {
    Record record;
    for (;;) {
        const auto more = lines.next(record);
        if (!more) return tl::unexpected(more.error());
        if (!*more || (options.until && record.at.time > options.until->time)) break;
        // Ids of alerts hang on ids of records; where a file has none the number of the line does.
        if (record.seq == 0) record.seq = lines.line();
        ++reporter.report.records;
        reporter.print(engine.on_record(record));
    }
    if (options.until) reporter.print(engine.on_time(*options.until));
    return {};
}

}  // namespace

Result<BacktestReport> backtest(const BacktestOptions& options, std::ostream& out, std::ostream& err) {
    Problems problems;
    const auto parsed = load_rules(options.rules, {}, problems);
    err << problems.text();
    if (!parsed) return fail("the rules have errors");
    const auto rules = std::make_shared<const RuleSet>(*parsed);

    std::ifstream file;
    const bool is_stdin = options.records == "-";
    if (!is_stdin) {
        file.open(options.records, std::ios::binary);
        if (!file) return fail("{}: cannot be opened", options.records.string());
    }
    EngineSettings settings;
    settings.gate = options.gate;
    settings.in_force = InForce::from_start;
    settings.memory_limit = options.memory_limit;
    Engine engine(rules, settings);
    RecordLines lines(is_stdin ? std::cin : file, is_stdin ? "standard input" : options.records.string());
    Reporter reporter(options, out);
    if (auto played = play(lines, options, engine, reporter); !played) {
        out.flush();
        return tl::unexpected(played.error());
    }
    reporter.sum_up(*rules);
    out.flush();
    if (!out) return fail("the output could not be written");
    if (const auto refused = engine.usage().refused; refused > 0) {
        err << fmt::format("warning: memory for {} MiB of rule state was not enough; subjects were left out {} times\n",
                           options.memory_limit >> 20, refused);
    }
    return reporter.report;
}

}  // namespace menshen::rules
