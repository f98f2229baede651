#include "rules/engine_state.hpp"

namespace menshen::rules {

void Engine::State::on_match(RuleRun& run, Index subject, Context& context) {
    const bool is_absent = std::holds_alternative<Absent>(run.rule->condition);
    if (!is_absent && run.matcher.excused(context.tags)) return;
    if (std::holds_alternative<Days>(run.rule->condition) && !context.record.wall_is_trusted) return;
    auto* state = state_for(run, subject);
    if (state == nullptr) return;
    std::visit([&](const auto& condition) { on_match(condition, run, *state, context); }, run.rule->condition);
}

void Engine::State::on_match(const Each& each, RuleRun& run, SubjectState& state, Context& context) {
    if (state.alert != kNone || context.now < state.since) return;
    raise(run, state, {context.record.at, context.now, &context.record}, context.record.id(), context.out);
    state.since = context.now + each.cooldown.count();
    if (run.rule->resolve == Resolve::automatic) set_due(run, state, context.now + run.rule->open_for.count());
}

void Engine::State::on_match(const Absent&, RuleRun& run, SubjectState& state, Context& context) {
    const auto& record = context.record;
    const auto door = subject_of(Per::door, context);
    if (door != kRefused) state.door = door;
    state.seen_ms = record.at.time.since_epoch.count();
    state.seen_offset = static_cast<std::int16_t>(record.at.offset.count());
    settle(run, state, record.at, context.out);
    begin_silence(run, state, context);
}

/// From this record on the silence counts, unless the subject is excused.
void Engine::State::begin_silence(RuleRun& run, SubjectState& state, Context& context) {
    const auto* facts = run.rule->per == Per::person ? persons_.find(state.subject) : nullptr;
    state.member = true;
    state.latched = false;
    state.suspended = run.matcher.excused({facts == nullptr ? 0 : facts->mask, gate_mask_});
    state.since = context.now;
    if (state.start_epoch == kNone || epochs_.name(state.start_epoch) != context.record.epoch) {
        state.start_epoch = epochs_.add(context.record.epoch);
    }
    state.start_seq = context.record.seq;
    const auto& absent = std::get<Absent>(run.rule->condition);
    set_due(run, state, state.suspended ? kNever : context.now + absent.duration.count());
}

/// The subject is none any more. If it becomes one again nothing of now is left, as if its state had been dropped.
void Engine::State::end_watch(RuleRun& run, SubjectState& state, Context& context) {
    settle(run, state, context.record.at, context.out);
    state.member = state.suspended = state.latched = false;
    state.seen_ms = kNever;
    state.seen_offset = 0;
    state.door = kNone;
    set_due(run, state, kNever);
}

/// While `unless` holds nothing counts; an alert that is open then has its explanation, and is resolved. When it ends the silence
/// begins anew.
void Engine::State::excuse(RuleRun& run, SubjectState& state, bool excused, Context& context) {
    if (excused == state.suspended) return;
    if (!excused) return begin_silence(run, state, context);
    settle(run, state, context.record.at, context.out);
    state.suspended = true;
    state.latched = false;
    set_due(run, state, kNever);
}

void Engine::State::on_match(const Count& count, RuleRun& run, SubjectState& state, Context& context) {
    const std::size_t most = std::size_t{count.limit.more_than} + 1;
    auto& recent = run.recent(state);
    ring_bytes_ += recent.push(context.now, most);
    // The window is open at its old end: a match exactly `over` ago has left it.
    if (recent.size() < most || context.now - recent.oldest() >= count.over.count()) return;
    if (!state.latched) {
        state.latched = true;
        raise(run, state, {context.record.at, context.now, &context.record}, context.record.id(), context.out);
    }
    set_due(run, state, recent.oldest() + count.over.count());
}

void Engine::State::on_match(const Days& days, RuleRun& run, SubjectState& state, Context& context) {
    auto& marks = run.days(state);
    marks.add(context.record.at.local_day());
    const bool holds = days.consecutive > 0 ? marks.run() >= days.consecutive : marks.within(days.within) >= days.at_least;
    if (!holds) return;
    if (!state.latched) {
        state.latched = true;
        raise(run, state, {context.record.at, context.now, &context.record}, context.record.id(), context.out);
    }
    set_due(run, state, clock_.point_at(midnight(run_breaks_on(days, marks)).time));
}

/// The first local day on which the condition holds no longer, if nothing more matches.
std::int64_t Engine::State::run_breaks_on(const Days& days, const DayMarks& marks) const {
    return days.consecutive > 0 ? marks.latest + 2 : marks.nth(days.at_least) + days.within;
}

Stamp Engine::State::midnight(std::int64_t day) const {
    const auto local_ms = Millis{day * 86'400'000};
    const auto by = [&](std::chrono::minutes offset) { return local(Stamp{WallTime{local_ms - offset}, offset}); };
    const auto guess = by(clock_.last().at.offset);
    // The offset may change between now and then.
    return guess.offset == clock_.last().at.offset ? guess : by(guess.offset);
}

void Engine::State::on_due(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out) {
    if (std::holds_alternative<Absent>(run.rule->condition)) {
        state.latched = true;
        raise(run, state, cause, Position{epochs_.name(state.start_epoch), state.start_seq}.text(), out);
        return;
    }
    state.latched = false;
    settle(run, state, cause.at, out);
}

}  // namespace menshen::rules
