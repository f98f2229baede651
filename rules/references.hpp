#pragma once
/// What rule files may refer to beside themselves: the calendar with its schedules, and who exists.

#include <filesystem>
#include <string>
#include <vector>

#include "rules/parse.hpp"

namespace menshen::rules {

struct ReferenceFiles {
    std::filesystem::path calendar;          ///< Empty: none.
    std::filesystem::path recipients;        ///< Empty: none.
    std::vector<std::string> recipient_ids;  ///< Who exists, when there is no file of them.
};

/// Reads them for load_rules(). Problems are added at their places; whether there was an error is theirs to say. With neither a
/// file nor ids of recipients anybody may be named.
[[nodiscard]] ParseOptions load_references(const ReferenceFiles& files, Problems& problems);

}  // namespace menshen::rules
