#include "rules/check.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <sstream>

#include "rules/backtest.hpp"
#include "rules/explain.hpp"
#include "rules/record_lines.hpp"

namespace menshen::rules {

namespace {

/// A few hours say nothing of a day.
constexpr Millis kLeastHistory{86'400'000};

/// What the past says of each rule.
struct Experience {
    Millis span{};
    double days = 0;
    std::uint64_t records = 0;
    std::map<std::string, std::uint64_t> fired;
    std::map<std::string, std::size_t> subjects;
};

/// Whom a rule looks at: those of its kind in the records that it watches.
class SubjectCount {
public:
    explicit SubjectCount(const RuleSet& rules) : rules_(rules), seen_(rules.rules.size()) {}

    void add(const Record& record) {
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const auto& rule = rules_.rules[i];
            if (!std::binary_search(rule.watch.begin(), rule.watch.end(), record.kind) || !has_tags(rule, record)) continue;
            for (auto& id : field(record, to_text(rule.per))) seen_[i].insert(std::move(id));
        }
    }
    [[nodiscard]] std::size_t of(std::size_t rule) const { return rules_.rules[rule].per == Per::gate ? 1 : seen_[rule].size(); }

private:
    static bool has_tags(const Rule& rule, const Record& record) {
        for (const auto& test : rule.where.all) {
            if (test.field != "person.tags") continue;
            const auto& tags = record.person_tags;
            if (std::none_of(tags.begin(), tags.end(),
                             [&](const auto& tag) { return std::binary_search(test.values.begin(), test.values.end(), tag); })) {
                return false;
            }
        }
        return true;
    }
    const RuleSet& rules_;
    std::vector<std::set<std::string>> seen_;
};

Result<Experience> learn(const CheckOptions& options, const std::shared_ptr<const RuleSet>& rules) {
    BacktestOptions backtest;
    backtest.summary = true;
    std::ostringstream unread;
    Backtest run(backtest, rules, unread);
    SubjectCount subjects(*rules);
    Experience out;
    const auto played = options.history([&](Record& record) {
        ++out.records;
        subjects.add(record);
        return run.take(record, out.records);
    });
    if (!played) return tl::unexpected(played.error());
    out.span = run.tally().span();
    out.days = run.tally().days();
    for (std::size_t i = 0; i < rules->rules.size(); ++i) {
        const auto& id = rules->rules[i].id;
        out.fired[id.str()] = run.tally().of(id).fired;
        out.subjects[id.str()] = subjects.of(i);
    }
    return out;
}

const Budget* budget_of(const Condition& condition) {
    if (const auto* absent = std::get_if<Absent>(&condition)) return absent->budget ? &*absent->budget : nullptr;
    const auto* baseline = std::get_if<Baseline>(&condition);
    return baseline == nullptr ? nullptr : &baseline->budget;
}

std::string plural(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string expectation(const Rule& rule, const Experience* past) {
    if (!rule.active()) return "none: does nothing without a legal_basis";
    const auto fired = past == nullptr ? 0 : past->fired.at(rule.id.str());
    const auto seen =
        past == nullptr ? std::string() : fmt::format("it would have fired {} in {:.1f} days", plural(fired, "time"), past->days);
    const auto* budget = budget_of(rule.condition);
    if (budget == nullptr) {
        if (past == nullptr) return "no history: unknown";
        return fmt::format("about {:.2g} a day: {}", static_cast<double>(fired) / past->days, seen);
    }
    const auto a_day = budget->alerts_per_30d / 30;
    auto out = fmt::format("about {:.2g} false ones a day", a_day);
    if (budget->per_subject) {
        out += fmt::format(" for each {}", to_text(rule.per));
        const auto subjects = past == nullptr ? 0 : past->subjects.at(rule.id.str());
        if (subjects > 0) {
            out += fmt::format(", {:.2g} in all with {} of them", a_day * static_cast<double>(subjects), subjects);
        }
    }
    out += ", by its budget";
    return past == nullptr ? out : out + "; " + seen;
}

}  // namespace

int check(const CheckOptions& options, std::ostream& out, std::ostream& err) {
    Problems problems;
    const auto& r = options.references;
    const bool names_any = !r.calendar.empty() || !r.recipients.empty() || !r.recipient_ids.empty();
    const auto parse = names_any ? load_references(r, problems) : options.parse;
    auto parsed = load_rules(options.files, parse, problems);
    if (parsed && !problems.has_errors()) warn_of_useless_rules(*parsed, options.keep_records, problems);
    err << problems.text();
    if (!parsed || problems.has_errors()) return 1;

    const auto rules = std::make_shared<const RuleSet>(std::move(*parsed));
    std::optional<Experience> past;
    if (options.history) {
        auto learned = learn(options, rules);
        if (!learned) {
            err << learned.error().message << '\n';
            return 1;
        }
        const bool is_enough = learned->span >= kLeastHistory;
        if (!is_enough)
            out << fmt::format("History: {}, less than a day: too little to tell from\n", plural(learned->records, "record"));
        if (is_enough) past = std::move(*learned);
    }
    for (const auto& rule : rules->rules) {
        const auto title = rule.title.zh == rule.title.en ? rule.title.en : fmt::format("{} / {}", rule.title.zh, rule.title.en);
        out << fmt::format("{}  {}\n    {}.\n    Alerts to expect: {}.\n", rule.id.str(), title, explain_firing(rule, Tongue::en),
                           expectation(rule, past ? &*past : nullptr));
    }
    if (past) out << fmt::format("History: {} over {:.1f} days\n", plural(past->records, "record"), past->days);
    out << fmt::format("{}, no errors\n", plural(rules->rules.size(), "rule"));
    return 0;
}

History history_of_file(const std::filesystem::path& records) {
    return [records](const std::function<bool(Record&)>& take) -> Result<void> {
        std::ifstream file(records, std::ios::binary);
        if (!file) return fail("{}: cannot be opened", records.string());
        RecordLines lines(file, records.string());
        Record record;
        for (;;) {
            const auto more = lines.next(record);
            if (!more) return tl::unexpected(more.error());
            if (!*more || !take(record)) return {};
        }
    };
}

}  // namespace menshen::rules
