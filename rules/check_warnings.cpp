// Rules that are well written and yet of no use: they can never fire, or they ask for more than the gate remembers.

#include <algorithm>

#include "rules/check.hpp"

namespace menshen::rules {

namespace {

bool all_in(const std::vector<std::string>& few, const std::vector<std::string>& many) {
    return std::includes(many.begin(), many.end(), few.begin(), few.end());
}

/// Every record that passes `all` is thrown out by one of `none`.
bool contradicts_itself(const Where& where) {
    return std::any_of(where.none.begin(), where.none.end(), [&](const std::vector<FieldTest>& none) {
        return std::all_of(none.begin(), none.end(), [&](const FieldTest& out) {
            return std::any_of(where.all.begin(), where.all.end(),
                               [&](const FieldTest& in) { return in.field == out.field && all_in(in.values, out.values); });
        });
    });
}

/// Whether records of the kind can have the field. Where that is not sure the answer is yes.
bool may_have(Kind kind, std::string_view field) {
    const auto is = [&](std::initializer_list<Kind> kinds) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
    const bool of_roster = is({Kind::tag_added, Kind::tag_removed, Kind::roster_changed, Kind::command, Kind::mute});
    const bool at_reader = is({Kind::card_read, Kind::face_seen, Kind::card_face, Kind::granted, Kind::denied, Kind::passage});
    if (field == "tag") return is({Kind::tag_added, Kind::tag_removed});
    if (field == "method" || field == "certainty") return at_reader;
    if (field == "card") return of_roster || (at_reader && kind != Kind::face_seen);
    if (field == "stranger" || field == "stranger.label") return of_roster || at_reader;
    if (field == "person" || field == "household" || field == "person.tags" || field == "household.size" || field == "who") {
        return of_roster || at_reader || kind == Kind::activity || kind == Kind::exit_request;
    }
    if (field == "door" || field == "side") {
        return !is({Kind::tag_added, Kind::tag_removed, Kind::roster_changed, Kind::rules_changed, Kind::clock_step,
                    Kind::clock_trusted, Kind::started, Kind::stopped, Kind::mute, Kind::gap});
    }
    return true;
}

bool any_may_have(const std::vector<Kind>& kinds, std::string_view field) {
    return std::any_of(kinds.begin(), kinds.end(), [&](Kind kind) { return may_have(kind, field); });
}

std::string names_of(const std::vector<Kind>& kinds) {
    std::string out;
    for (const auto kind : kinds) out += fmt::format("{}{}", out.empty() ? "" : ", ", to_text(kind));
    return out;
}

std::optional<std::string> why_no_match(const std::vector<Kind>& watch, const Where& where) {
    if (contradicts_itself(where)) return "`not` throws out everything that `where` lets through";
    for (const auto& test : where.all) {
        if (!any_may_have(watch, test.field))
            return fmt::format("records of {} never have the field {}", names_of(watch), test.field);
    }
    return std::nullopt;
}

/// Days of the week on which a span can begin, if they do not hang on the calendar.
std::optional<std::uint8_t> weekdays_of(const Schedule& schedule) {
    std::uint8_t out = 0;
    for (const auto& span : schedule.spans) {
        if (span.days.workdays || span.days.days_off || span.days.holidays) return std::nullopt;
        out |= span.days.weekdays;
        // What is left of it after midnight falls on the next day.
        if (span.time.to <= span.time.from && span.time.to > 0ms) {
            out |= static_cast<std::uint8_t>(((span.days.weekdays << 1) | (span.days.weekdays >> 6)) & 0x7f);
        }
    }
    return out;
}

std::optional<std::string> why_no_days(const Days& days, const Schedule& during) {
    const auto weekdays = weekdays_of(during);
    if (!weekdays) return std::nullopt;
    const auto is_on = [&](std::uint32_t day) { return ((*weekdays >> (day % 7)) & 1u) != 0; };
    std::uint32_t run = 0, longest = 0, most = 0;
    for (std::uint32_t day = 0; day < 70; ++day) longest = std::max(longest, run = is_on(day) ? run + 1 : 0);
    if (days.consecutive > longest) return fmt::format("it counts on at most {} days running", longest);
    for (std::uint32_t first = 0; first < 7 && days.within > 0; ++first) {
        std::uint32_t sum = 0;
        for (std::uint32_t day = first; day < first + days.within; ++day) sum += is_on(day) ? 1 : 0;
        most = std::max(most, sum);
    }
    if (days.within > 0 && days.at_least > most) return fmt::format("it counts on at most {} of {} days", most, days.within);
    return std::nullopt;
}

std::optional<std::string> why_not_distinct(const Distinct& distinct, const Rule& rule) {
    const auto of = to_text(distinct.of);
    if (!any_may_have(rule.watch, of)) return fmt::format("records of {} never have a {}", names_of(rule.watch), of);
    std::size_t most = SIZE_MAX;
    if (of == to_text(rule.per) || (distinct.of == Of::who && (rule.per == Per::person || rule.per == Per::stranger))) most = 1;
    for (const auto& test : rule.where.all) {
        if (test.field == of) most = std::min(most, test.values.size());
    }
    if (distinct.limit.by_household || distinct.limit.more_than < most) return std::nullopt;
    return fmt::format("there {} at most {} different {}{}", most == 1 ? "is" : "are", most, of, most == 1 ? "" : "s");
}

std::optional<std::string> why_no_sequence(const Sequence& sequence, const Rule& rule) {
    if (auto why = why_no_match(sequence.watch, sequence.where)) return "the other record never comes: " + *why;
    if (rule.per != Per::gate && !any_may_have(sequence.watch, to_text(rule.per))) {
        return fmt::format("the other record is never of a {}: records of {} have none", to_text(rule.per),
                           names_of(sequence.watch));
    }
    if (sequence.differs == Of::none) return std::nullopt;
    const auto differs = to_text(sequence.differs);
    if (differs == to_text(rule.per)) return fmt::format("it asks for another {0} and looks at each {0} by itself", differs);
    if (!any_may_have(sequence.watch, differs) || !any_may_have(rule.watch, differs))
        return fmt::format("one of the two never has a {}", differs);
    return std::nullopt;
}

std::optional<std::string> why_not_during(const Rule& rule, const Calendar& calendar) {
    if (!rule.during) return std::nullopt;
    const bool never = std::all_of(rule.during->spans.begin(), rule.during->spans.end(), [&](const Schedule::Span& span) {
        const auto& days = span.days;
        return days.weekdays == 0 && !days.workdays && !days.days_off && (!days.holidays || calendar.holidays.empty());
    });
    if (never) return "no day is a holiday: name a calendar with some";
    const auto* days = std::get_if<Days>(&rule.condition);
    return days == nullptr ? std::nullopt : why_no_days(*days, *rule.during);
}

/// What `where` asks for is what `unless` excuses.
std::optional<std::string> why_always_excused(const Rule& rule) {
    for (const auto& excuse : rule.unless) {
        for (const auto& test : rule.where.all) {
            if (test.field == excuse.field && all_in(test.values, excuse.values))
                return "`unless` excuses whoever `where` asks for";
        }
    }
    return std::nullopt;
}

/// A B that never comes makes some rules fire all the time.
std::string_view consequence(const Sequence& sequence) {
    return sequence.form == Sequence::Form::then ? "can never fire" : "fires whenever its first record comes";
}

Millis looks_back(const Condition& condition) {
    constexpr Millis kDay{86'400'000};
    return std::visit(Match{
                          [](const Each&) { return 0ms; },
                          [](const Absent& absent) { return absent.longest(); },
                          [](const Count& count) { return count.over; },
                          [&](const Days& days) { return kDay * std::max(days.consecutive, days.within); },
                          [](const Distinct& distinct) { return distinct.over; },
                          [](const Baseline& baseline) { return baseline.over; },
                          [](const Sequence& sequence) { return sequence.within; },
                      },
                      condition);
}

}  // namespace

void warn_of_useless_rules(const RuleSet& set, Millis keep_records, Problems& problems) {
    for (const auto& rule : set.rules) {
        const auto warn = [&](std::string text) {
            problems.add(rule.file, rule.place, fmt::format("{} {}", rule.id.str(), text), Severity::warning);
        };
        auto why = why_no_match(rule.watch, rule.where);
        if (!why && rule.per != Per::gate && !any_may_have(rule.watch, to_text(rule.per))) {
            why = fmt::format("records of {} are never of a {}", names_of(rule.watch), to_text(rule.per));
        }
        if (!why) why = why_not_during(rule, set.calendar);
        if (!why) why = why_always_excused(rule);
        if (const auto* distinct = std::get_if<Distinct>(&rule.condition); distinct != nullptr && !why) {
            why = why_not_distinct(*distinct, rule);
        }
        if (why) {
            // A gate is a subject from the beginning: there the silence is never broken.
            const bool is_silent = std::holds_alternative<Absent>(rule.condition) && rule.per == Per::gate;
            warn(fmt::format("{}: {}", is_silent ? "waits for what never comes" : "can never fire", *why));
        } else if (const auto* sequence = std::get_if<Sequence>(&rule.condition)) {
            if (const auto reason = why_no_sequence(*sequence, rule))
                warn(fmt::format("{}: {}", consequence(*sequence), *reason));
        }
        const auto back = looks_back(rule.condition);
        if (back > keep_records) {
            warn(
                fmt::format("looks back {}, and records are kept for {} only (store.retention.records): what lies further back "
                            "cannot be looked up",
                            to_text(back), to_text(keep_records)));
        }
    }
}

}  // namespace menshen::rules
