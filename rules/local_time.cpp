#include "rules/local_time.hpp"

#include <array>

namespace menshen::rules {

Result<Stamp> parse_local_time(std::string_view text, const Zone& zone) {
    if (auto whole = parse_stamp(text)) return whole;
    constexpr std::size_t kDateLength = 10;
    const auto as_utc = parse_stamp(fmt::format("{}{}Z", text, text.size() == kDateLength ? "T00:00" : ""));
    if (!as_utc) return fail("\"{}\" is no time; write 2026-11-01 08:00, or 2026-11-01T08:00:00+08:00", text);
    // Offsets change at most once within a day or two: what held before and what holds after are all there can be.
    constexpr Millis kDay{86'400'000};
    const std::array offsets{zone.at(as_utc->time - kDay).offset, zone.at(as_utc->time + kDay).offset};
    for (const auto offset : offsets) {
        const auto found = zone.at(as_utc->time - Millis{offset});
        if (found.offset == offset) return found;
    }
    return fail("\"{}\" does not exist in {}: the clock is put forward over it", text, zone.name());
}

}  // namespace menshen::rules
