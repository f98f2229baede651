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

/// What every condition needs, in one line of the cache; what only one of them needs lies beside it in the RuleRun.
struct SubjectState {
    Index subject = kNone;
    Index alert = kNone;    ///< The open one, in the alert book.
    Point due = kNever;     ///< When time alone will change something.
    Point queued = kNever;  ///< Its place in the queue of deadlines: at or before `due`.
    Point since = 0;        ///< absent: silence counts from here. each: quiet until then.

    // absent: what the evidence will say
    std::int64_t seen_ms = kNever;  ///< Wall time of the last match.
    std::uint64_t start_seq = 0;    ///< The record that `since` is of.
    Index start_epoch = kNone;
    Index door = kNone;            ///< Of the last match.
    std::int16_t seen_offset = 0;  ///< Minutes from UTC of `seen_ms`.

    bool member = false;     ///< absent: is watched.
    bool suspended = false;  ///< absent: `unless` holds.
    bool latched = false;    ///< The condition holds and has raised its alert: it does not again until it ceased to hold.
};
static_assert(sizeof(SubjectState) == 64);

class RuleRun {
public:
    RuleRun(const Rule& r, const TagBits& bits, const Calendar& calendar) : rule(&r), matcher(r, bits, calendar) {}

    const Rule* rule;
    Matcher matcher;
    bool in_force = false;
    std::vector<SubjectState> states;

    [[nodiscard]] SubjectState* find(Index subject) {
        if (subject >= slots_.size() || slots_[subject] == kNone) return nullptr;
        return &states[slots_[subject]];
    }
    void prefetch_slot(Index subject) const {
        if (subject < slots_.size()) __builtin_prefetch(&slots_[subject]);
    }
    void prefetch_state(Index subject) const {
        if (subject >= slots_.size() || slots_[subject] == kNone) return;
        __builtin_prefetch(&states[slots_[subject]], 1);
        if (!recent_.empty()) __builtin_prefetch(&recent_[slots_[subject]], 1);
        if (!days_.empty()) __builtin_prefetch(&days_[slots_[subject]], 1);
    }
    [[nodiscard]] Index slot_of(const SubjectState& state) const { return static_cast<Index>(&state - states.data()); }
    /// Of a state of this run, if its condition is `count`.
    [[nodiscard]] RecentPoints& recent(const SubjectState& state) { return recent_[slot_of(state)]; }
    [[nodiscard]] const RecentPoints& recent(const SubjectState& state) const { return recent_[slot_of(state)]; }
    /// Of a state of this run, if its condition is `days`.
    [[nodiscard]] DayMarks& days(const SubjectState& state) { return days_[slot_of(state)]; }
    [[nodiscard]] const DayMarks& days(const SubjectState& state) const { return days_[slot_of(state)]; }

    SubjectState& add(Index subject);
    void remove_at(Index slot);
    void clear();
    /// A state that says no more than none would.
    [[nodiscard]] bool is_idle(const SubjectState& state, const SpanClock& clock) const;
    /// Slots in the order of the subjects' names.
    [[nodiscard]] std::vector<Index> by_name(const Names& names) const;
    /// Bytes of one more state, without what a `count` keeps.
    [[nodiscard]] std::size_t bytes_each() const;
    [[nodiscard]] std::size_t ring_bytes() const;

private:
    std::vector<Index> slots_;  // of a subject, in `states`
    std::vector<RecentPoints> recent_;
    std::vector<DayMarks> days_;
};

}  // namespace menshen::rules
