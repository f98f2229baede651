#pragma once
/// What conditions keep of the matches of one subject. Inside the room only.

#include <cstdint>
#include <limits>
#include <vector>

#include "rules/span_clock.hpp"
#include "rules/subjects.hpp"

namespace menshen::rules {

using Point = SpanClock::Point;
inline constexpr Point kNever = std::numeric_limits<Point>::max();

/// The most recent matches of a `count`: one more than its limit are enough to know whether it is passed.
class RecentPoints {
public:
    /// Keeps at most the latest `most`. Returns how many bytes it grew or shrank by.
    std::ptrdiff_t push(Point point, std::size_t most);
    [[nodiscard]] std::size_t size() const { return points_.size(); }
    [[nodiscard]] Point oldest() const { return points_[head_]; }
    [[nodiscard]] Point newest() const { return points_[(head_ + points_.size() - 1) % points_.size()]; }
    /// Those after `since`, oldest first.
    [[nodiscard]] std::vector<Point> after(Point since) const;
    /// Forgets all up to `since`.
    void drop_until(Point since);
    /// Those after `from` were later by `by`.
    void put_off(Point from, std::int64_t by);
    [[nodiscard]] std::size_t bytes() const { return points_.capacity() * sizeof(Point); }
    void prefetch() const { __builtin_prefetch(points_.data() + head_, 1); }

private:
    std::vector<Point> points_;
    std::size_t head_ = 0;  // of the oldest, once the ring is full
};

/// Local days with a match: bit k is `latest` - k.
struct DayMarks {
    std::uint64_t mask = 0;
    std::int64_t latest = 0;
    void add(std::int64_t day);
    /// Those of another that lie not too far back to matter.
    void add_all(const DayMarks& other);
    /// Days without a gap that end with the latest.
    [[nodiscard]] std::uint32_t run() const;
    [[nodiscard]] std::uint32_t within(std::uint32_t days) const;
    /// The n-th latest day, n from 1; there must be as many.
    [[nodiscard]] std::int64_t nth(std::uint32_t n) const;
};

/// Different values of a `distinct`, each with its latest match.
class DistinctWindow {
public:
    struct Entry {
        Index value = kNone;
        Point at = 0;
    };
    /// The latest value becomes the last; at most the latest `most` are kept. Returns how many bytes it grew by.
    std::size_t put(Index value, Point at, std::size_t most);
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }  ///< Oldest first.
    [[nodiscard]] std::size_t count_after(Point since) const;
    /// When the n-th latest was, n from 1; there must be as many.
    [[nodiscard]] Point nth_latest(std::size_t n) const { return entries_[entries_.size() - n].at; }
    void drop_until(Point since);
    void put_off(Point from, std::int64_t by);
    void forget(Index value);
    /// The one is the other from now on; of both the later stays.
    void rename(Index from, Index to);
    [[nodiscard]] std::size_t bytes() const { return entries_.capacity() * sizeof(Entry); }
    void prefetch() const { __builtin_prefetch(entries_.data(), 1); }

private:
    std::vector<Entry> entries_;
};

/// What a `sequence` remembers of its first record: A, or for not_before the last B.
struct SequenceMark {
    Point at = kNever;  ///< kNever: none.
    std::int64_t ms = 0;
    std::int16_t offset = 0;
    Index value = kNone;  ///< Of the field that must differ.
    Index epoch = kNone;
    std::uint64_t seq = 0;
};
/// The latest, and the latest of those whose value differs from it: whatever B brings, one of them is the A to compare with.
struct SequenceMarks {
    SequenceMark latest;
    SequenceMark other;
    void put(const SequenceMark& mark);
    void put_off(Point from, std::int64_t by);
    void forget(Index value);
    void rename(Index from, Index to);
    /// The latest A at or after `since` (exclusive) whose value is there and is not `value`.
    [[nodiscard]] const SequenceMark* differing_from(Index value, Point since) const;
};

}  // namespace menshen::rules
