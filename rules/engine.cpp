#include "rules/engine.hpp"

#include <algorithm>

#include "rules/engine_state.hpp"

namespace menshen::rules {

namespace {

/// A full table is not swept again before this much time has passed.
constexpr std::int64_t kSweepEvery = 600'000;
/// Of an open alert with its evidence, roughly.
constexpr std::size_t kAlertBytes = 1500;

/// Raised by the engine itself, whatever the files say.
Rule make_blind_rule() {
    Rule rule;
    rule.id = RuleId("gate-blind");
    rule.title = {"门禁看护中断", "The gate is blind"};
    rule.text = {
        "自 {from} 起没有可用的记录来源({sources}),{count} 个对象未被看护:{values}。请检查设备,并设法上门看望。",
        "Nothing that could see them has worked since {from} ({sources}): {count} are not being watched: {values}. Please see to "
        "the devices, and look after them in another way."};
    return rule;
}

bool asks_for_size(const Condition& condition) {
    if (const auto* count = std::get_if<Count>(&condition)) return count->limit.by_household;
    const auto* distinct = std::get_if<Distinct>(&condition);
    return distinct != nullptr && distinct->limit.by_household;
}

}  // namespace

Engine::State::State(std::shared_ptr<const RuleSet> rules, EngineSettings settings)
    : rules_(std::move(rules)), settings_(std::move(settings)), bits_(*rules_), blind_rule_(make_blind_rule()) {
    runs_.reserve(rules_->rules.size());
    for (const auto& rule : rules_->rules) {
        auto& run = runs_.emplace_back(rule, bits_, rules_->calendar);
        if (!rule.active()) continue;
        const auto index = index_of(run);
        for (const auto kind : rule.watch) by_kind_[static_cast<std::size_t>(kind)].push_back(index);
        const bool is_absent = std::holds_alternative<Absent>(rule.condition);
        if (is_absent && rule.per == Per::person) watching_persons_.push_back(index);
        if (is_absent && run.matcher.excuses_gate()) watching_gate_.push_back(index);
        if (is_absent) watching_.push_back(index);
        if (std::holds_alternative<Days>(rule.condition) || std::holds_alternative<Baseline>(rule.condition)) {
            on_days_.push_back(index);
        }
        if (const auto* sequence = std::get_if<Sequence>(&rule.condition)) {
            for (const auto kind : sequence->watch) by_second_kind_[static_cast<std::size_t>(kind)].push_back(index);
        }
        wants_sizes_ = wants_sizes_ || asks_for_size(rule.condition);
        run.in_force = settings_.in_force == InForce::from_start;
    }
}

bool Engine::State::awaits_load() const {
    if (settings_.in_force == InForce::from_start) return false;
    return loaded_ != rules_->versions() || !book_.orphans.empty();
}

std::size_t Engine::State::bytes() const {
    std::size_t out =
        state_bytes_ + ring_bytes_ + slot_bytes_ + queue_.size() * sizeof(Deadline) + book_.open().size() * kAlertBytes;
    for (const auto& names : names_) out += names.bytes();
    out += values_.bytes() + sizes_.size() * sizeof(std::uint32_t) + tag_ends_.size() * (sizeof(TagEnd) + 64);
    return out + names(Per::person).size() * sizeof(PersonFacts);
}

void Engine::State::check_room() {
    full_ = bytes() >= settings_.memory_limit;
    if (!full_ || (swept_ && clock_.now() < *swept_ + kSweepEvery)) return;
    sweep();
    swept_ = clock_.now();
    full_ = bytes() >= settings_.memory_limit;
}

void Engine::State::sweep() {
    std::array<std::vector<bool>, kPerCount> used;
    for (std::size_t i = 0; i < kPerCount; ++i) used[i].resize(names_[i].end());
    ring_bytes_ = state_bytes_ = 0;
    for (auto& run : runs_) {
        for (Index slot = static_cast<Index>(run.states.size()); slot-- > 0;) {
            if (run.is_idle(run.states[slot], clock_)) run.remove_at(slot);
        }
        state_bytes_ += run.states.size() * run.bytes_each();
        ring_bytes_ += run.ring_bytes();
        for (const auto& state : run.states) {
            used[static_cast<std::size_t>(run.rule->per)][state.subject] = true;
            if (state.door != kNone) used[static_cast<std::size_t>(Per::door)][state.door] = true;
        }
    }
    for (std::size_t i = 0; i < kPerCount; ++i) {
        for (Index index = 0; index < names_[i].end(); ++index) {
            if (!names_[i].holds(index) || used[i][index]) continue;
            if (i == static_cast<std::size_t>(Per::person)) {
                if (!persons_.at(index).tags.empty()) continue;
                persons_.at(index) = {};
            }
            if (i == static_cast<std::size_t>(Per::stranger) && labels_.contains(index)) continue;
            if (i == static_cast<std::size_t>(Per::household) && index < sizes_.size() && sizes_[index] > 0) continue;
            names_[i].release(index);
        }
    }
    sweep_values();
    rebuild_queue();
}

void Engine::State::sweep_values() {
    std::vector<bool> used(values_.end());
    const auto use = [&](Index value) {
        if (value != kNone) used[value] = true;
    };
    for (const auto& run : runs_) {
        for (const auto& state : run.states) {
            if (std::holds_alternative<Distinct>(run.rule->condition)) {
                for (const auto& entry : run.distinct(state).entries()) use(entry.value);
            }
            if (!std::holds_alternative<Sequence>(run.rule->condition)) continue;
            use(run.marks(state).latest.value);
            use(run.marks(state).other.value);
        }
    }
    for (Index index = 0; index < values_.end(); ++index) {
        if (values_.holds(index) && !used[index]) values_.release(index);
    }
}

Engine::Usage Engine::State::usage() const {
    Usage out;
    for (const auto& names : names_) out.subjects += names.size();
    for (const auto& run : runs_) out.states += run.states.size();
    out.open_alerts = book_.open().size();
    out.bytes = bytes();
    out.refused = refused_;
    return out;
}

Engine::Engine(std::shared_ptr<const RuleSet> rules, EngineSettings settings)
    : state_(std::make_unique<State>(std::move(rules), std::move(settings))) {}
Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::restore(std::shared_ptr<const RuleSet> rules, EngineSettings settings, std::string_view bytes) {
    auto state = std::make_unique<State>(std::move(rules), std::move(settings));
    if (auto restored = state->restore(bytes); !restored) return tl::unexpected(restored.error());
    return Engine(std::move(state));
}

std::vector<AlertChange> Engine::on_record(const Record& record) {
    std::vector<AlertChange> out;
    state_->on_record(record, out);
    return out;
}

std::vector<AlertChange> Engine::on_time(const Now& now) {
    std::vector<AlertChange> out;
    state_->on_time(moment_of(now), out);
    return out;
}

std::vector<AlertChange> Engine::on_time(const Stamp& now) {
    std::vector<AlertChange> out;
    state_->on_time({now, true, std::nullopt, 0}, out);
    return out;
}

std::optional<MonoTime> Engine::next_deadline(const Now& now) {
    const auto wait = state_->until_next(moment_of(now));
    return wait ? std::optional(now.mono + *wait) : std::nullopt;
}

Result<AlertChange> Engine::acknowledge(const AlertId& id, const Said& said, const Now& now) {
    return state_->change_by_person(id, said, State::Saying::acknowledge, now);
}

Result<AlertChange> Engine::snooze(const AlertId& id, const Said& said, const Now& now) {
    if (!said.until) return fail("a snooze must say until when");
    return state_->change_by_person(id, said, State::Saying::snooze, now);
}

Result<AlertChange> Engine::note(const AlertId& id, const Said& said, const Now& now) {
    if (said.note.empty()) return fail("a note must have words");
    return state_->change_by_person(id, said, State::Saying::note, now);
}

Result<AlertChange> Engine::close(const AlertId& id, const Said& said, const Now& now) {
    constexpr std::array<std::string_view, 4> reasons{"true", "false", "well", "duplicate"};
    if (std::find(reasons.begin(), reasons.end(), said.reason) == reasons.end()) {
        return fail("the reason for closing an alert cannot be \"{}\"{}", said.reason, suggestion(said.reason, reasons));
    }
    return state_->change_by_person(id, said, State::Saying::close, now);
}

std::vector<AlertChange> Engine::open_alerts() const { return state_->open_alerts(); }
std::vector<Mute> Engine::mutes() const { return state_->mutes(); }
bool Engine::awaits_load() const { return state_->awaits_load(); }
const RuleSet& Engine::rules() const { return state_->rules(); }
std::string Engine::checkpoint() const { return state_->checkpoint(); }
Position Engine::last_record() const { return state_->position(); }
Engine::Usage Engine::usage() const { return state_->usage(); }

}  // namespace menshen::rules
