#pragma once
/// Parts of days: `during`, `notify_between`, duty hours; and the calendar of holidays that they may ask for.
///
/// Pure. Days are counted from 1970-01-01, local (Stamp::local_day()); the weekday of a day needs no time zone.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace menshen::rules {

/// Days off by law, and the weekend days that are worked in exchange (调休).
struct Calendar {
    std::vector<std::int64_t> holidays;  ///< Sorted.
    std::vector<std::int64_t> workdays;  ///< Sorted: make-up workdays. They win over holidays and weekends.

    [[nodiscard]] bool is_holiday(std::int64_t day) const;
    /// Monday to Friday that is no holiday, or a make-up workday.
    [[nodiscard]] bool is_workday(std::int64_t day) const;
};

/// Which days: any of the weekdays, or of what the calendar says.
struct DaySet {
    std::uint8_t weekdays = 0x7f;  ///< Bit 0 is Monday.
    bool workdays = false;
    bool days_off = false;  ///< All that are no workdays.
    bool holidays = false;

    [[nodiscard]] bool holds(std::int64_t day, const Calendar& calendar) const;
    bool operator==(const DaySet&) const = default;
};

/// A part of the day; `to` before `from` crosses midnight. `to` may be 24 h.
struct During {
    Millis from{};
    Millis to{};
    [[nodiscard]] bool holds(Millis time_of_day) const {
        return from < to ? time_of_day >= from && time_of_day < to : time_of_day >= from || time_of_day < to;
    }
    bool operator==(const During&) const = default;
};

/// Any of its spans. A span that crosses midnight belongs to the day on which it begins.
struct Schedule {
    struct Span {
        DaySet days;
        During time;
        bool operator==(const Span&) const = default;
    };
    std::vector<Span> spans;

    [[nodiscard]] bool holds(const Stamp& at, const Calendar& calendar) const;

    struct LocalTime {
        std::int64_t day = 0;
        Millis time_of_day{};
        auto operator<=>(const LocalTime&) const = default;
    };
    /// The first moment after `after` at which a span begins; nothing when there is none within 400 days.
    [[nodiscard]] std::optional<LocalTime> next_begin(const LocalTime& after, const Calendar& calendar) const;
    bool operator==(const Schedule&) const = default;
};

/// Schedules by name, as the calendar file has them.
using Schedules = std::map<std::string, Schedule>;

}  // namespace menshen::rules
