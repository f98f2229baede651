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
    const Hashes hashes = prefetch_slots(record);
    check_room();
    const auto moment = moment_of(record);
    const bool is_first = !clock_.running();
    const bool starts = record.kind == Kind::started && !is_first;
    // Without a stamp of life the last record is the last that is known of the gate.
    const auto alive = starts ? std::optional(alive_of(record).value_or(clock_.last().at.time)) : std::nullopt;
    const auto reading = clock_.read(moment, alive);
    if (!is_first) {
        fire_due(reading.ran, std::nullopt, out);
        wall_is_trusted_ = record.wall_is_trusted;
        const auto before_boot = clock_.before_boot();
        if (reading.found_off > 0) put_in_time_off(reading.found_off);
        count_time_off(reading.found_off > 0 ? TimeOff{before_boot, before_boot + reading.found_off, reading.now}
                                             : TimeOff{reading.ran, reading.now, reading.now},
                       record, out);
        fire_due(reading.now, record.at, out);
    }
    clock_.move(moment, reading);
    wall_is_trusted_ = clock_.last().wall_is_trusted;
    if (is_first) shift_ = clock_.shift();
    on_shift(out);
    if (position_.epoch != record.epoch) position_.epoch = record.epoch;
    position_.seq = record.seq;
    prefetch_names(hashes);

    Context context{record, out, clock_.now(), {0, gate_mask_, nullptr}, {}};
    context.subjects.fill(kNone);
    if (is_first && settings_.in_force == InForce::from_start) {
        for (auto& run : runs_) {
            if (run.in_force) load(run, cause_of(context));
        }
    }
    fold(context);
    if (record.origin.empty()) match(context);
}

// The tables of names are as far away as the states: what a record will look up is asked for as early as possible.
Engine::State::Hashes Engine::State::prefetch_slots(const Record& record) const {
    const Hashes out{Names::hash_of(record.person.str()), Names::hash_of(record.card.str()),
                     Names::hash_of(record.household.str())};
    for (std::size_t i = 0; i < out.size(); ++i) {
        names(kHashed[i]).prefetch_slot(out[i]);
        values_.prefetch_slot(out[i]);
    }
    return out;
}

void Engine::State::prefetch_names(const Hashes& hashes) const {
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        names(kHashed[i]).prefetch_name(hashes[i]);
        values_.prefetch_name(hashes[i]);
    }
}

void Engine::State::fold(Context& context) {
    const auto& record = context.record;
    if (!record.origin.empty()) return record.person.empty() ? void() : fold_person(context);  // a sibling's affairs are its own
    switch (record.kind) {
        case Kind::alert:
            return fold_alert(context);  // its person is the subject, nobody has passed
        case Kind::mute:
            return fold_mute(context);
        case Kind::rules_changed:
            fold_rules_changed(context);
            break;
        case Kind::roster_changed:
            if (fold_roster_changed(context)) return;
            break;
        case Kind::device_online:
        case Kind::device_offline:
            fold_device(context);
            break;
        case Kind::started:
            sources_.clear();  // each says anew that it is there
            look_around(cause_of(context), context.out);
            break;
        case Kind::clock_trusted:
            look_around(cause_of(context), context.out);
            break;
        default:
            break;
    }
    if (!record.person.empty()) fold_person(context);
    if (record.kind == Kind::tag_added || record.kind == Kind::tag_removed) fold_tag(context);
    if (wants_sizes_ && record.household_size > 0) {
        const auto household = subject_of(Per::household, context);
        if (household != kRefused) {
            if (household >= sizes_.size()) sizes_.resize(household + 1);
            sizes_[household] = record.household_size;
        }
    }
    if (labels_.empty() || record.stranger.empty()) return;
    const auto label = labels_.find(names(Per::stranger).find(record.stranger.str()));
    if (label != labels_.end()) context.tags.stranger_label = &label->second.name;
}

void Engine::State::fold_rules_changed(Context& context) {
    if (settings_.in_force == InForce::from_start) return;
    const auto* value = find(context.record, "rules");
    const auto* versions = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
    if (versions == nullptr) return;
    loaded_ = *versions;
    std::sort(loaded_.begin(), loaded_.end());
    // In a full fold of the journal also those of the past come by, when the rule that raised them was still in force.
    if (loaded_ == rules_->versions()) {
        end_orphans(context);
    }
    for (auto& run : runs_) {
        const bool listed = run.rule->active() && std::binary_search(loaded_.begin(), loaded_.end(), run.rule->version());
        if (run.in_force && !listed) unload(run, context);
        if (!run.in_force && listed) {
            run.in_force = true;
            load(run, cause_of(context));
        }
    }
    look_around(cause_of(context), context.out);
}

void Engine::State::end_orphans(Context& context) {
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
}

/// Who is a subject without being seen: the gate, and persons by their tags.
void Engine::State::load(RuleRun& run, const Cause& cause) {
    if (!std::holds_alternative<Absent>(run.rule->condition)) return;
    if (run.rule->per == Per::gate) {
        if (auto* state = state_for(run, names(Per::gate).add(settings_.gate))) begin_silence(run, *state, cause);
    }
    if (run.rule->per != Per::person || !run.matcher.by_tags()) return;
    for (Index person = 0; person < names(Per::person).end(); ++person) {
        const auto* facts = persons_.find(person);
        if (facts == nullptr || !names(Per::person).holds(person) || !run.matcher.admits(facts->mask)) continue;
        if (auto* state = state_for(run, person)) begin_silence(run, *state, cause);
    }
}

void Engine::State::unload(RuleRun& run, Context& context) {
    for (const auto slot : run.by_name(names(run.rule->per))) end_alert(run.states[slot], context.record.at, context.out);
    if (run.summary != kNone) end_in_book(run.summary, context.record.at, "auto", context.out);
    ring_bytes_ -= run.ring_bytes();
    state_bytes_ -= run.states.size() * run.bytes_each();
    std::erase_if(held_back_, [&](const auto& held) { return held.first.first == index_of(run); });
    slot_bytes_ -= run.slot_bytes();
    run.clear();
    run.in_force = false;
    plan_blindness();
}

/// Forgets the state of one subject, with what it learned.
void Engine::State::drop(RuleRun& run, SubjectState& state) {
    held_back_.erase({index_of(run), state.subject});
    state_bytes_ -= run.bytes_each();
    if (std::holds_alternative<Count>(run.rule->condition)) ring_bytes_ -= run.recent(state).bytes();
    if (std::holds_alternative<Distinct>(run.rule->condition)) ring_bytes_ -= run.distinct(state).bytes();
    run.remove_at(run.slot_of(state));
}

/// Whoever left the roster is watched no longer, whatever the rule. False when nobody left.
bool Engine::State::fold_roster_changed(Context& context) {
    const auto& record = context.record;
    const auto* value = find(record, "change");
    const auto* what = value == nullptr ? nullptr : std::get_if<std::string>(value);
    if (what == nullptr) return false;
    if (*what == "stranger_merged") return merge_strangers(context);
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
        drop(run, *state);
    }
    forget_value(names(per).name(subject));
    if (per == Per::person) persons_.at(subject) = {};
    if (per == Per::stranger) labels_.erase(subject);
    return true;
}

/// Two identities were one stranger: the days of the one are days of the other. What a rule has of it beside days and values is
/// dropped; the next sighting begins it anew.
bool Engine::State::merge_strangers(Context& context) {
    const auto* into = find(context.record, "into");
    const auto* name = into == nullptr ? nullptr : std::get_if<std::string>(into);
    const auto old = subject_of(Per::stranger, context);
    if (name == nullptr || old == kRefused) return true;
    const auto left = full_ ? names(Per::stranger).find(*name) : names(Per::stranger).add(*name);
    for (auto& run : runs_) {
        auto* state = run.rule->per == Per::stranger ? run.find(old) : nullptr;
        if (state == nullptr) continue;
        end_alert(*state, context.record.at, context.out);
        if (std::holds_alternative<Days>(run.rule->condition) && left != kNone) {
            const auto marks = run.days(*state);
            if (auto* kept = state_for(run, left)) run.days(*kept).add_all(marks);
        }
        drop(run, *run.find(old));
    }
    if (const auto label = labels_.extract(old); !label.empty() && left != kNone) labels_.try_emplace(left, label.mapped());
    rename_value(names(Per::stranger).name(old), *name);
    return true;
}

void Engine::State::rename_value(const std::string& name, const std::string& to) {
    const auto old = values_.find(name);
    if (old == kNone) return forget_value(name);
    const auto left = full_ ? values_.find(to) : values_.add(to);
    if (left == kNone) return forget_value(name);
    for (auto& run : runs_) {
        for (auto& state : run.states) {
            if (std::holds_alternative<Distinct>(run.rule->condition)) run.distinct(state).rename(old, left);
            if (std::holds_alternative<Sequence>(run.rule->condition)) run.marks(state).rename(old, left);
        }
    }
    forget_value(name);
}

/// Whoever left the roster is no value of other subjects any more, and nothing is muted for them.
void Engine::State::forget_value(const std::string& name) {
    std::erase_if(mutes_, [&](const auto& mute) { return mute.first.second == name; });
    const auto value = values_.find(name);
    if (value == kNone) return;
    for (auto& run : runs_) {
        for (auto& state : run.states) {
            if (std::holds_alternative<Distinct>(run.rule->condition)) run.distinct(state).forget(value);
            if (std::holds_alternative<Sequence>(run.rule->condition)) run.marks(state).forget(value);
        }
    }
    values_.release(value);
}

void Engine::State::fold_alert(Context& context) {
    const auto change = parse_alert(context.record);
    if (!change) return;
    const auto index = book_.find(change->id);
    if (index != kNone) {
        auto& alert = book_.at(index);
        alert.number = std::max(alert.number, change->change);
        // What the rules made was done when they made it.
        if (!change->by.empty()) apply_saying(index, *change, context);
        return;
    }
    if (change->rule == blind_rule_.id) return;
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
    const auto kind = static_cast<std::size_t>(context.record.kind);
    const auto hit = [&](Index index, const Matcher& matcher) {
        auto& run = runs_[index];
        if (!run.in_force || !matcher.matches(context.record, context.tags)) return;
        const auto subject = subject_of(run.rule->per, context);
        if (subject == kRefused) return;
        run.prefetch_slot(subject);
        hits_.push_back({index, subject});
    };
    for (const auto index : by_kind_[kind]) hit(index, runs_[index].matcher);
    const auto firsts = hits_.size();
    for (const auto index : by_second_kind_[kind]) hit(index, *runs_[index].second);
    for (const auto& found : hits_) runs_[found.rule].prefetch_state(found.subject);
    for (const auto& found : hits_) runs_[found.rule].prefetch_kept(found.subject);
    // A record may be A and B of one sequence: then it answers an earlier A, and is no B before itself.
    for (std::size_t i = firsts; i < hits_.size(); ++i) {
        auto& run = runs_[hits_[i].rule];
        if (std::get<Sequence>(run.rule->condition).form != Sequence::Form::not_before) on_second(run, hits_[i].subject, context);
    }
    for (std::size_t i = 0; i < firsts; ++i) on_match(runs_[hits_[i].rule], hits_[i].subject, context);
    for (std::size_t i = firsts; i < hits_.size(); ++i) {
        auto& run = runs_[hits_[i].rule];
        if (std::get<Sequence>(run.rule->condition).form == Sequence::Form::not_before) on_second(run, hits_[i].subject, context);
    }
}

/// As the record says, or as it was said of the household last; 0 when unknown.
std::uint32_t Engine::State::household_size(Context& context) {
    if (context.record.household_size > 0) return context.record.household_size;
    auto household = subject_of(Per::household, context);
    if (household == kRefused && !context.record.person.empty()) {
        const auto person = subject_of(Per::person, context);
        const auto* facts = person == kRefused ? nullptr : persons_.find(person);
        if (facts != nullptr && !facts->household.empty()) household = names(Per::household).find(facts->household);
    }
    return household < sizes_.size() ? sizes_[household] : 0;
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
    slot_bytes_ -= run.slot_bytes();
    auto& state = run.add(subject);
    slot_bytes_ += run.slot_bytes();
    return &state;
}

}  // namespace menshen::rules
