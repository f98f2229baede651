#pragma once
/// Where event time comes from: the machine, or a stage. The only place that reads the machine's clocks for it.

#include <atomic>
#include <memory>
#include <mutex>

#include "core/time.hpp"
#include "core/zone.hpp"

namespace menshen::app {

class EventClock {
public:
    virtual ~EventClock() = default;
    /// Any thread.
    [[nodiscard]] virtual Now now() const = 0;
    [[nodiscard]] virtual bool simulated() const = 0;
};

/// CLOCK_BOOTTIME for durations (it counts through suspend), CLOCK_REALTIME for the wall; the wall is trusted when the kernel
/// says that it is synchronised (adjtimex without STA_UNSYNC), and from then on: hours without network do not make it wrong.
class MachineClock : public EventClock {
public:
    /// `mono` begins at zero here: `boot` counts openings of the journal, and rules take the `mono` of a new one for the time
    /// since then.
    MachineClock(Zone zone, std::uint32_t boot);
    [[nodiscard]] Now now() const override;
    [[nodiscard]] bool simulated() const override { return false; }

private:
    Zone zone_;
    std::uint32_t boot_;
    Millis origin_;
    mutable std::atomic<bool> was_synchronised_{false};
};

/// Stands still until it is moved. Wall and mono move together.
class StageClock : public EventClock {
public:
    StageClock(Zone zone, std::uint32_t boot, WallTime start) : zone_(std::move(zone)), boot_(boot), start_(start) {}
    [[nodiscard]] Now now() const override;
    [[nodiscard]] bool simulated() const override { return true; }
    /// Never backwards: an earlier moment changes nothing.
    void move_to(MonoTime mono);
    [[nodiscard]] MonoTime mono_at(WallTime wall) const { return {wall - start_}; }

private:
    Zone zone_;
    std::uint32_t boot_;
    WallTime start_;
    std::atomic<std::int64_t> elapsed_ms_{0};
};

/// Notices that the wall clock was stepped or became trusted. Loop thread.
class ClockWatch {
public:
    struct Change {
        Millis step{};  ///< Zero: no step.
        bool became_trusted = false;
    };
    explicit ClockWatch(const Now& now) : offset_(offset_of(now)), trusted_(now.wall_is_trusted) {}
    /// Compare with the last call; slewing by less than a second is no step.
    [[nodiscard]] Change look(const Now& now);

private:
    static Millis offset_of(const Now& now) { return now.wall.time.since_epoch - now.mono.since_boot; }
    Millis offset_;
    bool trusted_;
};

}  // namespace menshen::app
