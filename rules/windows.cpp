#include "rules/windows.hpp"

#include <algorithm>
#include <bit>

namespace menshen::rules {

std::ptrdiff_t RecentPoints::push(Point point, std::size_t most) {
    const auto held = static_cast<std::ptrdiff_t>(points_.capacity());
    const auto grown = [&] {
        return (static_cast<std::ptrdiff_t>(points_.capacity()) - held) * static_cast<std::ptrdiff_t>(sizeof(Point));
    };
    if (points_.size() != most && (head_ != 0 || points_.size() > most)) {
        // The limit has changed: the ring is laid out anew.
        points_ = after(std::numeric_limits<Point>::min());
        head_ = 0;
        if (points_.size() > most) points_.erase(points_.begin(), points_.end() - static_cast<std::ptrdiff_t>(most));
    }
    if (points_.size() == most) {
        points_[head_] = point;
        head_ = head_ + 1 == most ? 0 : head_ + 1;
        return grown();
    }
    const auto before = points_.capacity();
    if (points_.size() == before) points_.reserve(std::min(most, std::max<std::size_t>(4, before * 2)));
    points_.push_back(point);
    return grown();
}

std::vector<Point> RecentPoints::after(Point since) const {
    std::vector<Point> out;
    for (std::size_t i = 0; i < points_.size(); ++i) {
        const auto point = points_[(head_ + i) % points_.size()];
        if (point > since) out.push_back(point);
    }
    return out;
}

void RecentPoints::drop_until(Point since) {
    points_ = after(since);
    head_ = 0;
}

void RecentPoints::put_off(Point from, std::int64_t by) {
    for (auto& point : points_) {
        if (point > from) point += by;
    }
}

void DayMarks::add(std::int64_t day) {
    if (latest - day >= 64) mask = 0;  // the clock was far ahead for once: what it said then is no day of ours
    if (mask == 0 || day > latest) {
        const auto ahead = mask == 0 ? 64 : day - latest;
        mask = ahead >= 64 ? 0 : mask << ahead;
        latest = day;
    }
    mask |= std::uint64_t{1} << (latest - day);
}

void DayMarks::add_all(const DayMarks& other) {
    for (std::int64_t back = 63; back >= 0; --back) {
        if ((other.mask >> back & 1) == 0) continue;
        const auto day = other.latest - back;
        if (mask == 0 || latest - day < 64) add(day);
    }
}

std::uint32_t DayMarks::run() const { return static_cast<std::uint32_t>(std::countr_one(mask)); }

std::uint32_t DayMarks::within(std::uint32_t days) const {
    const auto window = days >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << days) - 1;
    return static_cast<std::uint32_t>(std::popcount(mask & window));
}

std::int64_t DayMarks::nth(std::uint32_t n) const {
    auto rest = mask;
    for (std::uint32_t i = 1; i < n; ++i) rest &= rest - 1;
    return latest - std::countr_zero(rest);
}

std::size_t DistinctWindow::put(Index value, Point at, std::size_t most) {
    const auto before = entries_.capacity();
    const auto held = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.value == value; });
    if (held != entries_.end()) {
        entries_.erase(held);
    } else if (entries_.size() >= most) {
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(entries_.size() + 1 - most));
    }
    entries_.push_back({value, at});
    return (entries_.capacity() - before) * sizeof(Entry);
}

std::size_t DistinctWindow::count_after(Point since) const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.at > since; }));
}

void DistinctWindow::drop_until(Point since) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.at <= since; });
}

void DistinctWindow::put_off(Point from, std::int64_t by) {
    for (auto& entry : entries_) {
        if (entry.at > from) entry.at += by;
    }
}

void DistinctWindow::rename(Index from, Index to) {
    const auto held = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.value == from; });
    if (held == entries_.end()) return;
    const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.value == to; });
    held->value = to;
    // They stand in the order of their times: the earlier of the two goes.
    if (same != entries_.end()) entries_.erase(std::min(held, same));
}

void DistinctWindow::forget(Index value) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.value == value; });
}

void SequenceMarks::put_off(Point from, std::int64_t by) {
    for (auto* mark : {&latest, &other}) {
        if (mark->at != kNever && mark->at > from) mark->at += by;
    }
}

void SequenceMarks::rename(Index from, Index to) {
    for (auto* mark : {&latest, &other}) {
        if (mark->at != kNever && mark->value == from) mark->value = to;
    }
    // The second is kept because it differs.
    if (other.at != kNever && other.value == latest.value) other = {};
}

void SequenceMarks::forget(Index value) {
    for (auto* mark : {&latest, &other}) {
        if (mark->value == value) *mark = {};
    }
}

void SequenceMarks::put(const SequenceMark& mark) {
    if (latest.at != kNever && latest.value != mark.value) other = latest;
    latest = mark;
}

const SequenceMark* SequenceMarks::differing_from(Index value, Point since) const {
    for (const auto* mark : {&latest, &other}) {
        if (mark->at != kNever && mark->at > since && mark->value != kNone && mark->value != value) return mark;
    }
    return nullptr;
}

}  // namespace menshen::rules
