#include <algorithm>

#include "rules/engine_state.hpp"

namespace menshen::rules {

namespace {

/// A wall clock that moved by less against the span clock was slewed or rounded, not stepped.
constexpr std::int64_t kStep = 1000;

}  // namespace

// The queue holds for each state at most one entry that counts: the one at `queued`. A match usually moves `due` further away;
// the entry stays where it is, and only when it comes to the front is it put back at the later time. So a match costs no work in
// the queue.
void Engine::State::set_due(RuleRun& run, SubjectState& state, Point due) {
    state.due = due;
    if (due >= state.queued) return;
    state.queued = due;
    push({due, index_of(run), state.subject});
}

// A heap of four children each: half as many steps through memory as one of two, and siblings lie in one line of the cache.
void Engine::State::push(Deadline deadline) {
    auto at = queue_.size();
    queue_.push_back(deadline);
    for (; at > 0; at = (at - 1) / kChildren) {
        const auto& parent = queue_[(at - 1) / kChildren];
        if (!comes_after(parent, deadline)) break;
        queue_[at] = parent;
    }
    queue_[at] = deadline;
}

/// Puts the deadline where `at` is free, or below.
void Engine::State::sink(std::size_t at, Deadline deadline) {
    for (auto first = at * kChildren + 1; first < queue_.size(); first = at * kChildren + 1) {
        auto next = first;
        const auto end = std::min(first + kChildren, queue_.size());
        for (auto child = first + 1; child < end; ++child) {
            if (comes_after(queue_[next], queue_[child])) next = child;
        }
        if (!comes_after(deadline, queue_[next])) break;
        queue_[at] = queue_[next];
        at = next;
    }
    queue_[at] = deadline;
}

Engine::State::Deadline Engine::State::pop() {
    const auto out = queue_.front();
    const auto last = queue_.back();
    queue_.pop_back();
    if (!queue_.empty()) sink(0, last);
    prefetch_front();
    return out;
}

/// The next ones follow soon, and their states are far away.
void Engine::State::prefetch_front() const {
    const auto soon = std::min(1 + kChildren, queue_.size());
    for (std::size_t i = 0; i < soon; ++i) runs_[queue_[i].rule].prefetch_due(queue_[i].subject);
}

bool Engine::State::comes_after(const Deadline& a, const Deadline& b) const {
    if (a.at != b.at) return a.at > b.at;
    if (a.rule != b.rule) return a.rule > b.rule;
    if (a.subject == b.subject) return false;
    const auto& subjects = names(runs_[a.rule].rule->per);
    return subjects.name(a.subject) > subjects.name(b.subject);
}

bool Engine::State::tidy() {
    while (!queue_.empty()) {
        const auto& front = queue_.front();
        auto* state = runs_[front.rule].find(front.subject);
        if (state != nullptr && state->queued == front.at && state->due == front.at) return true;
        if (state == nullptr || state->queued != front.at || state->due == kNever) {
            if (state != nullptr && state->queued == front.at) state->queued = kNever;
            static_cast<void>(pop());
            continue;
        }
        const Deadline later{state->due, front.rule, front.subject};
        state->queued = later.at;
        sink(0, later);
        prefetch_front();
    }
    return false;
}

Engine::State::Next Engine::State::next() {
    Next out;
    const auto offer = [&](Point at, Sort sort) {
        if (at < out.at) out = {at, sort};
    };
    // What should have come before now comes now.
    if (!tag_ends_.empty()) offer(std::max(clock_.now(), point_of(tag_ends_.begin()->until)), Sort::tag_end);
    offer(next_blind_, Sort::blindness);
    if (tidy()) offer(queue_.front().at, Sort::rule);
    if (const auto alert = book_.next_timer()) offer(std::max(clock_.now(), book_.at(*alert).timer), Sort::alert);
    return out;
}

void Engine::State::fire_due(Point until, const std::optional<Stamp>& at, Changes& out) {
    const bool rules_only = tag_ends_.empty() && next_blind_ == kNever && !book_.next_timer();
    if (rules_only && (queue_.empty() || queue_.front().at > until)) return;
    for (auto due = next(); due.at <= until; due = next()) {
        // What fell due while nobody watched is told as of the moment at which it was noticed.
        const Cause cause{at ? *at : local(clock_.stamp_at(due.at)), at ? until : due.at};
        switch (due.sort) {
            case Sort::tag_end: {
                const auto end = *tag_ends_.begin();
                tag_ends_.erase(tag_ends_.begin());
                end_tag(end, cause, out);
                break;
            }
            case Sort::blindness:
                for (auto index : watching_) {
                    auto& run = runs_[index];
                    if (!run.blind && run.blind_since != kNever && run.blind_since + blind_limit(run) <= due.at) {
                        go_blind(run, cause, out);
                    }
                }
                plan_blindness();
                break;
            case Sort::rule:
                fire_rule(until, at, out);
                break;
            case Sort::alert:
                on_timer(*book_.next_timer(), cause, out);
                break;
        }
    }
}

/// The deadline in front, which is a real one.
void Engine::State::fire_rule(Point until, const std::optional<Stamp>& at, Changes& out) {
    auto& run = runs_[queue_.front().rule];
    auto& state = *run.find(queue_.front().subject);
    run.prefetch_learned(state);
    const auto deadline = pop();
    const auto stamp = at ? *at : stamp_of(run, state, deadline.at);
    state.queued = state.due = kNever;
    on_due(run, state, {stamp, at ? until : deadline.at}, out);
}

void Engine::State::rebuild_queue() {
    queue_.clear();
    for (auto& run : runs_) {
        for (auto& state : run.states) {
            state.queued = state.due;
            if (state.due != kNever) queue_.push_back({state.due, index_of(run), state.subject});
        }
    }
    for (std::size_t at = queue_.size() < 2 ? 0 : (queue_.size() - 2) / kChildren + 1; at-- > 0;) sink(at, queue_[at]);
}

/// Midnights and ends are points of the wall clock: when it was stepped they lie elsewhere.
void Engine::State::on_shift(Changes& out) {
    if (std::abs(clock_.shift() - shift_) < kStep) return;
    shift_ = clock_.shift();
    for (const auto index : on_days_) {
        auto& run = runs_[index];
        for (auto& state : run.states) {
            if (state.due != kNever) set_due(run, state, point_of(day_due(run, state)));
        }
    }
    std::vector<Index> open;
    for (const auto& [index, alert] : book_.open()) open.push_back(index);
    for (const auto index : open) plan(index);
    fire_due(clock_.now(), std::nullopt, out);
}

Stamp Engine::State::stamp_of(const RuleRun& run, const SubjectState& state, Point due) const {
    const auto stamp = local(clock_.stamp_at(due));
    const auto& condition = run.rule->condition;
    if (!std::holds_alternative<Days>(condition) && !std::holds_alternative<Baseline>(condition)) return stamp;
    // To the millisecond, though the clock was slewed since.
    const auto exact = local(Stamp{WallTime{Millis{day_due(run, state)}}, stamp.offset});
    return std::abs((exact.time - stamp.time).count()) < kStep ? exact : stamp;
}

Stamp Engine::State::local(Stamp stamp) const { return settings_.zone ? settings_.zone->at(stamp.time) : stamp; }

void Engine::State::on_time(const Moment& now, Changes& out) {
    // The clock stays where the last record left it: a replay, which knows records only, must come to the same.
    if (clock_.running()) fire_due(clock_.read(now).ran, std::nullopt, out);
}

std::optional<Millis> Engine::State::until_next(const Moment& now) {
    if (!clock_.running()) return std::nullopt;
    const auto due = next();
    if (due.at == kNever) return std::nullopt;
    return Millis{std::max<std::int64_t>(0, due.at - clock_.read(now).ran)};
}

}  // namespace menshen::rules
