// Blind: no source that could match is working. Silence then says nothing, and somebody has to be told whom nobody watches.
//
// A blindness shorter than an hour, or than a quarter of the silence asked for, is let pass: the count runs on through a reboot,
// and what fell due in it fires when the gate is back. A longer one is taken out of the count as a whole.

#include <algorithm>

#include "rules/engine_state.hpp"

namespace menshen::rules {

namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::size_t kMostSources = 256;
constexpr std::size_t kMostNames = 50;

std::uint32_t kinds_of(const Record& device) {
    const auto it = device.more.find("feeds");
    const auto* names = it == device.more.end() ? nullptr : std::get_if<std::vector<std::string>>(&it->second);
    std::uint32_t out = 0;
    if (names == nullptr) return out;
    for (const auto& name : *names) {
        if (const auto kind = parse_kind(name)) out |= 1u << static_cast<unsigned>(*kind);
    }
    return out;
}

bool feeds(std::uint32_t kinds, const Rule& rule) {
    return std::any_of(rule.watch.begin(), rule.watch.end(),
                       [&](Kind kind) { return (kinds >> static_cast<unsigned>(kind)) & 1u; });
}

}  // namespace

void Engine::State::fold_device(Context& context) {
    const auto& record = context.record;
    if (record.device.empty() || !record.origin.empty()) return;
    const auto it = sources_.find(record.device.str());
    if (it == sources_.end() && sources_.size() >= kMostSources) return;
    auto& source = it == sources_.end() ? sources_[record.device.str()] : it->second;
    if (const auto kinds = kinds_of(record); kinds != 0) source.kinds = kinds;
    source.online = record.kind == Kind::device_online;
    look_around(cause_of(context), context.out);
}

/// A rule that no known source feeds is taken to see: of records files nobody says where they come from.
bool Engine::State::sees(const RuleRun& run) const {
    if (run.matcher.needs_wall_clock() && !clock_.last().wall_is_trusted) return false;
    bool any = false;
    for (const auto& [device, source] : sources_) {
        if (!feeds(source.kinds, *run.rule)) continue;
        if (source.online) return true;
        any = true;
    }
    return !any;
}

std::vector<std::string> Engine::State::dead_sources(const RuleRun& run) const {
    std::vector<std::string> out;
    for (const auto& [device, source] : sources_) {
        if (!source.online && feeds(source.kinds, *run.rule)) out.push_back(device);
    }
    return out;
}

Point Engine::State::blind_limit(const RuleRun& run) const {
    return std::min<std::int64_t>(kHour, std::get<Absent>(run.rule->condition).longest().count() / 4);
}

void Engine::State::look_around(const Cause& cause, Changes& out) {
    for (const auto index : watching_) {
        auto& run = runs_[index];
        if (!run.in_force) continue;
        if (!sees(run)) {
            if (run.blind_since == kNever) run.blind_since = cause.point;
        } else if (run.blind_since != kNever) {
            see_again(run, cause);
        }
    }
    plan_blindness();
    const bool any = std::any_of(watching_.begin(), watching_.end(), [&](Index index) { return runs_[index].blind; });
    if (!any) end_blindness(cause, out);
}

void Engine::State::plan_blindness() {
    next_blind_ = kNever;
    for (const auto index : watching_) {
        const auto& run = runs_[index];
        if (run.in_force && !run.blind && run.blind_since != kNever) {
            next_blind_ = std::min(next_blind_, run.blind_since + blind_limit(run));
        }
    }
}

void Engine::State::go_blind(RuleRun& run, const Cause& cause, Changes& out) {
    run.blind = true;
    for (auto& state : run.states) {
        if (state.due != kNever) set_due(run, state, kNever);
    }
    tell_of_blindness({index_of(run)}, run.blind_since, cause, out);
}

void Engine::State::see_again(RuleRun& run, const Cause& cause) {
    const auto since = run.blind_since;
    const bool was_blind = run.blind;
    run.blind_since = kNever;
    run.blind = false;
    if (was_blind) stop_count(run, since, cause.point);
}

void Engine::State::stop_count(RuleRun& run, Point from, Point to) {
    for (auto& state : run.states) {
        if (!state.member || state.suspended) continue;
        state.spoiled = true;
        if (const auto held = held_back_.find({index_of(run), state.subject});
            held != held_back_.end() && held->second.at > from) {
            held->second.at += to - from;
        }
        if (state.since < to) state.since += to - std::max(from, state.since);
        if (!state.latched) set_due(run, state, silence_due(run, state));
    }
}

/// The gate was off, or its clock could not tell: nobody was watched.
void Engine::State::count_time_off(TimeOff off, const Record& record, Changes& out) {
    if (off.to <= off.from) return;
    std::vector<Index> blind;
    for (const auto index : watching_) {
        auto& run = runs_[index];
        if (!run.in_force || run.blind || off.to - off.from < blind_limit(run)) continue;
        stop_count(run, off.from, off.to);
        if (run.blind_since != kNever) run.blind_since = std::max(run.blind_since, off.to);
        blind.push_back(index);
    }
    plan_blindness();
    if (!blind.empty()) tell_of_blindness(blind, off.from, {record.at, off.known, &record}, out);
}

void Engine::State::tell_of_blindness(const std::vector<Index>& runs, Point from, const Cause& cause, Changes& out) {
    std::set<std::string> subjects, sources;
    std::vector<RecipientId> to;
    for (const auto index : runs) {
        const auto& run = runs_[index];
        for (const auto& state : run.states) {
            if (state.member && !state.suspended && !state.latched) subjects.insert(subject_name(run, state));
        }
        for (auto& device : dead_sources(run)) sources.insert(std::move(device));
        to.insert(to.end(), run.rule->to.begin(), run.rule->to.end());
    }
    if (subjects.empty()) return;
    const bool is_new = blind_alert_ == kNone;
    const auto mute = mutes_.find({blind_rule_.id.str(), ""});
    if (is_new && mute != mutes_.end() && point_of(mute->second) > cause.point) return;
    if (is_new) {
        OpenAlert alert;
        const Position last = cause.record != nullptr ? Position{cause.record->epoch, cause.record->seq} : position_;
        alert.id = alert_id(settings_.id_key, blind_rule_.id.str(), settings_.gate, last.text());
        alert.rule = kBlindRule;
        alert.at = alert.fired_at = cause.at;
        alert.evidence["from"] = to_text(local(clock_.stamp_at(from)));
        alert.evidence["gate"] = settings_.gate;
        blind_alert_ = book_.add(std::move(alert));
    }
    auto& alert = book_.at(blind_alert_);
    add_recipients(alert, to, cause.at);
    if (const auto it = alert.evidence.find("values"); it != alert.evidence.end()) {
        for (const auto& name : std::get<std::vector<std::string>>(it->second)) subjects.insert(name);
    }
    alert.evidence["count"] = static_cast<std::int64_t>(subjects.size());
    std::vector<std::string> names(subjects.begin(), subjects.end());
    if (names.size() > kMostNames) names.resize(kMostNames);
    alert.evidence["values"] = std::move(names);
    if (sources.empty()) sources.insert(settings_.gate);
    alert.evidence["sources"] = std::vector<std::string>(sources.begin(), sources.end());
    // Time off is over when it is known; who reads of it has an hour to see it as open.
    const bool is_over = cause.record != nullptr;
    if (is_over && is_new) alert.closes_at = cause.point + kHour;
    if (!is_over) alert.closes_at = OpenAlert::kForever;
    if (is_new) {
        out.push_back(change_of(alert));
    } else if (alert.state == AlertState::firing) {
        tell(alert, cause.at, "more", out);
    }
    plan(blind_alert_);
}

void Engine::State::end_blindness(const Cause& cause, Changes& out) {
    if (blind_alert_ == kNone || book_.at(blind_alert_).closes_at != OpenAlert::kForever) return;
    end_in_book(blind_alert_, cause.at, "auto", out);
}

}  // namespace menshen::rules
