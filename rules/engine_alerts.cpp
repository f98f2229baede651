#include <algorithm>

#include "rules/engine_state.hpp"
#include "rules/text.hpp"

namespace menshen::rules {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::string date_of(std::int64_t day) { return to_text(Stamp{WallTime{Millis{day * kDayMs}}, {}}).substr(0, 10); }

std::string stamp_text(std::int64_t ms, std::int16_t offset) {
    return to_text(Stamp{WallTime{Millis{ms}}, std::chrono::minutes{offset}});
}

Text storm_text(const Rule& rule) {
    return {rule.title.zh + ":短时间内{count}起,可能出于同一原因,合并通知:{values}",
            rule.title.en + ": {count} within minutes, likely of one cause, told together: {values}"};
}

}  // namespace

bool Engine::State::raise(RuleRun& run, SubjectState& state, const Cause& cause, const std::string& started_by, Changes& out) {
    if (state.alert != kNone) return book_.at(state.alert).swallowed = true;
    if (muted_until(run, state.subject, cause.point)) return false;
    OpenAlert alert;
    alert.id = alert_id(settings_.id_key, run.rule->id.str(), subject_name(run, state), started_by);
    alert.rule = index_of(run);
    alert.subject = state.subject;
    alert.severity = run.rule->severity;
    alert.at = alert.fired_at = cause.at;
    alert.evidence = evidence(run, state, cause);
    alert.bundled = count_storm(run, cause.point);
    begin_life(alert, *run.rule, cause);
    out.push_back(change_of(alert));
    state.alert = book_.add(std::move(alert));
    plan(state.alert);
    if (book_.at(state.alert).bundled) tell_storm(run, book_.at(state.alert), cause, out);
    return true;
}

void Engine::State::settle(RuleRun& run, SubjectState& state, const Stamp& at, Changes& out) {
    if (run.rule->resolve == Resolve::automatic) end_alert(state, at, out);
}

void Engine::State::end_alert(SubjectState& state, const Stamp& at, Changes& out) {
    if (state.alert == kNone) return;
    const auto index = state.alert;
    state.alert = kNone;
    end_in_book(index, at, "auto", out);
}

void Engine::State::end_in_book(Index index, const Stamp& at, const char* reason, Changes& out) {
    auto& alert = book_.at(index);
    const auto rule = alert.rule;
    const bool bundled = alert.bundled;
    alert.state = AlertState::resolved;
    tell(alert, at, reason, out);
    book_.remove(index);
    if (index == blind_alert_) blind_alert_ = kNone;
    if (rule == kBlindRule) return;
    if (runs_[rule].summary == index) runs_[rule].summary = kNone;
    if (bundled) leave_storm(runs_[rule], at, out);
}

void Engine::State::tell(OpenAlert& alert, const Stamp& at, const char* reason, Changes& out) {
    alert.at = at;
    ++alert.number;
    alert.by.clear();
    if (alert.state != AlertState::resolved || std::string_view(reason) == "auto") alert.note.clear();
    auto change = change_of(alert);
    change.reason = reason;
    out.push_back(std::move(change));
}

const Rule& Engine::State::rule_of(const OpenAlert& alert) const {
    return alert.rule == kBlindRule ? blind_rule_ : *runs_[alert.rule].rule;
}

AlertChange Engine::State::change_of(const OpenAlert& alert) const {
    const auto& rule = rule_of(alert);
    const bool is_summary = alert.subject == kNone && alert.rule != kBlindRule;
    AlertChange out;
    out.id = alert.id;
    out.change = alert.number;
    out.rule = rule.id;
    out.per = is_summary ? "rule" : to_text(rule.per);
    out.subject = is_summary ? rule.id.str() : alert.subject == kNone ? settings_.gate : names(rule.per).name(alert.subject);
    out.state = alert.state;
    out.severity = alert.severity;
    out.at = alert.at;
    out.fired_at = alert.fired_at;
    out.to = alert.to;
    out.evidence = alert.evidence;
    out.title_zh = rule.title.zh;
    out.title_en = rule.title.en;
    auto text = render(is_summary ? storm_text(rule) : rule.text, alert.evidence);
    out.text_zh = std::move(text.zh);
    out.text_en = std::move(text.en);
    out.by = alert.by;
    out.note = alert.note;
    if (alert.until_ms != OpenAlert::kForever && alert.state == AlertState::acknowledged) {
        out.until = local(Stamp{WallTime{Millis{alert.until_ms}}, alert.at.offset});
    }
    return out;
}

std::map<std::string, Value> Engine::State::evidence(const RuleRun& run, const SubjectState& state, const Cause& cause) const {
    std::map<std::string, Value> out;
    out["gate"] = settings_.gate;
    out["time"] = to_text(cause.at);
    add_record_evidence(run, state, cause, out);
    if (run.rule->per != Per::gate) out[std::string(to_text(run.rule->per))] = subject_name(run, state);
    if (const auto person = out.find("person"); person != out.end() && !out.contains("household")) {
        const auto* facts = persons_.find(names(Per::person).find(std::get<std::string>(person->second)));
        if (facts != nullptr && !facts->household.empty()) out["household"] = facts->household;
    }
    add_condition_evidence(run, state, cause, out);
    return out;
}

/// The records that the alert rests on, and what they say.
void Engine::State::add_record_evidence(const RuleRun& run, const SubjectState& state, const Cause& cause,
                                        std::map<std::string, Value>& out) const {
    const auto put = [&](const char* key, const std::string& value) {
        if (!value.empty()) out[key] = value;
    };
    std::vector<std::string> records;
    if (cause.first != nullptr) {
        records.push_back(Position{epochs_.name(cause.first->epoch), cause.first->seq}.text());
        out["first_time"] = stamp_text(cause.first->ms, cause.first->offset);
        if (cause.first->value != kNone) out["other"] = values_.name(cause.first->value);
    }
    if (cause.record != nullptr) {
        const auto& record = *cause.record;
        put("person", record.person.str());
        put("household", record.household.str());
        put("card", record.card.str());
        put("stranger", record.stranger.str());
        put("door", record.door.str());
        put("device", record.device.str());
        put("reason", record.reason);
        put("record", record.id());
        records.push_back(record.id());
    } else {
        if (state.door != kNone) out["door"] = names(Per::door).name(state.door);
        if (state.start_epoch != kNone) records.push_back(Position{epochs_.name(state.start_epoch), state.start_seq}.text());
    }
    if (std::holds_alternative<Sequence>(run.rule->condition) && cause.record == nullptr && state.seen_ms != kNever) {
        out["first_time"] = stamp_text(state.seen_ms, state.seen_offset);
    }
    if (!records.empty()) out["records"] = std::move(records);
}

void Engine::State::add_condition_evidence(const RuleRun& run, const SubjectState& state, const Cause& cause,
                                           std::map<std::string, Value>& out) const {
    const auto limit_of = [&](std::size_t most) { out["threshold"] = static_cast<std::int64_t>(most); };
    std::visit(Match{
                   [](const Each&) {},
                   [&](const Absent& absent) { add_silence_evidence(absent, run, state, cause, out); },
                   [&](const Count& count) {
                       const auto& recent = run.recent(state);
                       out["count"] = static_cast<std::int64_t>(recent.size());
                       out["over_ms"] = std::int64_t{count.over.count()};
                       limit_of(recent.size() - 1);
                       out["window_begins"] = to_text(local(clock_.stamp_at(recent.oldest())));
                   },
                   [&](const Distinct& distinct) {
                       const auto since = cause.point - distinct.over.count();
                       std::vector<std::string> values;
                       for (const auto& entry : run.distinct(state).entries()) {
                           if (entry.at > since) values.push_back(values_.name(entry.value));
                       }
                       out["count"] = static_cast<std::int64_t>(values.size());
                       out["over_ms"] = std::int64_t{distinct.over.count()};
                       // It fires at the first value too many.
                       limit_of(distinct.limit.by_household ? values.size() - 1 : distinct.limit.more_than);
                       std::sort(values.begin(), values.end());
                       out["values"] = std::move(values);
                   },
                   [&](const Days& days) {
                       const auto& marks = run.days(state);
                       const bool in_a_row = days.consecutive > 0;
                       const auto n = in_a_row ? marks.run() : marks.within(days.within);
                       out["days"] = std::int64_t{n};
                       limit_of(in_a_row ? days.consecutive : days.at_least);
                       if (!in_a_row) out["within"] = std::int64_t{days.within};
                       std::vector<std::string> dates;
                       for (auto i = n; i > 0; --i) dates.push_back(date_of(marks.nth(i)));
                       out["dates"] = std::move(dates);
                   },
                   [&](const Baseline& baseline) {
                       const auto found = run.frequency(state).evidence(limits_of(baseline, run), run.population);
                       out["count"] = std::int64_t{found.count};
                       out["usual"] = fmt::format("{:.1f}", found.usual);
                       out["over_ms"] = std::int64_t{baseline.over.count()};
                       out["since"] = date_of(found.since_day);
                       out["raised_count"] = std::int64_t{found.raised_count};
                       out["raised_usual"] = fmt::format("{:.1f}", found.raised_usual);
                       out["raised_days"] = std::int64_t{found.raised_days};
                   },
                   [&](const Sequence& sequence) { out["within_ms"] = std::int64_t{sequence.within.count()}; },
               },
               run.rule->condition);
}

void Engine::State::add_silence_evidence(const Absent& absent, const RuleRun& run, const SubjectState& state, const Cause& cause,
                                         std::map<std::string, Value>& out) const {
    out["silence_ms"] = std::int64_t{cause.point - state.since};
    const bool is_learned = absent.budget && !state.went_out;
    out["threshold_ms"] = is_learned ? run.learned(state).threshold : std::int64_t{absent.longest().count()};
    if (auto dead = dead_sources(run); !dead.empty()) out["blind_sources"] = std::move(dead);
    if (absent.budget) {
        const auto since = local(clock_.stamp_at(state.since));
        const auto usual = run.learned(state).model.usual_silence(since);
        if (usual > 0ms) out["usual_ms"] = std::int64_t{usual.count()};
    }
    if (state.seen_ms != kNever) out["last_seen"] = stamp_text(state.seen_ms, state.seen_offset);
}

Engine::State::Changes Engine::State::open_alerts() const {
    Changes out;
    for (const auto& [index, alert] : book_.open()) out.push_back(change_of(alert));
    std::sort(out.begin(), out.end(), [](const AlertChange& a, const AlertChange& b) {
        return std::tie(a.fired_at.time, a.id) < std::tie(b.fired_at.time, b.id);
    });
    return out;
}

Result<AlertChange> Engine::State::change_by_person(const AlertId& id, const Said& said, Saying what, const Now& now) {
    const auto index = book_.find(id);
    if (index == kNone) return fail("no open alert has the id \"{}\"; `menshen alerts` lists those that are open", id.str());
    if (said.by.empty()) return fail("a change of an alert must say who makes it");
    if (said.until && said.until->time <= now.wall.time) return fail("{} is past; name a later time", to_minutes(*said.until));
    auto& alert = book_.at(index);
    // Its record would come behind a deadline that has passed but was not noticed yet, and find the alert gone.
    const auto ran = clock_.read(moment_of(now)).ran;
    const auto* state = alert.subject == kNone ? nullptr : runs_[alert.rule].find(alert.subject);
    const bool ends_by_time = state != nullptr && runs_[alert.rule].rule->resolve == Resolve::automatic &&
                              !std::holds_alternative<Absent>(runs_[alert.rule].rule->condition) && state->due <= ran;
    if (ends_by_time || alert.closes_at <= ran) return fail("the alert \"{}\" has just ended by itself", id.str());
    if (alert.timer <= ran) return fail("the alert \"{}\" is just changing by itself; say it again", id.str());
    ++alert.number;
    auto change = change_of(alert);
    change.at = now.wall;
    change.by = said.by;
    change.note = said.note;
    switch (what) {
        case Saying::acknowledge:
        case Saying::snooze:
            change.state = AlertState::acknowledged;
            change.until = said.until;
            if (what == Saying::snooze) change.reason = "snoozed";
            break;
        case Saying::note:
            change.reason = "note";
            break;
        case Saying::close:
            change.state = AlertState::resolved;
            change.reason = said.reason;
            break;
    }
    return change;
}

}  // namespace menshen::rules
