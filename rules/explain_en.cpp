// Rules in English sentences.

#include <algorithm>
#include <array>

#include "rules/explain_words.hpp"

namespace menshen::rules {

namespace words {

namespace {

constexpr auto kEn = Tongue::en;

std::string any_of(const std::vector<std::string>& values) { return join(values, ", ", " or "); }

std::string in_en(const FieldTest& test) {
    const auto values = any_of(test.values);
    if (test.field == "person.tags") return "the person is tagged " + values;
    if (test.field == "gate.tags") return "the gate is tagged " + values;
    if (test.field == "household.size") return "the household has " + values + (values == "1" ? " member" : " members");
    if (test.field == "stranger.label") return "the stranger is labelled " + values;
    static constexpr std::array<std::string_view, 12> known{"person", "household", "card",      "stranger", "door", "device",
                                                            "side",   "method",    "certainty", "reason",   "tag",  "late"};
    const bool is_known = std::find(known.begin(), known.end(), test.field) != known.end();
    return is_known ? fmt::format("the {} is {}", test.field, values) : fmt::format("\"{}\" is {}", test.field, values);
}

std::string in_en(const std::vector<FieldTest>& tests) {
    std::vector<std::string> parts;
    parts.reserve(tests.size());
    for (const auto& test : tests) parts.push_back(in_en(test));
    return join(parts, ", ", " and ");
}

/// " (only where the method is card; not where the certainty is weak)"
std::string in_en(const Where& where) {
    std::vector<std::string> parts;
    if (!where.all.empty()) parts.push_back("only where " + in_en(where.all));
    for (const auto& tests : where.none) parts.push_back("not where " + in_en(tests));
    return parts.empty() ? "" : " (" + join(parts, "; ", "; ") + ")";
}

std::string kinds(const std::vector<Kind>& watch, std::string_view KindWords::*form) {
    std::vector<std::string> parts;
    parts.reserve(watch.size());
    for (const auto kind : watch) parts.emplace_back(of_kind(kind).*form);
    return any_of(parts);
}
std::string one(const std::vector<Kind>& watch) { return kinds(watch, &KindWords::one); }
std::string many(const std::vector<Kind>& watch) { return kinds(watch, &KindWords::many); }
/// "no passage or sign of life": without the articles.
std::string none(const std::vector<Kind>& watch) {
    std::vector<std::string> parts;
    parts.reserve(watch.size());
    for (const auto kind : watch) {
        const auto text = of_kind(kind).one;
        parts.emplace_back(text.substr(text.find(' ') + 1));
    }
    return "no " + any_of(parts);
}

/// " of one card"
std::string of_one(Per per) {
    return per == Per::gate ? " at this gate" : per == Per::door ? " at one door" : fmt::format(" of one {}", to_text(per));
}

std::string limit(const Limit& limit) {
    if (!limit.by_household) return fmt::format("{}", limit.more_than);
    std::string out = "the number of the household's members";
    if (limit.plus != 0) out += fmt::format(" {} {}", limit.plus > 0 ? "plus" : "less", std::abs(limit.plus));
    return out;
}
/// What happens when the size of the household is not known.
std::string limit_note(const Limit& limit) {
    if (!limit.by_household) return "";
    return limit.when_unknown ? fmt::format(" ({} when the household's size is not known)", *limit.when_unknown)
                              : " (not judged when the household's size is not known)";
}

std::string budget(const Budget& budget, Per per) {
    const auto amount = number(budget.alerts_per_30d);
    const auto noun = amount == "1" ? "false alert" : "false alerts";
    return budget.per_subject ? fmt::format("about {} {} in 30 days are accepted for each {}", amount, noun, to_text(per))
                              : fmt::format("about {} {} in 30 days are accepted in all", amount, noun);
}

std::string different(Of of) {
    switch (of) {
        case Of::who:
            return "different people, registered or not,";
        case Of::person:
            return "different persons";
        default:
            return fmt::format("different {}s", to_text(of));
    }
}

std::string sequence(const Sequence& s, const Rule& rule) {
    const auto a = one(rule.watch) + of_one(rule.per) + in_en(rule.where);
    const auto b = one(s.watch) + in_en(s.where);
    const auto within = duration(s.within, kEn);
    switch (s.form) {
        case Sequence::Form::then: {
            const auto other = s.differs == Of::none  ? ""
                               : s.differs == Of::who ? " by somebody else"
                                                      : fmt::format(" with another {}", to_text(s.differs));
            return fmt::format("{} is followed within {} by {}{}", a, within, b, other);
        }
        case Sequence::Form::then_not:
            return fmt::format("{} is not followed within {} by {}", a, within, b);
        case Sequence::Form::not_before:
            break;
    }
    return fmt::format("there is {} without {} in the {} before", a, b, within);
}

std::string condition(const Rule& rule) {
    const auto where = in_en(rule.where);
    const auto of = of_one(rule.per);
    return std::visit(
        Match{
            [&](const Each&) { return fmt::format("there is {}{}{}", one(rule.watch), of, where); },
            [&](const Absent& absent) {
                if (!absent.budget)
                    return fmt::format("there has been {}{}{} for {}", none(rule.watch), of, where,
                                       duration(absent.duration, kEn));
                return fmt::format(
                    "there has been {}{}{} for unusually long at that time of day, judged by that {}'s own rhythm: never before "
                    "{}, always "
                    "after {}; {}",
                    none(rule.watch), of, where, to_text(rule.per), duration(absent.at_least, kEn), duration(absent.at_most, kEn),
                    budget(*absent.budget, rule.per));
            },
            [&](const Count& count) {
                return fmt::format("there are more than {} {}{}{} within {}{}", limit(count.limit), many(rule.watch), of, where,
                                   duration(count.over, kEn), limit_note(count.limit));
            },
            [&](const Days& days) {
                const auto span = days.consecutive > 0
                                      ? fmt::format("on {} days running", days.consecutive)
                                      : fmt::format("on at least {} of the last {} days", days.at_least, days.within);
                return fmt::format("there is {}{}{} {}", one(rule.watch), of, where, span);
            },
            [&](const Distinct& distinct) {
                return fmt::format("more than {} {} stand behind the {}{}{} within {}{}", limit(distinct.limit),
                                   different(distinct.of), many(rule.watch), of, where, duration(distinct.over, kEn),
                                   limit_note(distinct.limit));
            },
            [&](const Baseline& baseline) {
                return fmt::format(
                    "there are unusually many {}{}{} within {}, judged by what that {} and all of them are used to; {}",
                    many(rule.watch), of, where, duration(baseline.over, kEn), to_text(rule.per),
                    budget(baseline.budget, rule.per));
            },
            [&](const Sequence& s) { return sequence(s, rule); },
        },
        rule.condition);
}

std::string days_in_en(const DaySet& days) {
    if (days.weekdays == 0x7f) return "";
    static constexpr std::array<std::string_view, 7> names{"Mondays", "Tuesdays",  "Wednesdays", "Thursdays",
                                                           "Fridays", "Saturdays", "Sundays"};
    std::vector<std::string> parts;
    if (days.weekdays == 0x1f) {
        parts.emplace_back("Mondays to Fridays");
    } else {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if ((days.weekdays >> i) & 1u) parts.emplace_back(names[i]);
        }
    }
    if (days.workdays) parts.emplace_back("workdays");
    if (days.days_off) parts.emplace_back("days off");
    if (days.holidays) parts.emplace_back("public holidays");
    return join(parts, ", ", " and ");
}

std::string ending(const Rule& rule) {
    if (rule.resolve == Resolve::manual) return "Only a person ends the alert";
    const auto after = [&] { return fmt::format("The alert ends by itself after {}", duration(rule.open_for, kEn)); };
    return std::visit(
        Match{
            [&](const Each& each) {
                if (each.cooldown == 0ms) return after();
                return fmt::format("{}, and no other is raised for {} after it fired", after(), duration(each.cooldown, kEn));
            },
            [](const Absent&) { return std::string("The alert ends by itself when one comes"); },
            [](const Days&) { return std::string("The alert ends by itself at midnight when too few such days are left"); },
            [&](const Sequence& s) {
                return s.form == Sequence::Form::then_not ? "The alert ends by itself when the other one comes after all"
                                                          : after();
            },
            [](const auto&) { return std::string("The alert ends by itself when the number is back at the limit"); },
        },
        rule.condition);
}

std::string ids(const std::vector<RecipientId>& to, std::string_view last) {
    std::vector<std::string> parts;
    parts.reserve(to.size());
    for (const auto& id : to) parts.push_back(id.str());
    return join(parts, ", ", last);
}

std::string life(const Rule& rule) {
    auto out = ending(rule);
    if (rule.notify_between) {
        out += fmt::format("; outside {} it waits until then{}", in_words(*rule.notify_between, kEn),
                           rule.severity == AlertSeverity::critical ? ", unless it is critical, as it is here" : "");
    }
    if (rule.repeat_every)
        out += fmt::format("; it is sent again every {} until somebody acknowledges it", duration(*rule.repeat_every, kEn));
    for (const auto& step : rule.escalate) {
        std::vector<std::string> then;
        if (step.severity) then.push_back(fmt::format("becomes {}", to_text(*step.severity)));
        if (!step.to.empty()) then.push_back("goes to " + ids(step.to, " and ") + " as well");
        out +=
            fmt::format("; when nobody has acknowledged it after {} it {}", duration(step.after, kEn), join(then, ", ", " and "));
    }
    return out;
}

}  // namespace

std::string firing_en(const Rule& rule) {
    static constexpr std::array<std::string_view, 3> kinds_of_alert{"an info alert", "a warning", "a critical alert"};
    const auto alert = kinds_of_alert[static_cast<std::size_t>(rule.severity)];
    const auto told =
        rule.to.empty() ? fmt::format("ends {} to nobody", alert) : fmt::format("ends {} to {}", alert, ids(rule.to, " and "));
    auto out =
        (rule.active() ? "S" : "Does nothing until a legal_basis stands in it; then s") + told + " when " + condition(rule);
    if (rule.during) out += ", looking only at " + in_words(*rule.during, kEn);
    return out;
}

std::vector<std::string> rest_en(const Rule& rule) {
    std::vector<std::string> out;
    if (!rule.unless.empty()) {
        std::vector<std::string> parts;
        for (const auto& test : rule.unless) parts.push_back(in_en(test));
        const bool absent = std::holds_alternative<Absent>(rule.condition);
        out.push_back(fmt::format("While {} {}", join(parts, ", ", " or "),
                                  absent ? "it does not apply, and the silence counts anew afterwards" : "nothing counts"));
    }
    out.push_back(life(rule));
    return out;
}

}  // namespace words

namespace {

std::string span_in(const Schedule::Span& span, Tongue tongue) {
    const bool zh = tongue == Tongue::zh;
    static constexpr std::array<std::string_view, 7> names{"周一", "周二", "周三", "周四", "周五", "周六", "周日"};
    const bool all_day = span.time.from == 0ms && span.time.to == 24h;
    const auto hours =
        fmt::format("{}{}{}", words::time_of_day(span.time.from), zh ? "-" : " to ", words::time_of_day(span.time.to));
    if (!zh) {
        const auto days = words::days_in_en(span.days);
        if (days.empty()) return all_day ? "any time" : hours;
        return all_day ? days : hours + " on " + days;
    }
    std::vector<std::string> parts;
    if (span.days.weekdays == 0x1f) parts.emplace_back("周一至周五");
    for (std::size_t i = 0; i < names.size() && span.days.weekdays != 0x1f && span.days.weekdays != 0x7f; ++i) {
        if ((span.days.weekdays >> i) & 1u) parts.emplace_back(names[i]);
    }
    if (span.days.weekdays != 0x7f && span.days.workdays) parts.emplace_back("工作日");
    if (span.days.weekdays != 0x7f && span.days.days_off) parts.emplace_back("休息日");
    if (span.days.weekdays != 0x7f && span.days.holidays) parts.emplace_back("法定节假日");
    const auto days = words::join(parts, "、", "、");
    if (days.empty()) return all_day ? "任何时间" : hours;
    return all_day ? days : days + " " + hours;
}

}  // namespace

std::string in_words(const Schedule& schedule, Tongue tongue) {
    std::vector<std::string> parts;
    for (const auto& span : schedule.spans) parts.push_back(span_in(span, tongue));
    return tongue == Tongue::zh ? words::join(parts, "、", "、") : words::join(parts, ", ", " and ");
}

}  // namespace menshen::rules
