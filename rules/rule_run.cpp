#include "rules/rule_run.hpp"

#include <algorithm>
#include <bit>

namespace menshen::rules {

std::size_t RecentPoints::push(Point point, std::size_t most) {
    if (points_.size() == most) {
        points_[head_] = point;
        head_ = head_ + 1 == most ? 0 : head_ + 1;
        return 0;
    }
    const auto before = points_.capacity();
    if (points_.size() == before) points_.reserve(std::min(most, std::max<std::size_t>(4, before * 2)));
    points_.push_back(point);
    return (points_.capacity() - before) * sizeof(Point);
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

void DayMarks::add(std::int64_t day) {
    if (mask == 0 || day > latest) {
        const auto ahead = mask == 0 ? 64 : day - latest;
        mask = ahead >= 64 ? 0 : mask << ahead;
        latest = day;
    }
    // The wall clock may have been set back over midnight: a day that is long past says nothing.
    if (latest - day < 64) mask |= std::uint64_t{1} << (latest - day);
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

SubjectState& RuleRun::add(Index subject) {
    if (subject >= slots.size()) slots.resize(subject + 1, kNone);
    slots[subject] = static_cast<Index>(states.size());
    auto& state = states.emplace_back();
    state.subject = subject;
    return state;
}

void RuleRun::remove_at(Index slot) {
    slots[states[slot].subject] = kNone;
    if (slot + 1 != states.size()) {
        states[slot] = std::move(states.back());
        slots[states[slot].subject] = slot;
    }
    states.pop_back();
}

void RuleRun::clear() {
    states.clear();
    slots.clear();
}

std::vector<Index> RuleRun::by_name(const Names& names) const {
    std::vector<Index> out(states.size());
    for (Index i = 0; i < out.size(); ++i) out[i] = i;
    std::sort(out.begin(), out.end(),
              [&](Index a, Index b) { return names.name(states[a].subject) < names.name(states[b].subject); });
    return out;
}

bool is_idle(const Rule& rule, const SubjectState& state, const SpanClock& clock) {
    if (state.alert != kNone || state.latched || state.member) return false;
    return std::visit(Match{
                          [&](const Each&) { return clock.now() >= state.since; },
                          [&](const Absent&) { return true; },
                          [&](const Count& count) {
                              return state.recent.size() == 0 || clock.now() - state.recent.newest() >= count.over.count();
                          },
                          [&](const Days&) { return clock.last().at.local_day() - state.days.latest >= 64; },
                      },
                      rule.condition);
}

}  // namespace menshen::rules
