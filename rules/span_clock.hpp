#pragma once
/// How much time has passed between records, whatever the wall clock did.

#include <cstdint>
#include <optional>

#include "core/record.hpp"
#include "core/time.hpp"

namespace menshen::rules {

/// A moment as a record or the loop tells it.
struct Moment {
    Stamp at;
    bool wall_is_trusted = true;
    std::optional<MonoTime> mono;
    std::uint32_t boot = 0;
};
[[nodiscard]] Moment moment_of(const Record& record);
[[nodiscard]] Moment moment_of(const Now& now);

/// A time axis that never goes backwards: within one boot it follows `mono`, across boots and for records without `mono` the wall
/// clock. Where nothing disturbs the wall clock, a point of the axis is its milliseconds since 1970; after a step the two part.
///
/// Across a boot the wall clock is believed only when it is trusted; until then the axis goes on by `mono` alone, and the time
/// that the gate was off is put in before the boot when the clock becomes trusted.
class SpanClock {
public:
    using Point = std::int64_t;

    struct Reading {
        Point ran = 0;  ///< Up to here time passed while the gate could see it.
        Point now = 0;  ///< Beyond it lies time that is known only afterwards: the gate was off, or its clock was not set.
        /// The clock became trusted, and with that it is known how long the gate was off before this boot. So much time belongs
        /// before all that happened in this boot: see before_boot().
        std::int64_t found_off = 0;
    };

    /// Where `moment` lies, without moving to it. `alive` is the last sign of life before a `started` record.
    [[nodiscard]] Reading read(const Moment& moment, std::optional<WallTime> alive = std::nullopt) const;
    /// Moves to it.
    void move(const Moment& moment, const Reading& reading);

    [[nodiscard]] bool running() const { return running_; }
    [[nodiscard]] const Moment& last() const { return last_; }
    [[nodiscard]] Point now() const { return now_; }
    /// The last record of the boot before this one; what this boot brought lies after it.
    [[nodiscard]] Point before_boot() const { return before_boot_; }
    /// The wall clock at a point, by the last record; before a boot that does not know the time yet, by the last that did. The
    /// offset is the last record's.
    [[nodiscard]] Stamp stamp_at(Point point) const;
    /// The point at which the wall clock will show `wall`.
    [[nodiscard]] Point point_at(WallTime wall) const;
    /// Axis less wall: changes when the wall clock is stepped.
    [[nodiscard]] std::int64_t shift() const { return now_ - last_.at.time.since_epoch.count(); }

private:
    template <class Archive>
    friend void transfer(Archive& archive, SpanClock& clock);

    bool running_ = false;
    Point now_ = 0;
    Moment last_;           ///< The last record that did not come late.
    bool aligned_ = false;  ///< This boot's time off has been accounted for.
    Point before_boot_ = 0;
    bool anchored_ = false;
    WallTime anchor_wall_;  ///< The last trusted wall time, and its point.
    Point anchor_ = 0;
};

}  // namespace menshen::rules
