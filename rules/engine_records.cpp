#include <algorithm>

#include "rules/engine_state.hpp"

namespace menshen::rules {

namespace {

const Value* find(const Record& record, const char* key) {
    const auto it = record.more.find(key);
    return it == record.more.end() ? nullptr : &it->second;
}

/// The last sign of life before a start, if the record tells.
std::optional<WallTime> alive_of(const Record& started) {
    const auto* value = find(started, "alive");
    if (value == nullptr) return std::nullopt;
    if (const auto* ms = std::get_if<std::int64_t>(value)) return WallTime{Millis{*ms}};
    const auto* text = std::get_if<std::string>(value);
    const auto stamp = text == nullptr ? fail("no text") : parse_stamp(*text);
    return stamp ? std::optional(stamp->time) : std::nullopt;
}

}  // namespace

void Engine::State::on_record(const Record& record, Changes& out) {
    if (!record.epoch.empty() && record.epoch == position_.epoch && record.seq <= position_.seq) return;
    check_room();
    const auto moment = moment_of(record);
    const bool is_first = !clock_.running();
    const bool starts = record.kind == Kind::started && !is_first;
    // Without a stamp of life the last record is the last that is known of the gate.
    const auto alive = starts ? std::optional(alive_of(record).value_or(clock_.last().at.time)) : std::nullopt;
    const auto reading = clock_.read(moment, alive);
    if (!is_first) {
        fire_due(reading.ran, std::nullopt, out);
        fire_due(reading.now, record.at, out);
    }
    clock_.move(moment, reading);
    if (is_first) shift_ = clock_.shift();
    on_shift(out);
    if (position_.epoch != record.epoch) position_.epoch = record.epoch;
    position_.seq = record.seq;

    Context context{record, out, clock_.now(), {0, gate_mask_}, {}};
    context.subjects.fill(kNone);
    if (is_first && settings_.in_force == InForce::from_start) {
        for (auto& run : runs_) {
            if (run.in_force) load(run, context);
        }
    }
    fold(context);
    if (record.origin.empty()) match(context);
}

void Engine::State::fold(Context& context) {
    switch (context.record.kind) {
        case Kind::alert:
            return fold_alert(context);  // its person is the subject, nobody has passed
        case Kind::rules_changed:
            fold_rules_changed(context);
            break;
        case Kind::roster_changed:
            if (fold_roster_changed(context)) return;
            break;
        default:
            break;
    }
    const bool is_tag = context.record.kind == Kind::tag_added || context.record.kind == Kind::tag_removed;
    if (!context.record.person.empty()) {
        fold_person(context);
        if (is_tag) fold_tag(context);
    } else if (is_tag && context.record.household.empty()) {
        fold_gate_tag(context);
    }
}

/// A record that carries tags tells all that the person had; one without them tells nothing: records files often have none.
void Engine::State::fold_person(Context& context) {
    const auto& record = context.record;
    const auto person = subject_of(Per::person, context);
    if (person == kRefused) return;
    auto& facts = persons_.at(person);
    if (!record.household.empty() && facts.household != record.household.str()) facts.household = record.household.str();
    if (!record.person_tags.empty() && facts.tags != record.person_tags) {
        const auto before = facts.mask;
        facts.tags.clear();
        for (const auto& tag : record.person_tags) add_tag(facts.tags, tag);
        facts.mask = mask_of(facts.tags, bits_);
        retag(context, person, before);
    }
    context.tags.person = facts.mask;
}

void Engine::State::fold_tag(Context& context) {
    const auto person = subject_of(Per::person, context);
    if (person == kRefused) return;
    auto& facts = persons_.at(person);
    const auto before = facts.mask;
    const auto& tag = context.record.tag;
    if (context.record.kind == Kind::tag_added ? !add_tag(facts.tags, tag) : !remove_tag(facts.tags, tag)) return;
    facts.mask = context.tags.person = mask_of(facts.tags, bits_);
    retag(context, person, before);
}

/// Tags make persons subjects of `absent`, and excuse them.
void Engine::State::retag(Context& context, Index person, TagMask before) {
    const auto now = persons_.at(person).mask;
    if (now == before) return;
    for (const auto index : watching_persons_) {
        auto& run = runs_[index];
        if (!run.in_force) continue;
        const bool admitted = run.matcher.admits(now);
        auto* state = run.find(person);
        if (state != nullptr && state->member && !admitted) end_watch(run, *state, context);
        if (admitted && run.matcher.by_tags() && (state == nullptr || !state->member)) {
            state = state_for(run, person);
            if (state != nullptr) begin_silence(run, *state, context);
        } else if (state != nullptr && state->member) {
            excuse(run, *state, run.matcher.excused({now, gate_mask_}), context);
        }
    }
}

void Engine::State::fold_gate_tag(Context& context) {
    const auto& record = context.record;
    if (!record.origin.empty()) return;
    if (record.kind == Kind::tag_added ? !add_tag(gate_tags_, record.tag) : !remove_tag(gate_tags_, record.tag)) return;
    gate_mask_ = context.tags.gate = mask_of(gate_tags_, bits_);
    for (const auto index : watching_gate_) {
        auto& run = runs_[index];
        if (!run.in_force) continue;
        for (const auto slot : run.by_name(names(run.rule->per))) {
            auto& state = run.states[slot];
            const auto* facts = run.rule->per == Per::person ? persons_.find(state.subject) : nullptr;
            if (state.member) excuse(run, state, run.matcher.excused({facts == nullptr ? 0 : facts->mask, gate_mask_}), context);
        }
    }
}

void Engine::State::fold_rules_changed(Context& context) {
    if (settings_.in_force == InForce::from_start) return;
    const auto* value = find(context.record, "rules");
    const auto* versions = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
    if (versions == nullptr) return;
    loaded_ = *versions;
    std::sort(loaded_.begin(), loaded_.end());
    for (auto& [id, orphan] : book_.orphans) {
        orphan.state = AlertState::resolved;
        orphan.at = context.record.at;
        orphan.reason = "auto";
        orphan.by.clear();
        orphan.note = "rule changed";
        ++orphan.change;
        context.out.push_back(std::move(orphan));
    }
    book_.orphans.clear();
    for (auto& run : runs_) {
        const bool listed = run.rule->active() && std::binary_search(loaded_.begin(), loaded_.end(), run.rule->version());
        if (run.in_force && !listed) unload(run, context);
        if (!run.in_force && listed) {
            run.in_force = true;
            load(run, context);
        }
    }
}

/// Who is a subject without being seen: the gate, and persons by their tags.
void Engine::State::load(RuleRun& run, Context& context) {
    if (!std::holds_alternative<Absent>(run.rule->condition)) return;
    if (run.rule->per == Per::gate) {
        if (auto* state = state_for(run, names(Per::gate).add(settings_.gate))) begin_silence(run, *state, context);
    }
    if (run.rule->per != Per::person || !run.matcher.by_tags()) return;
    for (Index person = 0; person < names(Per::person).end(); ++person) {
        const auto* facts = persons_.find(person);
        if (facts == nullptr || !names(Per::person).holds(person) || !run.matcher.admits(facts->mask)) continue;
        if (auto* state = state_for(run, person)) begin_silence(run, *state, context);
    }
}

void Engine::State::unload(RuleRun& run, Context& context) {
    for (const auto slot : run.by_name(names(run.rule->per))) end_alert(run.states[slot], context.record.at, context.out);
    ring_bytes_ -= run.ring_bytes();
    state_bytes_ -= run.states.size() * run.bytes_each();
    run.clear();
    run.in_force = false;
}

/// Whoever left the roster is watched no longer, whatever the rule. False when nobody left.
bool Engine::State::fold_roster_changed(Context& context) {
    const auto& record = context.record;
    const auto* value = find(record, "change");
    const auto* what = value == nullptr ? nullptr : std::get_if<std::string>(value);
    if (what == nullptr) return false;
    const auto gone = [&](Per per) { return *what == fmt::format("{}_removed", to_text(per)); };
    constexpr std::array pers{Per::person, Per::household, Per::card, Per::stranger};
    const auto it = std::find_if(pers.begin(), pers.end(), gone);
    if (it == pers.end()) return false;
    const auto per = *it;
    const auto subject = subject_of(per, context);
    if (subject == kRefused) return true;
    for (auto& run : runs_) {
        auto* state = run.rule->per == per ? run.find(subject) : nullptr;
        if (state == nullptr) continue;
        end_alert(*state, record.at, context.out);
        state_bytes_ -= run.bytes_each();
        if (std::holds_alternative<Count>(run.rule->condition)) ring_bytes_ -= run.recent(*state).bytes();
        run.remove_at(run.slot_of(*state));
    }
    if (per == Per::person) persons_.at(subject) = {};
    return true;
}

void Engine::State::fold_alert(Context& context) {
    const auto change = parse_alert(context.record);
    if (!change) return;
    const auto index = book_.find(change->id);
    if (index != kNone) {
        auto& alert = book_.at(index);
        alert.number = std::max(alert.number, change->change);
        if (change->by.empty()) return;
        alert.state = change->state;
        alert.at = change->at;
        alert.by = change->by;
        alert.note = change->note;
        if (change->state != AlertState::resolved) return;
        auto& run = runs_[alert.rule];
        if (auto* state = run.find(alert.subject)) state->alert = kNone;
        book_.remove(index);
        return;
    }
    const auto& rules = rules_->rules;
    const auto* rule = rules_->find(change->rule);
    const bool held = rule != nullptr && runs_[static_cast<std::size_t>(rule - rules.data())].in_force;
    if (settings_.in_force == InForce::from_start || held) return;
    if (change->state == AlertState::resolved) {
        book_.orphans.erase(change->id);
    } else {
        book_.orphans[change->id] = *change;
    }
}

// With thousands of subjects each rule's state lies somewhere else in memory, and most of the time is spent waiting for it. So
// all the rules that match are found first and their states asked for together, then each is worked on.
void Engine::State::match(Context& context) {
    hits_.clear();
    for (const auto index : by_kind_[static_cast<std::size_t>(context.record.kind)]) {
        auto& run = runs_[index];
        if (!run.in_force || !run.matcher.matches(context.record, context.tags)) continue;
        const auto subject = subject_of(run.rule->per, context);
        if (subject == kRefused) continue;
        run.prefetch_slot(subject);
        hits_.push_back({index, subject});
    }
    for (const auto& hit : hits_) runs_[hit.rule].prefetch_state(hit.subject);
    for (const auto& hit : hits_) on_match(runs_[hit.rule], hit.subject, context);
}

Index Engine::State::subject_of(Per per, Context& context) {
    auto& cached = context.subjects[static_cast<std::size_t>(per)];
    if (cached != kNone) return cached;
    const auto& record = context.record;
    const auto& name = [&]() -> const std::string& {
        switch (per) {
            case Per::person:
                return record.person.str();
            case Per::household:
                return record.household.str();
            case Per::card:
                return record.card.str();
            case Per::stranger:
                return record.stranger.str();
            case Per::door:
                return record.door.str();
            case Per::gate:
                break;
        }
        return settings_.gate;
    }();
    if (name.empty()) return cached = kRefused;
    cached = full_ ? names(per).find(name) : names(per).add(name);
    if (cached != kNone) return cached;
    ++refused_;
    return cached = kRefused;
}

SubjectState* Engine::State::state_for(RuleRun& run, Index subject) {
    if (auto* state = run.find(subject)) return state;
    if (full_) {
        ++refused_;
        return nullptr;
    }
    state_bytes_ += run.bytes_each();
    return &run.add(subject);
}

}  // namespace menshen::rules
