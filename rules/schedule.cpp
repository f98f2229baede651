#include "rules/schedule.hpp"

#include <algorithm>

namespace menshen::rules {

namespace {

constexpr Millis kDay{86'400'000};
constexpr std::int64_t kFarthest = 400;

/// 0 is Monday; 1970-01-01 was a Thursday.
unsigned weekday_of(std::int64_t day) { return static_cast<unsigned>(((day + 3) % 7 + 7) % 7); }

bool has(const std::vector<std::int64_t>& days, std::int64_t day) { return std::binary_search(days.begin(), days.end(), day); }

}  // namespace

bool Calendar::is_holiday(std::int64_t day) const { return has(holidays, day) && !has(workdays, day); }

bool Calendar::is_workday(std::int64_t day) const {
    if (has(workdays, day)) return true;
    return weekday_of(day) < 5 && !has(holidays, day);
}

bool DaySet::holds(std::int64_t day, const Calendar& calendar) const {
    if ((weekdays >> weekday_of(day)) & 1u) return true;
    if (workdays && calendar.is_workday(day)) return true;
    if (days_off && !calendar.is_workday(day)) return true;
    return holidays && calendar.is_holiday(day);
}

bool Schedule::holds(const Stamp& at, const Calendar& calendar) const {
    const auto time = at.time_of_day();
    const auto day = at.local_day();
    return std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
        if (!span.time.holds(time)) return false;
        const bool began_yesterday = span.time.to <= span.time.from && time < span.time.to;
        return span.days.holds(began_yesterday ? day - 1 : day, calendar);
    });
}

std::optional<Schedule::LocalTime> Schedule::next_begin(const LocalTime& after, const Calendar& calendar) const {
    std::optional<LocalTime> next;
    for (auto day = after.day; day <= after.day + kFarthest && !next; ++day) {
        for (const auto& span : spans) {
            const LocalTime begin{day, span.time.from};
            if (begin <= after || span.time.from >= kDay || !span.days.holds(day, calendar)) continue;
            if (!next || begin < *next) next = begin;
        }
    }
    return next;
}

}  // namespace menshen::rules
