#pragma once
/// Event time: the time that rules decisions, schedules, door timers, rules and retention. It is always an argument; nothing in
/// the core reads a clock. All values are whole milliseconds.

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace menshen {

using namespace std::chrono_literals;
using Millis = std::chrono::milliseconds;

/// Monotonic time since the start of a boot. Comparable only within one boot.
struct MonoTime {
    Millis since_boot{};
    auto operator<=>(const MonoTime&) const = default;
    friend MonoTime operator+(MonoTime t, Millis d) { return {t.since_boot + d}; }
    friend MonoTime operator-(MonoTime t, Millis d) { return {t.since_boot - d}; }
    friend Millis operator-(MonoTime a, MonoTime b) { return a.since_boot - b.since_boot; }
};

/// Wall time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
struct WallTime {
    Millis since_epoch{};
    auto operator<=>(const WallTime&) const = default;
    friend WallTime operator+(WallTime t, Millis d) { return {t.since_epoch + d}; }
    friend WallTime operator-(WallTime t, Millis d) { return {t.since_epoch - d}; }
    friend Millis operator-(WallTime a, WallTime b) { return a.since_epoch - b.since_epoch; }
};

/// Wall time as it reads at a place: the instant and the offset from UTC that was in force there. A record keeps both, so that
/// its local day is known without a time zone database.
struct Stamp {
    WallTime time;
    std::chrono::minutes offset{};
    bool operator==(const Stamp&) const = default;
    /// Days since 1970-01-01 of the local calendar day.
    [[nodiscard]] std::int64_t local_day() const;
    /// Time since local midnight.
    [[nodiscard]] Millis time_of_day() const;
};

/// The moment an event is handled.
struct Now {
    MonoTime mono;
    Stamp wall;
    bool wall_is_trusted = true;
    std::uint32_t boot = 1;  ///< Counts the boots of this journal; `mono` is comparable within one.
};

/// "2026-11-01T08:00:00.000+08:00" (RFC 3339, always with milliseconds).
[[nodiscard]] std::string to_text(const Stamp& stamp);
/// "2026-11-01 08:00" in local time, for people.
[[nodiscard]] std::string to_minutes(const Stamp& stamp);
/// Reads RFC 3339 with `T` or a blank, optional fraction (cut to milliseconds), and `Z` or an offset; an offset is required.
[[nodiscard]] Result<Stamp> parse_stamp(std::string_view text);

/// "1500ms", "30s", "10m", "24h", "7d"; parts may follow each other ("1h30m"). Never negative.
[[nodiscard]] Result<Millis> parse_duration(std::string_view text);
/// The shortest exact form of the above.
[[nodiscard]] std::string to_text(Millis duration);
/// "1 day 3 h" / "一天三小时" style words, cut to the two largest units.
[[nodiscard]] std::string in_words_en(Millis duration);
[[nodiscard]] std::string in_words_zh(Millis duration);

}  // namespace menshen
