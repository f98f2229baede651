#include "rules/parse_hash.hpp"

#include <fmt/format.h>

#include <bit>
#include <concepts>

#include "core/digest.hpp"

namespace menshen::rules {

namespace {

/// Text in which no value can run into the next one: texts and lists are led by their length.
class Canonical {
public:
    void put(std::string_view value) { out_ += fmt::format("{}:{};", value.size(), value); }
    void put(std::integral auto value) { out_ += fmt::format("{};", value); }
    void put(Millis value) { put(value.count()); }
    // The same bits on every machine; "4" and "4.0" are the same number before they come here.
    void put(double value) { put(std::bit_cast<std::uint64_t>(value)); }
    void put(Kind value) { put(to_text(value)); }
    void put(Of value) { put(to_text(value)); }
    void put(AlertSeverity value) { put(to_text(value)); }
    template <class Tag>
    void put(const Id<Tag>& value) {
        put(std::string_view(value.str()));
    }
    void put(const FieldTest& test) {
        put(std::string_view(test.field));
        put(test.values);
    }
    void put(const std::string& value) { put(std::string_view(value)); }
    void put(const Where& where) {
        put(where.all);
        put(where.none);
    }
    void put(const Schedule::Span& span) {
        put(span.days.weekdays);
        put(span.days.workdays);
        put(span.days.days_off);
        put(span.days.holidays);
        put(span.time.from);
        put(span.time.to);
    }
    void put(const Schedule& schedule) { put(schedule.spans); }
    void put(const Text& text) {
        put(text.zh);
        put(text.en);
    }
    void put(const Budget& budget) {
        put(budget.alerts_per_30d);
        put(budget.per_subject);
    }
    void put(const Limit& limit) {
        put(limit.more_than);
        put(limit.by_household);
        put(limit.plus);
        put(limit.when_unknown);
    }
    void put(const Escalation& step) {
        put(step.after);
        put(step.severity);
        put(step.to);
    }
    void put(const Recipient& recipient) {
        put(recipient.id);
        put(to_text(recipient.role));
        put(recipient.name);
        put(recipient.duty);
        put(recipient.fallback);
    }
    template <class T>
    void put(const std::vector<T>& values) {
        put(values.size());
        for (const auto& value : values) put(value);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    [[nodiscard]] std::string hash() const { return to_hex(sha256(out_)).substr(0, 16); }

private:
    std::string out_;
};

void put_condition(Canonical& out, const Condition& condition) {
    out.put(name_of(condition));
    std::visit(Match{
                   [&](const Each& each) { out.put(each.cooldown); },
                   [&](const Absent& absent) {
                       out.put(absent.duration);
                       out.put(absent.budget);
                       out.put(absent.at_least);
                       out.put(absent.at_most);
                   },
                   [&](const Count& count) {
                       out.put(count.over);
                       out.put(count.limit);
                   },
                   [&](const Days& days) {
                       out.put(days.consecutive);
                       out.put(days.at_least);
                       out.put(days.within);
                   },
                   [&](const Distinct& distinct) {
                       out.put(distinct.of);
                       out.put(distinct.over);
                       out.put(distinct.limit);
                   },
                   [&](const Baseline& baseline) {
                       out.put(baseline.over);
                       out.put(baseline.budget);
                   },
                   [&](const Sequence& sequence) {
                       out.put(static_cast<int>(sequence.form));
                       out.put(sequence.watch);
                       out.put(sequence.where);
                       out.put(sequence.differs);
                       out.put(sequence.within);
                   },
               },
               condition);
}

}  // namespace

std::string hash_of(const Rule& rule) {
    Canonical out;
    out.put(std::string_view("rule 2"));
    out.put(rule.id);
    out.put(rule.watch);
    out.put(rule.where);
    out.put(to_text(rule.per));
    put_condition(out, rule.condition);
    out.put(rule.unless);
    out.put(rule.during);
    out.put(static_cast<int>(rule.resolve));
    out.put(rule.open_for);
    return out.hash();
}

std::string hash_of(const RuleSet& set) {
    Canonical out;
    for (const auto& rule : set.rules) {
        out.put(rule.version());
        out.put(rule.title);
        out.put(rule.text);
        out.put(rule.legal_basis);
        out.put(rule.severity);
        out.put(rule.to);
        out.put(rule.notify_between);
        out.put(rule.repeat_every);
        out.put(rule.escalate);
    }
    out.put(set.recipients);
    out.put(set.calendar.holidays);
    out.put(set.calendar.workdays);
    return out.hash();
}

}  // namespace menshen::rules
