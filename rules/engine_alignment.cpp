// A boot that did not know the time: what it brought was laid right behind the boot before. When its clock becomes trusted the
// time off is known, and all of that moves by as much, so that no window is cut short and no deadline comes early.

#include "rules/engine_state.hpp"

namespace menshen::rules {

void Engine::State::put_in_time_off(std::int64_t off) {
    const auto from = clock_.before_boot();
    const auto move = [&](Point& point) {
        if (point != kNever && point > from) point += off;
    };
    for (auto& run : runs_) {
        for (auto& state : run.states) put_off(run, state, off);
        move(run.blind_since);
        move(run.storm_began);
    }
    std::vector<Index> open;
    for (const auto& [index, alert] : book_.open()) open.push_back(index);
    for (const auto index : open) {
        auto& alert = book_.at(index);
        // Of one that was open before, the time off counts: its next repetition is due by so much earlier.
        if (alert.began <= from) continue;
        for (auto* point : {&alert.began, &alert.repeat_at, &alert.closes_at, &alert.postponed}) move(*point);
        plan(index);
    }
    plan_blindness();
    rebuild_queue();
}

void Engine::State::put_off(RuleRun& run, SubjectState& state, std::int64_t by) {
    const auto from = clock_.before_boot();
    // A deadline belongs to what set it: it moves when that lies in this boot.
    const auto move_due = [&](Millis after) {
        if (state.due != kNever && state.due - after.count() > from) state.due += by;
    };
    std::visit(Match{
                   [&](const Each& each) {
                       if (state.since - each.cooldown.count() > from) state.since += by;
                       move_due(run.rule->open_for);
                   },
                   [&](const Absent&) {
                       if (state.since > from) state.since += by;
                       if (state.due != kNever) state.due = silence_due(run, state);
                   },
                   [&](const Count& count) {
                       run.recent(state).put_off(from, by);
                       move_due(count.over);
                   },
                   [&](const Distinct& distinct) {
                       run.distinct(state).put_off(from, by);
                       move_due(distinct.over);
                   },
                   [&](const Sequence& sequence) {
                       run.marks(state).put_off(from, by);
                       const bool waits = sequence.form == Sequence::Form::then_not;
                       move_due(waits ? sequence.within : run.rule->open_for);
                       if (waits && state.since > from) state.since += by;
                   },
                   [](const Days&) {},      // days of the wall clock
                   [](const Baseline&) {},  // likewise
               },
               run.rule->condition);
}

}  // namespace menshen::rules
