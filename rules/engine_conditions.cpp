#include <algorithm>

#include "rules/engine_state.hpp"

namespace menshen::rules {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
/// Of a `distinct`, beyond the limit: the evidence says how many there are, not only that they are too many.
constexpr std::size_t kMoreValues = 15;

bool went_out(const Record& record) { return record.kind == Kind::passage && record.side == Side::out; }

}  // namespace

void Engine::State::on_match(RuleRun& run, Index subject, Context& context) {
    const auto& condition = run.rule->condition;
    const bool is_absent = std::holds_alternative<Absent>(condition);
    if (!is_absent && run.matcher.excused(context.tags)) return;
    const bool on_days = std::holds_alternative<Days>(condition) || std::holds_alternative<Baseline>(condition);
    if (on_days && !context.record.wall_is_trusted) return;
    auto* state = state_for(run, subject);
    if (state == nullptr) return;
    std::visit([&](const auto& of_kind) { on_match(of_kind, run, *state, context); }, condition);
}

void Engine::State::on_match(const Each& each, RuleRun& run, SubjectState& state, Context& context) {
    if (state.alert != kNone || context.now < state.since) return;
    if (!raise(run, state, cause_of(context), context.record.id(), context.out)) return;
    state.since = context.now + each.cooldown.count();
    if (run.rule->resolve == Resolve::automatic) set_due(run, state, context.now + run.rule->open_for.count());
}

void Engine::State::on_match(const Absent& absent, RuleRun& run, SubjectState& state, Context& context) {
    const auto& record = context.record;
    const auto door = subject_of(Per::door, context);
    if (door != kRefused) state.door = door;
    settle(run, state, record.at, context.out);
    if (absent.budget) learn_silence(absent, run, state, record);
    state.seen_ms = record.at.time.since_epoch.count();
    state.seen_offset = static_cast<std::int16_t>(record.at.offset.count());
    begin_silence(run, state, cause_of(context));
    if (went_out(record)) {
        state.went_out = true;
        set_due(run, state, silence_due(run, state));
    }
}

/// Before the silence is over: it tells how long this person is silent when all is well. Not so if it was excused, if the gate
/// was blind, or if the person was out.
void Engine::State::learn_silence(const Absent&, RuleRun& run, SubjectState& state, const Record& record) {
    auto& model = run.learned(state).model;
    const bool is_whole = state.member && !state.suspended && !state.spoiled && !state.went_out && state.seen_ms != kNever;
    if (!record.wall_is_trusted) return;
    if (is_whole) {
        model.add_mark(record.at, Millis{clock_.now() - state.since});
    } else {
        model.restart(record.at);
    }
}

void Engine::State::mark_start(SubjectState& state, const Cause& cause) {
    const auto& epoch = cause.record != nullptr ? cause.record->epoch : position_.epoch;
    if (state.start_epoch == kNone || epochs_.name(state.start_epoch) != epoch) state.start_epoch = epochs_.add(epoch);
    state.start_seq = cause.record != nullptr ? cause.record->seq : position_.seq;
}

/// From now on the silence counts, unless the subject is excused.
void Engine::State::begin_silence(RuleRun& run, SubjectState& state, const Cause& cause) {
    const auto* facts = run.rule->per == Per::person ? persons_.find(state.subject) : nullptr;
    if (!state.member) ++run.members;
    if (!held_back_.empty()) held_back_.erase({index_of(run), state.subject});
    state.member = true;
    state.latched = state.spoiled = state.went_out = false;
    state.suspended = run.matcher.excused({facts == nullptr ? 0 : facts->mask, gate_mask_});
    state.since = cause.point;
    mark_start(state, cause);
    const auto& absent = std::get<Absent>(run.rule->condition);
    if (absent.budget && !state.suspended) {
        auto& learned = run.learned(state);
        const bool is_mark = cause.record != nullptr && state.seen_ms == cause.at.time.since_epoch.count();
        if (!is_mark) state.spoiled = true;  // begun by the end of an excuse: its true begin is not known
        const bool knows_hour = cause.record == nullptr || cause.record->wall_is_trusted;
        learned.threshold = (knows_hour ? absent.at_least : absent.at_most).count();
        learned.asked = !knows_hour;
    }
    set_due(run, state, silence_due(run, state));
}

/// True when the silence has to go on for longer than was thought; its deadline is then set.
bool Engine::State::ask_model(RuleRun& run, SubjectState& state) {
    const auto& absent = std::get<Absent>(run.rule->condition);
    if (!absent.budget || state.went_out) return false;
    auto& learned = run.learned(state);
    if (learned.asked) return false;
    learned.asked = true;
    const auto sharing = absent.budget->per_subject ? 1.0 : static_cast<double>(std::max<std::size_t>(1, run.members));
    const SilenceBudget budget{absent.budget->alerts_per_30d / sharing, absent.at_least, absent.at_most};
    const auto limit = learned.model.usual_until(local(clock_.stamp_at(state.since)), budget);
    learned.threshold = std::clamp(limit, absent.at_least, absent.at_most).count();
    if (limit <= absent.at_least) return false;
    set_due(run, state, silence_due(run, state));
    return true;
}

Point Engine::State::silence_due(RuleRun& run, const SubjectState& state) const {
    if (!state.member || state.suspended || state.latched || run.blind) return kNever;
    const auto& absent = std::get<Absent>(run.rule->condition);
    const bool is_learned = absent.budget && !state.went_out;
    const auto due = state.since + (is_learned ? run.learned(state).threshold : absent.longest().count());
    const auto held = held_back_.empty() ? held_back_.end() : held_back_.find({index_of(run), state.subject});
    return held == held_back_.end() ? due : std::max(due, held->second.at);
}

/// The subject is none any more. If it becomes one again nothing of now is left but what was learned.
void Engine::State::end_watch(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out) {
    settle(run, state, cause.at, out);
    held_back_.erase({index_of(run), state.subject});
    if (state.member) --run.members;
    state.member = state.suspended = state.latched = state.spoiled = state.went_out = false;
    state.seen_ms = kNever;
    state.seen_offset = 0;
    state.door = kNone;
    set_due(run, state, kNever);
}

/// While `unless` holds nothing counts; an alert that is open then has its explanation, and is resolved. When it ends the silence
/// begins anew.
void Engine::State::excuse(RuleRun& run, SubjectState& state, bool excused, const Cause& cause, Changes& out) {
    if (excused == state.suspended) return;
    if (!excused) return begin_silence(run, state, cause);
    settle(run, state, cause.at, out);
    held_back_.erase({index_of(run), state.subject});
    state.suspended = true;
    state.latched = false;
    set_due(run, state, kNever);
}

void Engine::State::on_match(const Count& count, RuleRun& run, SubjectState& state, Context& context) {
    const auto limit = count.limit.of(count.limit.by_household ? household_size(context) : 0);
    if (!limit) return;
    const std::size_t most = std::size_t{*limit} + 1;
    auto& recent = run.recent(state);
    ring_bytes_ += static_cast<std::size_t>(recent.push(context.now, most));  // may be negative: it wraps and comes back
    // The window is open at its old end: a match exactly `over` ago has left it.
    if (recent.size() < most || context.now - recent.oldest() >= count.over.count()) return;
    if (!state.latched) state.latched = raise(run, state, cause_of(context), context.record.id(), context.out);
    set_due(run, state, recent.oldest() + count.over.count());
}

void Engine::State::on_match(const Distinct& distinct, RuleRun& run, SubjectState& state, Context& context) {
    const auto limit = distinct.limit.of(distinct.limit.by_household ? household_size(context) : 0);
    const auto value = value_of(distinct.of, context);
    if (!limit || value == kNone) return;
    auto& window = run.distinct(state);
    ring_bytes_ += window.put(value, context.now, std::size_t{*limit} + 1 + kMoreValues);
    if (window.count_after(context.now - distinct.over.count()) <= *limit) return;
    if (!state.latched) state.latched = raise(run, state, cause_of(context), context.record.id(), context.out);
    // When so many have left the window that no more than the limit remain.
    set_due(run, state, window.nth_latest(std::size_t{*limit} + 1) + distinct.over.count());
}

Index Engine::State::value_of(Of of, Context& context) {
    const auto& record = context.record;
    const auto named = [&](const std::string& name) {
        if (name.empty()) return kNone;
        return full_ ? values_.find(name) : values_.add(name);
    };
    switch (of) {
        case Of::person:
            return named(record.person.str());
        case Of::stranger:
            return named(record.stranger.str());
        case Of::who:
            return named(record.person.empty() ? record.stranger.str() : record.person.str());
        case Of::card:
            return named(record.card.str());
        case Of::door:
            return named(record.door.str());
        case Of::household:
            return named(record.household.str());
        case Of::device:
            return named(record.device.str());
        case Of::side:
            return record.side ? named(std::string(to_text(*record.side))) : kNone;
        case Of::none:
            break;
    }
    return kNone;
}

void Engine::State::on_match(const Days& days, RuleRun& run, SubjectState& state, Context& context) {
    auto& marks = run.days(state);
    marks.add(context.record.at.local_day());
    const bool holds = days.consecutive > 0 ? marks.run() >= days.consecutive : marks.within(days.within) >= days.at_least;
    if (!holds) return;
    if (!state.latched) state.latched = raise(run, state, cause_of(context), context.record.id(), context.out);
    set_due(run, state, point_of(day_due(run, state)));
}

FrequencyLimits Engine::State::limits_of(const Baseline& baseline, const RuleRun& run) const {
    const auto sharing = baseline.budget.per_subject ? 1.0 : static_cast<double>(std::max<std::size_t>(1, run.states.size()));
    return {baseline.budget.alerts_per_30d / sharing,
            static_cast<int>(std::max<std::int64_t>(1, baseline.over.count() / kDayMs))};
}

void Engine::State::on_match(const Baseline& baseline, RuleRun& run, SubjectState& state, Context& context) {
    auto& model = run.frequency(state);
    model.add_use(context.record.at, limits_of(baseline, run), run.population);
    if (!model.unusual()) {
        // Days were closed by this use, and with them the alert of before.
        if (state.latched) settle(run, state, context.record.at, context.out);
        state.latched = false;
        return set_due(run, state, kNever);
    }
    if (!state.latched) state.latched = raise(run, state, cause_of(context), context.record.id(), context.out);
    set_due(run, state, point_of(day_due(run, state)));
}

void Engine::State::on_due_baseline(const Baseline& baseline, RuleRun& run, SubjectState& state, const Cause& cause,
                                    Changes& out) {
    auto& model = run.frequency(state);
    model.close_days(model.open_day() + 1, limits_of(baseline, run), run.population);
    if (model.unusual()) return set_due(run, state, point_of(day_due(run, state)));
    state.latched = false;
    settle(run, state, cause.at, out);
}

/// The first local day on which the condition holds no longer, if nothing more matches.
std::int64_t Engine::State::run_breaks_on(const Days& days, const DayMarks& marks) const {
    return days.consecutive > 0 ? marks.latest + 2 : marks.nth(days.at_least) + days.within;
}

/// Wall time of the midnight at which the state has to be looked at.
std::int64_t Engine::State::day_due(const RuleRun& run, const SubjectState& state) const {
    const auto* days = std::get_if<Days>(&run.rule->condition);
    const auto day = days != nullptr ? run_breaks_on(*days, run.days(state)) : run.frequency(state).open_day() + 1;
    return local_at(day, 0ms).time.since_epoch.count();
}

Stamp Engine::State::local_at(std::int64_t day, Millis time_of_day) const {
    const auto local_ms = Millis{day * kDayMs} + time_of_day;
    const auto by = [&](std::chrono::minutes offset) { return local(Stamp{WallTime{local_ms - offset}, offset}); };
    const auto guess = by(clock_.last().at.offset);
    // The offset may change between now and then.
    return guess.offset == clock_.last().at.offset ? guess : by(guess.offset);
}

void Engine::State::on_due(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out) {
    const auto& condition = run.rule->condition;
    if (std::holds_alternative<Absent>(condition)) return on_due_absent(run, state, cause, out);
    if (const auto* baseline = std::get_if<Baseline>(&condition)) return on_due_baseline(*baseline, run, state, cause, out);
    const auto* sequence = std::get_if<Sequence>(&condition);
    if (sequence != nullptr && sequence->form == Sequence::Form::then_not) {
        state.latched = raise(run, state, cause, Position{epochs_.name(state.start_epoch), state.start_seq}.text(), out);
        return;
    }
    state.latched = false;
    settle(run, state, cause.at, out);
}

void Engine::State::on_due_absent(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out) {
    if (ask_model(run, state)) return;
    state.latched = true;
    if (raise(run, state, cause, Position{epochs_.name(state.start_epoch), state.start_seq}.text(), out)) return;
    // Beyond this moment whatever the clocks say: else it would come again at once, and for ever.
    hold_back(run, state, {std::max(cause.point + 1, muted_until(run, state.subject, cause.point).value_or(0)), Holder::mute});
}

}  // namespace menshen::rules
