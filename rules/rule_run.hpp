#pragma once
/// One rule at work: its state for each subject.

#include <cstdint>
#include <limits>
#include <vector>

#include "rules/matcher.hpp"
#include "rules/rule.hpp"
#include "rules/span_clock.hpp"
#include "rules/subjects.hpp"

namespace menshen::rules {

using Point = SpanClock::Point;
inline constexpr Point kNever = std::numeric_limits<Point>::max();

/// The most recent matches of a `count`: one more than its limit are enough to know whether it is passed.
class RecentPoints {
public:
    /// Returns how many bytes it grew by.
    std::size_t push(Point point, std::size_t most);
    [[nodiscard]] std::size_t size() const { return points_.size(); }
    [[nodiscard]] Point oldest() const { return points_[head_]; }
    [[nodiscard]] Point newest() const { return points_[(head_ + points_.size() - 1) % points_.size()]; }
    /// Those after `since`, oldest first.
    [[nodiscard]] std::vector<Point> after(Point since) const;
    /// Forgets all up to `since`.
    void drop_until(Point since);
    [[nodiscard]] std::size_t bytes() const { return points_.capacity() * sizeof(Point); }

private:
    std::vector<Point> points_;
    std::size_t head_ = 0;  // of the oldest, once the ring is full
};

/// Local days with a match: bit k is `latest` - k.
struct DayMarks {
    std::uint64_t mask = 0;
    std::int64_t latest = 0;
    void add(std::int64_t day);
    /// Days without a gap that end with the latest.
    [[nodiscard]] std::uint32_t run() const;
    [[nodiscard]] std::uint32_t within(std::uint32_t days) const;
    /// The n-th latest day, n from 1; there must be as many.
    [[nodiscard]] std::int64_t nth(std::uint32_t n) const;
};

struct SubjectState {
    Index subject = kNone;
    Index alert = kNone;     ///< The open one, in the alert book.
    bool member = false;     ///< absent: is watched.
    bool suspended = false;  ///< absent: `unless` holds.
    bool latched = false;    ///< The condition holds and has raised its alert: it does not again until it ceased to hold.
    Point due = kNever;      ///< When time alone will change something.
    Point queued = kNever;   ///< Its place in the queue of deadlines: at or before `due`.
    Point since = 0;         ///< absent: silence counts from here. each: quiet until then.

    // absent: what the evidence will say
    std::int64_t seen_ms = kNever;  ///< Wall time of the last match.
    std::int32_t seen_offset = 0;   ///< Minutes from UTC of the same.
    Index door = kNone;             ///< Of the last match.
    Index start_epoch = kNone;      ///< The record that `since` is of.
    std::uint64_t start_seq = 0;

    RecentPoints recent;  // count
    DayMarks days;        // days
};

struct RuleRun {
    RuleRun(const Rule& r, const TagBits& bits) : rule(&r), matcher(r, bits) {}

    const Rule* rule;
    Matcher matcher;
    bool in_force = false;
    std::vector<SubjectState> states;
    std::vector<Index> slots;  ///< Of a subject in `states`.

    [[nodiscard]] SubjectState* find(Index subject) {
        if (subject >= slots.size() || slots[subject] == kNone) return nullptr;
        return &states[slots[subject]];
    }
    SubjectState& add(Index subject);
    void remove_at(Index slot);
    void clear();
    /// Slots in the order of the subjects' names.
    [[nodiscard]] std::vector<Index> by_name(const Names& names) const;
};

/// A state that says no more than none would.
[[nodiscard]] bool is_idle(const Rule& rule, const SubjectState& state, const SpanClock& clock);

}  // namespace menshen::rules
