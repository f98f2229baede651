#include "daemon/app/clock.hpp"

#include <sys/timex.h>

#include <cstdlib>
#include <ctime>

namespace menshen::app {

namespace {

Millis read_clock(clockid_t id) {
    timespec time{};
    clock_gettime(id, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::duration_cast<Millis>(std::chrono::nanoseconds{time.tv_nsec});
}

bool kernel_says_synchronised() {
    timex query{};
    return adjtimex(&query) != -1 && (query.status & STA_UNSYNC) == 0;
}

}  // namespace

MachineClock::MachineClock(Zone zone, std::uint32_t boot)
    : zone_(std::move(zone)), boot_(boot), origin_(read_clock(CLOCK_BOOTTIME)) {}

Now MachineClock::now() const {
    if (kernel_says_synchronised()) was_synchronised_ = true;
    return {.mono = {read_clock(CLOCK_BOOTTIME) - origin_},
            .wall = zone_.at({read_clock(CLOCK_REALTIME)}),
            .wall_is_trusted = was_synchronised_,
            .boot = boot_};
}

Now StageClock::now() const {
    const Millis elapsed{elapsed_ms_.load()};
    return {.mono = {elapsed}, .wall = zone_.at(start_ + elapsed), .wall_is_trusted = true, .boot = boot_};
}

void StageClock::move_to(MonoTime mono) {
    if (mono.since_boot.count() > elapsed_ms_) elapsed_ms_ = mono.since_boot.count();
}

ClockWatch::Change ClockWatch::look(const Now& now) {
    Change change;
    const auto offset = offset_of(now);
    const auto moved = offset - offset_;
    if (std::abs(moved.count()) >= 1000) {
        change.step = moved;
        offset_ = offset;
    }
    change.became_trusted = now.wall_is_trusted && !trusted_;
    trusted_ = now.wall_is_trusted;
    return change;
}

}  // namespace menshen::app
