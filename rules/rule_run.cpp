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
    if (subject >= slots_.size()) slots_.resize(subject + 1, kNone);
    slots_[subject] = static_cast<Index>(states.size());
    if (std::holds_alternative<Count>(rule->condition)) recent_.emplace_back();
    if (std::holds_alternative<Days>(rule->condition)) days_.emplace_back();
    auto& state = states.emplace_back();
    state.subject = subject;
    return state;
}

void RuleRun::remove_at(Index slot) {
    slots_[states[slot].subject] = kNone;
    const auto take_last = [&](auto& list) {
        if (list.empty()) return;
        if (slot + 1 != list.size()) list[slot] = std::move(list.back());
        list.pop_back();
    };
    take_last(states);
    take_last(recent_);
    take_last(days_);
    if (slot < states.size()) slots_[states[slot].subject] = slot;
}

void RuleRun::clear() {
    states.clear();
    slots_.clear();
    recent_.clear();
    days_.clear();
}

std::vector<Index> RuleRun::by_name(const Names& names) const {
    std::vector<Index> out(states.size());
    for (Index i = 0; i < out.size(); ++i) out[i] = i;
    std::sort(out.begin(), out.end(),
              [&](Index a, Index b) { return names.name(states[a].subject) < names.name(states[b].subject); });
    return out;
}

bool RuleRun::is_idle(const SubjectState& state, const SpanClock& clock) const {
    if (state.alert != kNone || state.latched || state.member) return false;
    return std::visit(Match{
                          [&](const Each&) { return clock.now() >= state.since; },
                          [&](const Absent&) { return true; },
                          [&](const Count& count) {
                              return recent(state).size() == 0 || clock.now() - recent(state).newest() >= count.over.count();
                          },
                          [&](const Days&) { return clock.last().at.local_day() - days(state).latest >= 64; },
                          [&](const auto&) { return true; },
                      },
                      rule->condition);
}

std::size_t RuleRun::bytes_each() const {
    const auto own = sizeof(SubjectState) + sizeof(Index);
    if (std::holds_alternative<Count>(rule->condition)) return own + sizeof(RecentPoints);
    return std::holds_alternative<Days>(rule->condition) ? own + sizeof(DayMarks) : own;
}

std::size_t RuleRun::ring_bytes() const {
    std::size_t out = 0;
    for (const auto& points : recent_) out += points.bytes();
    return out;
}

}  // namespace menshen::rules
