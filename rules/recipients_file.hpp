#pragma once
/// `recipients.yaml` -> whom alerts may go to. See docs/rules.md.

#include <filesystem>
#include <optional>
#include <string_view>

#include "core/problems.hpp"
#include "rules/recipients.hpp"

namespace menshen::rules {

inline constexpr std::size_t kMostRecipientsInFile = 1000;

/// Pure. Duty hours may name one of `schedules`. All problems at once; nothing when there is an error.
[[nodiscard]] std::optional<Recipients> parse_recipients(std::string_view file, std::string_view text, const Schedules& schedules,
                                                         Problems& problems);

/// Reads the file; one that cannot be read or is larger than 1 MiB is a problem.
[[nodiscard]] std::optional<Recipients> load_recipients(const std::filesystem::path& path, const Schedules& schedules,
                                                        Problems& problems);

}  // namespace menshen::rules
