// What becomes of an alert while it is open: it waits for the hours in which it may be told, repeats, escalates, is acknowledged
// or snoozed; mutes hold alerts back; a storm of them is told as one.

#include <algorithm>

#include "rules/engine_state.hpp"

namespace menshen::rules {

namespace {

constexpr std::int64_t kStormSpan = 600'000;
constexpr std::size_t kMostMutes = 1000;
constexpr std::size_t kMostNames = 50;

const std::string& text_of(const Record& record, const char* key) {
    static const std::string none;
    const auto it = record.more.find(key);
    const auto* text = it == record.more.end() ? nullptr : std::get_if<std::string>(&it->second);
    return text == nullptr ? none : *text;
}

}  // namespace

bool Engine::State::may_notify(const Rule& rule, AlertSeverity severity, const Stamp& at) const {
    if (severity == AlertSeverity::critical || !rule.notify_between || !wall_is_trusted_) return true;
    return rule.notify_between->holds(at, rules_->calendar);
}

std::optional<Stamp> Engine::State::next_notify(const Rule& rule, const Stamp& at) const {
    const auto begin = rule.notify_between->next_begin({at.local_day(), at.time_of_day()}, rules_->calendar);
    return begin ? std::optional(local_at(begin->day, begin->time_of_day)) : std::nullopt;
}

void Engine::State::begin_life(OpenAlert& alert, const Rule& rule, const Cause& cause) {
    if (!alert.bundled) add_recipients(alert, rule.to, cause.at);
    begin_to_fire(alert, rule, cause.point);
    if (may_notify(rule, alert.severity, cause.at)) return;
    const auto begin = next_notify(rule, cause.at);
    if (!begin) return;
    alert.state = AlertState::pending;
    alert.notify_ms = begin->time.since_epoch.count();
}

void Engine::State::begin_to_fire(OpenAlert& alert, const Rule& rule, Point now) {
    alert.state = AlertState::firing;
    alert.began = now;
    alert.postponed = now;
    alert.notify_ms = alert.until_ms = OpenAlert::kForever;
    alert.repeat_at = rule.repeat_every ? now + rule.repeat_every->count() : OpenAlert::kForever;
}

void Engine::State::add_recipients(OpenAlert& alert, const std::vector<RecipientId>& to, const Stamp& at) const {
    for (auto& id : on_duty(to, rules_->recipients, at, rules_->calendar)) {
        if (std::find(alert.to.begin(), alert.to.end(), id) == alert.to.end()) alert.to.push_back(std::move(id));
    }
}

Point Engine::State::next_change(const OpenAlert& alert) const {
    const auto by_wall = [&](std::int64_t ms) { return ms == OpenAlert::kForever ? OpenAlert::kForever : point_of(ms); };
    if (alert.closes_at != OpenAlert::kForever) return alert.closes_at;
    // Without a clock nobody knows the hour: what waits for one is told.
    if (alert.state == AlertState::pending) return wall_is_trusted_ ? by_wall(alert.notify_ms) : clock_.now();
    if (alert.state == AlertState::acknowledged) return by_wall(alert.until_ms);
    if (alert.bundled || alert.rule == kBlindRule) return OpenAlert::kForever;
    auto out = alert.repeat_at;
    const auto& steps = rule_of(alert).escalate;
    if (alert.escalated < steps.size()) out = std::min<Point>(out, alert.began + steps[alert.escalated].after.count());
    if (out == OpenAlert::kForever || out >= alert.postponed) return out;
    // What was postponed waits for its hour, but for the step that makes the alert critical.
    for (auto i = alert.escalated; i < steps.size(); ++i) {
        if (steps[i].severity != AlertSeverity::critical) continue;
        return std::min(alert.postponed, std::max(out, alert.began + steps[i].after.count()));
    }
    return alert.postponed;
}

void Engine::State::plan(Index index) { book_.set_timer(index, next_change(book_.at(index))); }

void Engine::State::on_timer(Index index, const Cause& cause, Changes& out) {
    auto& alert = book_.at(index);
    const auto& rule = rule_of(alert);
    if (alert.closes_at <= cause.point) return end_in_book(index, cause.at, "auto", out);
    if (alert.state == AlertState::pending) {
        begin_to_fire(alert, rule, cause.point);
        alert.to.clear();  // nobody was told yet, and others may be on duty now
        if (!alert.bundled) add_recipients(alert, rule.to, cause.at);
        refresh(alert, cause.point);
        tell(alert, cause.at, "notify", out);
    } else if (alert.state == AlertState::acknowledged) {
        const auto begin = may_notify(rule, alert.severity, cause.at) ? std::nullopt : next_notify(rule, cause.at);
        if (begin) {
            alert.until_ms = begin->time.since_epoch.count();  // quiet for the night as well
            return plan(index);
        }
        begin_to_fire(alert, rule, cause.point);
        if (alert.rule == kBlindRule || alert.bundled) alert.repeat_at = OpenAlert::kForever;
        refresh(alert, cause.point);
        tell(alert, cause.at, "awake", out);
    } else {
        make_noise(alert, rule, cause, out);
    }
    plan(index);
}

/// A repeat or an escalation is due; an escalation that falls together with a repeat is told once.
void Engine::State::make_noise(OpenAlert& alert, const Rule& rule, const Cause& cause, Changes& out) {
    auto steps = alert.escalated;
    auto severity = alert.severity;
    while (steps < rule.escalate.size() && alert.began + rule.escalate[steps].after.count() <= cause.point) {
        severity = std::max(severity, rule.escalate[steps++].severity.value_or(severity));
    }
    const bool escalates = steps > alert.escalated;
    if (!may_notify(rule, severity, cause.at)) {
        const auto begin = next_notify(rule, cause.at);
        // Never by itself while no hour is one in which it may be told.
        alert.postponed = begin ? std::max(cause.point + 1, point_of(begin->time.since_epoch.count())) : OpenAlert::kForever - 1;
        return;
    }
    alert.severity = severity;
    for (; alert.escalated < steps; ++alert.escalated) add_recipients(alert, rule.escalate[alert.escalated].to, cause.at);
    if (alert.repeat_at <= cause.point) {
        // The rule's words may have changed since.
        alert.repeat_at = rule.repeat_every ? cause.point + rule.repeat_every->count() : OpenAlert::kForever;
    }
    if (!escalates) add_recipients(alert, rule.to, cause.at);
    refresh(alert, cause.point);
    tell(alert, cause.at, escalates ? "escalated" : "repeat", out);
}

/// A silence has grown since it was told of first.
void Engine::State::refresh(OpenAlert& alert, Point now) const {
    if (alert.subject == kNone || !alert.evidence.contains("silence_ms")) return;
    const auto* state = const_cast<RuleRun&>(runs_[alert.rule]).find(alert.subject);
    if (state != nullptr) alert.evidence["silence_ms"] = std::int64_t{now - state->since};
}

/// What a person said, when its record has come.
void Engine::State::apply_saying(Index index, const AlertChange& change, const Context& context) {
    auto& alert = book_.at(index);
    if (change.reason == "note") {
        alert.note = change.note;
        return;
    }
    alert.state = change.state;
    alert.at = change.at;
    alert.by = change.by;
    alert.note = change.note;
    alert.until_ms = change.until ? change.until->time.since_epoch.count() : OpenAlert::kForever;
    if (change.state != AlertState::resolved) return plan(index);
    const auto rule = alert.rule;
    const auto subject = alert.subject;
    const bool bundled = alert.bundled;
    const bool swallowed = alert.swallowed;
    book_.remove(index);
    if (index == blind_alert_) blind_alert_ = kNone;
    if (rule == kBlindRule) return;
    auto& run = runs_[rule];
    if (run.summary == index) {
        run.summary = kNone;
        return close_bundled(run, change, context);
    }
    auto* state = run.find(subject);
    if (state != nullptr) state->alert = kNone;
    if (bundled) leave_storm(run, context.record.at, context.out);
    if (state != nullptr) after_close(run, *state, {swallowed, change.reason}, context);
}

/// The condition may still hold, or hold anew since it was told.
void Engine::State::after_close(RuleRun& run, SubjectState& state, const Closed& closed, const Context& context) {
    if (std::holds_alternative<Baseline>(run.rule->condition) && closed.reason != "true") {
        run.frequency(state).accept(run.population);  // somebody looked: so much is usual from now on
        state.latched = false;
        return set_due(run, state, kNever);
    }
    if (!state.latched) return;
    const bool is_silence = std::holds_alternative<Absent>(run.rule->condition);
    const auto* sequence = std::get_if<Sequence>(&run.rule->condition);
    const bool awaits = sequence != nullptr && sequence->form == Sequence::Form::then_not;
    if (closed.swallowed) {
        // It fell due while the alert of before was open, and has none of its own.
        state.latched = false;
        if (is_silence || awaits) {
            mark_start(state, cause_of(context));
            set_due(run, state, is_silence ? std::max(context.now, silence_due(run, state)) : context.now);
        }
    } else if (is_silence && run.rule->repeat_every) {
        // A silence that goes on may be told again.
        mark_start(state, cause_of(context));
        hold_back(run, state, {context.now + run.rule->repeat_every->count(), Holder::close});
    }
}

/// Who closes the summary closes what it told of.
void Engine::State::close_bundled(RuleRun& run, const AlertChange& change, const Context& context) {
    for (const auto slot : run.by_name(names(run.rule->per))) {
        auto& state = run.states[slot];
        if (state.alert == kNone || !book_.at(state.alert).bundled) continue;
        const auto index = std::exchange(state.alert, kNone);
        const bool swallowed = book_.at(index).swallowed;
        book_.at(index).note = fmt::format("with the summary, by {}", change.by);
        end_in_book(index, context.record.at, change.reason.c_str(), context.out);
        after_close(run, state, {swallowed, change.reason}, context);
    }
}

void Engine::State::fold_mute(Context& context) {
    const auto& record = context.record;
    if (!record.origin.empty()) return;
    const auto& rule = text_of(record, "rule");
    const auto& subject = text_of(record, "subject");
    const auto until = parse_stamp(text_of(record, "until"));
    if (rule.empty() || !until) return;
    const auto until_ms = until->time.since_epoch.count();
    const bool lifts = until->time <= record.at.time;
    const auto key = std::pair(rule, subject);
    std::erase_if(mutes_, [&](const auto& mute) { return point_of(mute.second) <= context.now; });
    if (lifts) {
        mutes_.erase(key);
    } else if (mutes_.contains(key) || mutes_.size() < kMostMutes) {
        mutes_[key] = until_ms;
    }
    const auto* named = rules_->find(RuleId(rule));
    if (named == nullptr) return;
    auto& run = runs_[static_cast<std::size_t>(named - rules_->rules.data())];
    const bool is_silence = std::holds_alternative<Absent>(named->condition);
    for (const auto slot : run.by_name(names(named->per))) {
        auto& state = run.states[slot];
        if (!subject.empty() && subject_name(run, state) != subject) continue;
        if (state.alert != kNone && !lifts) {
            book_.at(state.alert).note = fmt::format("{}: {}", text_of(record, "by"), record.reason);
            const auto index = std::exchange(state.alert, kNone);
            end_in_book(index, record.at, "muted", context.out);
            if (!is_silence) continue;
            mark_start(state, cause_of(context));  // what is told after it is another alert
            hold_back(run, state, {point_of(until_ms), Holder::mute});
            continue;
        }
        const auto held = held_back_.find({index_of(run), state.subject});
        if (held == held_back_.end() || held->second.by != Holder::mute) continue;
        hold_back(run, state, {muted_until(run, state.subject, context.now).value_or(context.now), Holder::mute});
    }
}

/// What is held back and still on is told at that moment.
void Engine::State::hold_back(RuleRun& run, SubjectState& state, HeldBack held) {
    state.latched = false;
    held_back_[{index_of(run), state.subject}] = held;
    set_due(run, state, silence_due(run, state));
}

std::optional<Point> Engine::State::muted_until(const RuleRun& run, Index subject, Point now) const {
    if (mutes_.empty()) return std::nullopt;
    const auto& rule = run.rule->id.str();
    Point until = now;
    for (const auto& name : {std::string(), names(run.rule->per).name(subject)}) {
        const auto it = mutes_.find({rule, name});
        if (it != mutes_.end()) until = std::max(until, point_of(it->second));
    }
    return until > now ? std::optional(until) : std::nullopt;
}

std::vector<Mute> Engine::State::mutes() const {
    std::vector<Mute> out;
    for (const auto& [key, until] : mutes_) {
        if (point_of(until) > clock_.now()) out.push_back({key.first, key.second, WallTime{Millis{until}}});
    }
    return out;
}

bool Engine::State::count_storm(RuleRun& run, Point now) {
    if (settings_.bundle_after == 0) return false;
    if (run.storm_began == kNever || now - run.storm_began >= kStormSpan) {
        run.storm_began = now;
        run.storm_count = 0;
    }
    return ++run.storm_count > settings_.bundle_after;
}

/// The summary is told when it is raised and whenever it has doubled: its number says how large the storm is, and how often it is
/// told stays small.
void Engine::State::tell_storm(RuleRun& run, const OpenAlert& last, const Cause& cause, Changes& out) {
    ++run.bundled_open;
    const bool is_new = run.summary == kNone;
    if (is_new) {
        OpenAlert alert;
        alert.id = alert_id(settings_.id_key, run.rule->id.str(), "", last.id.str());
        alert.rule = index_of(run);
        alert.severity = run.rule->severity;
        alert.at = alert.fired_at = cause.at;
        alert.evidence["gate"] = settings_.gate;
        alert.evidence["time"] = to_text(cause.at);
        begin_life(alert, *run.rule, cause);
        run.summary = book_.add(std::move(alert));
        run.bundled_told = 0;
    }
    auto& alert = book_.at(run.summary);
    auto& count = alert.evidence["count"];
    const auto told = std::get_if<std::int64_t>(&count);
    const auto now = (told == nullptr ? 0 : *told) + 1;
    count = now;
    auto& values = alert.evidence["values"];
    if (!std::holds_alternative<std::vector<std::string>>(values)) values = std::vector<std::string>{};
    auto& list = std::get<std::vector<std::string>>(values);
    if (list.size() < kMostNames) list.push_back(names(run.rule->per).name(last.subject));
    if (is_new) {
        out.push_back(change_of(alert));
        run.bundled_told = 1;
    } else if (now >= std::int64_t{run.bundled_told} * 2) {
        run.bundled_told = static_cast<std::uint32_t>(now);
        if (alert.state == AlertState::firing) tell(alert, cause.at, "more", out);
    }
    plan(run.summary);
}

void Engine::State::leave_storm(RuleRun& run, const Stamp& at, Changes& out) {
    if (run.bundled_open > 0) --run.bundled_open;
    if (run.bundled_open == 0 && run.summary != kNone) end_in_book(run.summary, at, "auto", out);
}

}  // namespace menshen::rules
