#pragma once
/// Times as people write them in files: local, or with an offset.

#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/zone.hpp"

namespace menshen::rules {

/// "2026-11-01 08:00" or "2026-11-01" (its midnight) in the zone, or RFC 3339 with an offset of its own. A local time that comes
/// twice (the clock was set back) is the first of the two; one that never comes fails.
[[nodiscard]] Result<Stamp> parse_local_time(std::string_view text, const Zone& zone);

}  // namespace menshen::rules
