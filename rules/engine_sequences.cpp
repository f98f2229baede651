// A and then B, A and then no B, A with no B before it. `watch` and `where` of the rule say what A is.

#include "rules/engine_state.hpp"

namespace menshen::rules {

SequenceMark Engine::State::mark_of(const Sequence& sequence, Context& context) {
    const auto& record = context.record;
    SequenceMark mark;
    mark.at = context.now;
    mark.ms = record.at.time.since_epoch.count();
    mark.offset = static_cast<std::int16_t>(record.at.offset.count());
    mark.value = value_of(sequence.differs, context);
    mark.epoch = epochs_.add(record.epoch);
    mark.seq = record.seq;
    return mark;
}

/// A came.
void Engine::State::on_match(const Sequence& sequence, RuleRun& run, SubjectState& state, Context& context) {
    const auto& record = context.record;
    switch (sequence.form) {
        case Sequence::Form::then:
            // One that lacks what must differ is no A that B could be held against.
            if (sequence.differs == Of::none || value_of(sequence.differs, context) != kNone) {
                run.marks(state).put(mark_of(sequence, context));
            }
            return;
        case Sequence::Form::then_not: {
            // The first A counts: who shows the same again and again would else never be missed.
            if (state.latched || state.due != kNever) return;
            const auto door = subject_of(Per::door, context);
            state.door = door == kRefused ? kNone : door;
            state.since = context.now;
            state.seen_ms = record.at.time.since_epoch.count();
            state.seen_offset = static_cast<std::int16_t>(record.at.offset.count());
            mark_start(state, cause_of(context));
            return set_due(run, state, context.now + sequence.within.count());
        }
        case Sequence::Form::not_before: {
            const auto& last = run.marks(state).latest;
            if (last.at != kNever && context.now - last.at < sequence.within.count()) return;
            if (state.alert != kNone || !raise(run, state, cause_of(context), record.id(), context.out)) return;
            if (run.rule->resolve == Resolve::automatic) set_due(run, state, context.now + run.rule->open_for.count());
            return;
        }
    }
}

/// B came.
void Engine::State::on_second(RuleRun& run, Index subject, Context& context) {
    const auto& sequence = std::get<Sequence>(run.rule->condition);
    auto* state = sequence.form == Sequence::Form::not_before ? state_for(run, subject) : run.find(subject);
    if (state == nullptr) return;
    if (sequence.form == Sequence::Form::not_before) return run.marks(*state).put(mark_of(sequence, context));
    if (sequence.form == Sequence::Form::then_not) {
        settle(run, *state, context.record.at, context.out);
        state->latched = false;
        return set_due(run, *state, kNever);
    }
    if (run.matcher.excused(context.tags) || state->alert != kNone) return;
    const auto& marks = run.marks(*state);
    const auto since = context.now - sequence.within.count();
    const SequenceMark* first = nullptr;
    if (sequence.differs != Of::none) {
        const auto value = value_of(sequence.differs, context);
        if (value != kNone) first = marks.differing_from(value, since);
    } else if (marks.latest.at != kNever && marks.latest.at > since) {
        first = &marks.latest;
    }
    if (first == nullptr) return;
    const Cause cause{context.record.at, context.now, &context.record, first};
    if (!raise(run, *state, cause, context.record.id(), context.out)) return;
    if (run.rule->resolve == Resolve::automatic) set_due(run, *state, context.now + run.rule->open_for.count());
}

}  // namespace menshen::rules
