// What becomes of an alert while it is open: it waits for the hours in which it may be told, repeats, escalates, is acknowledged or
// snoozed; mutes hold alerts back; a storm of them is told as one.

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
    if (severity == AlertSeverity::critical || !rule.notify_between || !clock_.last().wall_is_trusted) return true;
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
    if (alert.state == AlertState::pending) return by_wall(alert.notify_ms);
    if (alert.state == AlertState::acknowledged) return by_wall(alert.until_ms);
    if (alert.bundled || alert.rule == kBlindRule) return OpenAlert::kForever;
    auto out = alert.repeat_at;
    const auto& steps = rule_of(alert).escalate;
    if (alert.escalated < steps.size()) out = std::min<Point>(out, alert.began + steps[alert.escalated].after.count());
    return out == OpenAlert::kForever ? out : std::max(out, alert.postponed);
}

void Engine::State::plan(Index index) { book_.set_timer(index, next_change(book_.at(index))); }

void Engine::State::on_timer(Index index, const Cause& cause, Changes& out) {
    auto& alert = book_.at(index);
    const auto& rule = rule_of(alert);
    if (alert.closes_at <= cause.point) return end_in_book(index, cause.at, "auto", out);
    if (alert.state == AlertState::pending) {
        begin_to_fire(alert, rule, cause.point);
        if (!alert.bundled) add_recipients(alert, alert.subject == kNone ? alert.to : rule.to, cause.at);
        refresh(alert, cause.point);
        tell(alert, cause.at, "notify", out);
    } else if (alert.state == AlertState::acknowledged) {
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
    if (rule.repeat_every && alert.repeat_at <= cause.point) alert.repeat_at = cause.point + rule.repeat_every->count();
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
    book_.remove(index);
    if (index == blind_alert_) blind_alert_ = kNone;
    if (rule == kBlindRule) return;
    auto& run = runs_[rule];
    if (run.summary == index) run.summary = kNone;
    if (bundled) leave_storm(run, context.record.at, context.out);
    auto* state = subject == kNone ? nullptr : run.find(subject);
    if (state == nullptr) return;
    state->alert = kNone;
    if (std::holds_alternative<Baseline>(run.rule->condition) && change.reason != "true") {
        run.frequency(*state).accept(run.population);  // somebody looked: so much is usual from now on
        state->latched = false;
        set_due(run, *state, kNever);
    }
    // A silence that goes on may be told again.
    if (!std::holds_alternative<Absent>(run.rule->condition) || !state->latched || !run.rule->repeat_every) return;
    state->latched = false;
    mark_start(*state, cause_of(context));
    set_due(run, *state, context.now + run.rule->repeat_every->count());
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
    std::erase_if(mutes_, [&](const auto& mute) { return mute.second <= record.at.time.since_epoch.count(); });
    if (!lifts && mutes_.size() >= kMostMutes) return;
    if (lifts) {
        mutes_.erase({rule, subject});
    } else {
        mutes_[{rule, subject}] = until_ms;
    }
    const auto* named = rules_->find(RuleId(rule));
    if (named == nullptr) return;
    auto& run = runs_[static_cast<std::size_t>(named - rules_->rules.data())];
    for (const auto slot : run.by_name(names(named->per))) {
        auto& state = run.states[slot];
        if (!subject.empty() && subject_name(run, state) != subject) continue;
        if (state.alert != kNone && !lifts) {
            auto& alert = book_.at(state.alert);
            alert.note = fmt::format("{}: {}", text_of(record, "by"), record.reason);
            alert.state = AlertState::resolved;
            const auto index = std::exchange(state.alert, kNone);
            end_in_book(index, record.at, "muted", context.out);
            if (!std::holds_alternative<Absent>(named->condition)) continue;
            mark_start(state, cause_of(context));  // what is told after it is another alert
            after_mute(run, state, until_ms);
        } else if (lifts && std::holds_alternative<Absent>(named->condition) && state.alert == kNone) {
            state.latched = false;
            set_due(run, state, std::max(context.now, silence_due(run, state)));
        }
    }
}

/// The silence that was held back is told when the mute is over, if it still is on.
void Engine::State::after_mute(RuleRun& run, SubjectState& state, std::int64_t until_ms) {
    state.latched = false;
    const auto due = silence_due(run, state);
    if (due != kNever) set_due(run, state, std::max(due, point_of(until_ms)));
}

std::optional<std::int64_t> Engine::State::muted_until(const RuleRun& run, Index subject, const Stamp& at) const {
    if (mutes_.empty()) return std::nullopt;
    const auto& rule = run.rule->id.str();
    std::int64_t until = 0;
    for (const auto& name : {std::string(), names(run.rule->per).name(subject)}) {
        const auto it = mutes_.find({rule, name});
        if (it != mutes_.end()) until = std::max(until, it->second);
    }
    return until > at.time.since_epoch.count() ? std::optional(until) : std::nullopt;
}

std::vector<Mute> Engine::State::mutes() const {
    std::vector<Mute> out;
    for (const auto& [key, until] : mutes_) {
        if (until > clock_.last().at.time.since_epoch.count()) out.push_back({key.first, key.second, WallTime{Millis{until}}});
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
        tell(alert, cause.at, "more", out);
    }
    plan(run.summary);
}

void Engine::State::leave_storm(RuleRun& run, const Stamp& at, Changes& out) {
    if (run.bundled_open > 0) --run.bundled_open;
    if (run.bundled_open == 0 && run.summary != kNone) end_in_book(run.summary, at, "auto", out);
}

}  // namespace menshen::rules
