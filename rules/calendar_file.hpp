#pragma once
/// `calendar.yaml` -> the days off and the make-up workdays of a place, and its schedules by name. See docs/rules.md.

#include <filesystem>
#include <optional>
#include <string_view>

#include "core/problems.hpp"
#include "rules/schedule.hpp"

namespace menshen::rules {

inline constexpr std::size_t kMostCalendarDays = 5000;  ///< Holidays, and make-up workdays.
inline constexpr std::size_t kMostSchedules = 100;

struct CalendarFile {
    Calendar calendar;
    Schedules schedules;
};

/// Pure. All problems at once; nothing when there is an error.
[[nodiscard]] std::optional<CalendarFile> parse_calendar(std::string_view file, std::string_view text, Problems& problems);

/// Reads the file; one that cannot be read or is larger than 1 MiB is a problem.
[[nodiscard]] std::optional<CalendarFile> load_calendar(const std::filesystem::path& path, Problems& problems);

}  // namespace menshen::rules
