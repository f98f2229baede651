#pragma once
/// Schedules as they are written: in rules, in the calendar file, as duty hours. Inside the room only.

#include <optional>
#include <string_view>

#include "core/document.hpp"
#include "rules/schedule.hpp"

namespace menshen::rules {

/// "HH:MM-HH:MM", a list of such, or the name of one of `known` (null: names mean nothing here). Spans are sorted, none twice.
/// Problems are added at their places.
[[nodiscard]] std::optional<Schedule> read_times(MapReader& map, std::string_view key, const Schedules* known);

/// As read_times(), or a map {weekdays, time}.
[[nodiscard]] std::optional<Schedule> read_schedule(MapReader& map, std::string_view key, const Schedules* known);

/// A name or a list of names: mon to sun, workdays, days_off, holidays.
[[nodiscard]] std::optional<DaySet> read_weekdays(MapReader& map);

/// `weekdays` beside times under `times_key`: the days become those of the times, which must have none of their own.
void put_weekdays(MapReader& map, std::string_view times_key, const DaySet& days, std::optional<Schedule>& times);

}  // namespace menshen::rules
