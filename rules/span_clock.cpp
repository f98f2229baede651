#include "rules/span_clock.hpp"

#include <algorithm>

namespace menshen::rules {

Moment moment_of(const Record& record) { return {record.at, record.wall_is_trusted, record.mono, record.boot}; }
Moment moment_of(const Now& now) { return {now.wall, now.wall_is_trusted, now.mono, now.boot}; }

SpanClock::Reading SpanClock::read(const Moment& moment, std::optional<WallTime> alive) const {
    if (!running_) {
        const auto start = moment.at.time.since_epoch.count();
        return {start, start};
    }
    const auto by_anchor = [&](Point at_least) {
        return anchored_ ? std::max(at_least, anchor_ + (moment.at.time - anchor_wall_).count()) : at_least;
    };
    Reading out{now_, now_};
    if (!moment.mono || !last_.mono) {
        // Records from elsewhere: the wall clock is all there is.
        out.now = now_ + std::max<std::int64_t>(0, (moment.at.time - last_.at.time).count());
        out.ran = out.now;
    } else if (moment.boot == last_.boot) {
        out.ran = now_ + std::max<std::int64_t>(0, (*moment.mono - *last_.mono).count());
        out.now = !aligned_ && moment.wall_is_trusted ? by_anchor(out.ran) : out.ran;
        out.found_off = out.now - out.ran;
    } else {
        // At least as much as the new boot has been up; more when the wall clock can tell.
        const auto up = now_ + std::max<std::int64_t>(0, moment.mono->since_boot.count());
        out.now = moment.wall_is_trusted ? by_anchor(up) : up;
    }
    if (alive) out.ran = std::clamp(now_ + (*alive - last_.at.time).count(), now_, out.now);
    return out;
}

void SpanClock::move(const Moment& moment, const Reading& reading) {
    const bool new_boot = !running_ || moment.boot != last_.boot;
    // A record that comes late (it was made before the last one) tells nothing new about the time.
    const bool late = running_ && !new_boot && moment.mono && last_.mono && *moment.mono < *last_.mono;
    const auto came_from = now_;
    now_ = reading.now;
    if (late) return;
    if (new_boot) aligned_ = moment.wall_is_trusted;
    if (new_boot) before_boot_ = came_from;
    if (moment.wall_is_trusted) {
        aligned_ = true;
        anchored_ = true;
        anchor_wall_ = moment.at.time;
        anchor_ = now_;
    }
    last_ = moment;
    running_ = true;
}

Stamp SpanClock::stamp_at(Point point) const {
    if (!aligned_ && anchored_ && point <= before_boot_) {
        return {anchor_wall_ + Millis{point - anchor_}, last_.at.offset};
    }
    return {last_.at.time + Millis{point - now_}, last_.at.offset};
}

SpanClock::Point SpanClock::point_at(WallTime wall) const { return now_ + (wall - last_.at.time).count(); }

}  // namespace menshen::rules
