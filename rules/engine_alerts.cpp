#include <algorithm>

#include "rules/engine_state.hpp"
#include "rules/text.hpp"

namespace menshen::rules {

void Engine::State::raise(RuleRun& run, SubjectState& state, const Cause& cause, const std::string& started_by, Changes& out) {
    if (state.alert != kNone) return;
    OpenAlert alert;
    alert.id = alert_id(settings_.id_key, run.rule->id.str(), subject_name(run, state), started_by);
    alert.rule = index_of(run);
    alert.subject = state.subject;
    alert.severity = run.rule->severity;
    alert.to = run.rule->to;
    alert.at = alert.fired_at = cause.at;
    alert.evidence = evidence(run, state, cause);
    out.push_back(change_of(alert));
    state.alert = book_.add(std::move(alert));
}

void Engine::State::settle(RuleRun& run, SubjectState& state, const Stamp& at, Changes& out) {
    if (run.rule->resolve == Resolve::automatic) end_alert(state, at, out);
}

void Engine::State::end_alert(SubjectState& state, const Stamp& at, Changes& out) {
    if (state.alert == kNone) return;
    auto& alert = book_.at(state.alert);
    alert.state = AlertState::resolved;
    alert.at = at;
    ++alert.number;
    alert.by.clear();
    alert.note.clear();
    auto change = change_of(alert);
    change.reason = "auto";
    out.push_back(std::move(change));
    book_.remove(state.alert);
    state.alert = kNone;
}

AlertChange Engine::State::change_of(const OpenAlert& alert) const {
    const auto& rule = *runs_[alert.rule].rule;
    AlertChange out;
    out.id = alert.id;
    out.change = alert.number;
    out.rule = rule.id;
    out.per = to_text(rule.per);
    out.subject = names(rule.per).name(alert.subject);
    out.state = alert.state;
    out.severity = alert.severity;
    out.at = alert.at;
    out.fired_at = alert.fired_at;
    out.to = alert.to;
    out.evidence = alert.evidence;
    out.title_zh = rule.title.zh;
    out.title_en = rule.title.en;
    auto text = render(rule, alert.evidence);
    out.text_zh = std::move(text.zh);
    out.text_en = std::move(text.en);
    out.by = alert.by;
    out.note = alert.note;
    return out;
}

std::map<std::string, Value> Engine::State::evidence(const RuleRun& run, const SubjectState& state, const Cause& cause) const {
    std::map<std::string, Value> out;
    const auto put = [&](const char* key, const std::string& value) {
        if (!value.empty()) out[key] = value;
    };
    put("gate", settings_.gate);
    put("time", to_text(cause.at));
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
    } else if (state.door != kNone) {
        put("door", names(Per::door).name(state.door));
    }
    if (run.rule->per != Per::gate) put(std::string(to_text(run.rule->per)).c_str(), subject_name(run, state));
    if (const auto person = out.find("person"); person != out.end() && !out.contains("household")) {
        const auto* facts = persons_.find(names(Per::person).find(std::get<std::string>(person->second)));
        if (facts != nullptr) put("household", facts->household);
    }
    add_condition_evidence(run, state, cause.point, out);
    return out;
}

void Engine::State::add_condition_evidence(const RuleRun& run, const SubjectState& state, Point now,
                                           std::map<std::string, Value>& out) const {
    std::visit(
        Match{
            [](const Each&) {},
            [&](const Absent& absent) {
                out["silence_ms"] = std::int64_t{now - state.since};
                out["threshold_ms"] = std::int64_t{absent.duration.count()};
                if (state.seen_ms == kNever) return;
                out["last_seen"] = to_text(Stamp{WallTime{Millis{state.seen_ms}}, std::chrono::minutes{state.seen_offset}});
            },
            [&](const Count& count) {
                out["count"] = static_cast<std::int64_t>(run.recent(state).size());
                out["over_ms"] = std::int64_t{count.over.count()};
                out["threshold"] = std::int64_t{count.limit.more_than};
            },
            [&](const Days& days) {
                const bool in_a_row = days.consecutive > 0;
                out["days"] = std::int64_t{in_a_row ? run.days(state).run() : run.days(state).within(days.within)};
                out["threshold"] = std::int64_t{in_a_row ? days.consecutive : days.at_least};
                if (!in_a_row) out["within"] = std::int64_t{days.within};
            },
            [](const auto&) {},
        },
        run.rule->condition);
}

Engine::State::Changes Engine::State::open_alerts() const {
    Changes out;
    for (const auto& [index, alert] : book_.open()) out.push_back(change_of(alert));
    std::sort(out.begin(), out.end(), [](const AlertChange& a, const AlertChange& b) {
        return std::tie(a.fired_at.time, a.id) < std::tie(b.fired_at.time, b.id);
    });
    return out;
}

Result<AlertChange> Engine::State::change_by_person(const AlertId& id, const Said& said, AlertState to, const Now& now) {
    const auto index = book_.find(id);
    if (index == kNone) return fail("no open alert has the id \"{}\"; `menshen alerts` lists those that are open", id.str());
    if (said.by.empty()) return fail("a change of an alert must say who makes it");
    auto& alert = book_.at(index);
    auto& run = runs_[alert.rule];
    const auto* state = run.find(alert.subject);
    const bool ends_by_time = run.rule->resolve == Resolve::automatic && !std::holds_alternative<Absent>(run.rule->condition);
    // Its record would come behind a deadline that has passed but was not noticed yet, and find the alert gone.
    if (ends_by_time && state != nullptr && state->due <= clock_.read(moment_of(now)).ran) {
        return fail("the alert \"{}\" has just ended by itself", id.str());
    }
    ++alert.number;
    auto change = change_of(alert);
    change.state = to;
    change.at = now.wall;
    change.by = said.by;
    change.note = said.note;
    if (to == AlertState::resolved) change.reason = said.reason;
    return change;
}

}  // namespace menshen::rules
