#include "rules/checkpoint_parts.hpp"

namespace menshen::rules {

namespace {

AlertChange orphan_of(const OpenAlert& alert, AlertChange pattern) {
    pattern.id = alert.id;
    pattern.change = alert.number;
    pattern.state = alert.state;
    pattern.severity = alert.severity;
    pattern.at = alert.at;
    pattern.fired_at = alert.fired_at;
    pattern.to = alert.to;
    pattern.by = alert.by;
    pattern.note = alert.note;
    return pattern;
}

}  // namespace

void Engine::State::read_people(ByteReader& in) {
    std::string name, second;
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        in.text(name);
        auto& facts = persons_.at(names(Per::person).add(name));
        in.text(facts.household);
        transfer(in, facts.tags);
        facts.mask = mask_of(facts.tags, bits_);
    }
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        in.text(name);
        const auto household = names(Per::household).add(name);
        if (household >= sizes_.size()) sizes_.resize(household + 1);
        in.number(sizes_[household]);
    }
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        in.text(name);
        transfer(in, labels_[names(Per::stranger).add(name)]);
    }
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        in.text(name);
        in.text(second);
        in.number(mutes_[{name, second}]);
    }
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        in.text(name);
        auto& source = sources_[name];
        in.number(source.kinds);
        in.number(source.online);
    }
}

/// What was read of one state.
struct ReadState {
    SubjectState state;
    std::size_t condition = 0;
    RecentPoints recent;
    DayMarks days;
    std::vector<std::pair<std::string, Point>> values;
    struct Mark {
        SequenceMark mark;
        bool has_value = false;
        std::string value, epoch;
    };
    std::array<Mark, 2> marks;
    FrequencyModel frequency;
    LearnedSilence learned;
};

static void read_kept(ByteReader& in, ReadState& out) {
    bool learns = false;
    in.number(out.condition);
    in.number(learns);
    if (out.condition == Condition(Count{}).index()) transfer(in, out.recent);
    if (out.condition == Condition(Days{}).index()) transfer(in, out.days);
    if (out.condition == Condition(Distinct{}).index()) {
        for (auto n = in.count(); n > 0 && in.ok(); --n) {
            auto& [value, at] = out.values.emplace_back();
            in.text(value);
            in.number(at);
        }
    }
    if (out.condition == Condition(Sequence{}).index()) {
        for (auto& mark : out.marks) {
            transfer(in, mark.mark);
            in.number(mark.has_value);
            in.text(mark.value);
            in.text(mark.epoch);
        }
    }
    if (out.condition == Condition(Baseline{}).index()) transfer(in, out.frequency);
    if (!learns) return;
    transfer(in, out.learned.model);
    in.number(out.learned.threshold);
    in.number(out.learned.asked);
}

/// `run` is nothing when the rule is gone or another now: then only its open alerts are kept, to be ended.
void Engine::State::read_states(ByteReader& in, RuleRun* run, const AlertChange& pattern) {
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        std::string subject, door, epoch;
        bool has_epoch = false;
        bool has_alert = false;
        ReadState read;
        OpenAlert alert;
        for (auto* text : {&subject, &door, &epoch}) in.text(*text);
        in.number(has_epoch);
        transfer(in, read.state);
        read_kept(in, read);
        bool waits = false;
        HeldBack held_back;
        in.number(waits);
        if (waits) {
            in.number(held_back.at);
            in.number(held_back.by);
        }
        in.number(has_alert);
        if (has_alert) transfer(in, alert);
        if (!in.ok()) return;
        if (run == nullptr) {
            auto orphan = orphan_of(alert, pattern);
            orphan.subject = subject;
            if (has_alert) book_.orphans.emplace(alert.id, std::move(orphan));
            continue;
        }
        auto& held = run->add(names(run->rule->per).add(subject));
        auto& state = read.state;
        state.door = door.empty() ? kNone : names(Per::door).add(door);
        state.start_epoch = has_epoch ? epochs_.add(epoch) : kNone;
        state.subject = held.subject;
        alert.rule = index_of(*run);
        alert.subject = state.subject;
        state.alert = has_alert ? book_.add(std::move(alert)) : kNone;
        if (state.member) ++run->members;
        if (waits) held_back_[{index_of(*run), state.subject}] = held_back;
        held = state;
        keep(*run, held, read);
    }
}

void Engine::State::keep(RuleRun& run, const SubjectState& state, ReadState& read) {
    state_bytes_ += run.bytes_each();
    const auto& condition = run.rule->condition;
    if (run.learns_silence()) run.learned(state) = read.learned;
    if (std::holds_alternative<Count>(condition)) {
        ring_bytes_ += read.recent.bytes();
        run.recent(state) = std::move(read.recent);
    }
    if (std::holds_alternative<Days>(condition)) run.days(state) = read.days;
    if (std::holds_alternative<Baseline>(condition)) run.frequency(state) = read.frequency;
    if (std::holds_alternative<Distinct>(condition)) {
        for (const auto& [value, at] : read.values)
            ring_bytes_ += run.distinct(state).put(values_.add(value), at, read.values.size());
    }
    if (!std::holds_alternative<Sequence>(condition)) return;
    for (auto& mark : read.marks) {
        mark.mark.value = mark.has_value ? values_.add(mark.value) : kNone;
        mark.mark.epoch = mark.mark.at == kNever ? kNone : epochs_.add(mark.epoch);
    }
    run.marks(state) = {read.marks[0].mark, read.marks[1].mark};
}

void Engine::State::read_rule(ByteReader& in) {
    std::string id, hash, per;
    for (auto* text : {&id, &hash, &per}) in.text(*text);
    const auto it = std::find_if(runs_.begin(), runs_.end(), [&](const RuleRun& run) {
        return run.rule->id.str() == id && run.rule->hash == hash && run.rule->active();
    });
    AlertChange pattern;
    pattern.rule = RuleId(id);
    pattern.per = per;
    RuleRun gone(blind_rule_, bits_, rules_->calendar);
    transfer_run(in, it != runs_.end() ? *it : gone);
    read_states(in, it == runs_.end() ? nullptr : &*it, pattern);
}

void Engine::State::read_loose_alerts(ByteReader& in) {
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        bool has = false;
        in.number(has);
        if (!has) continue;
        std::string id, hash;
        OpenAlert alert;
        in.text(id);
        in.text(hash);
        transfer(in, alert);
        const auto it = std::find_if(runs_.begin(), runs_.end(), [&](const RuleRun& run) {
            return run.rule->id.str() == id && run.rule->hash == hash && run.rule->active();
        });
        if (it != runs_.end()) {
            alert.rule = index_of(*it);
            it->summary = book_.add(std::move(alert));
            continue;
        }
        AlertChange pattern;
        pattern.rule = RuleId(id);
        pattern.per = "rule";
        pattern.subject = id;
        book_.orphans.emplace(alert.id, orphan_of(alert, pattern));
    }
    bool has = false;
    in.number(has);
    if (!has) return;
    OpenAlert alert;
    transfer(in, alert);
    alert.rule = kBlindRule;
    blind_alert_ = book_.add(std::move(alert));
}

Result<void> Engine::State::restore(std::string_view bytes) {
    if (!bytes.starts_with(kCheckpointHeader))
        return fail("the rule checkpoint is of another version; the journal has to be folded anew");
    const bool sealed = bytes.size() >= kCheckpointHeader.size() + kSealBytes &&
                        bytes.substr(bytes.size() - kSealBytes) == checkpoint_seal(bytes.substr(0, bytes.size() - kSealBytes));
    if (!sealed) return fail("the rule checkpoint is damaged; the journal has to be folded anew");
    ByteReader in(bytes.substr(kCheckpointHeader.size(), bytes.size() - kCheckpointHeader.size() - kSealBytes));
    transfer_fixed(in);
    gate_mask_ = mask_of(gate_tags_, bits_);
    read_people(in);
    for (auto n = in.count(); n > 0 && in.ok(); --n) read_rule(in);
    read_loose_alerts(in);
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        AlertChange orphan;
        transfer(in, orphan);
        book_.orphans.emplace(orphan.id, orphan);
    }
    if (!in.ok() || !in.at_end()) return fail("the rule checkpoint is damaged; the journal has to be folded anew");
    for (const auto& run : runs_) slot_bytes_ += run.slot_bytes();
    wall_is_trusted_ = clock_.last().wall_is_trusted;
    rebuild_queue();
    rebuild_tag_ends();
    plan_blindness();
    std::vector<Index> open;
    for (const auto& [index, alert] : book_.open()) open.push_back(index);
    for (const auto index : open) {
        auto& alert = book_.at(index);
        const auto& every = rule_of(alert).repeat_every;
        // The rule's words may be others than when it was raised.
        const bool repeats = alert.state == AlertState::firing && !alert.bundled && every;
        if (repeats && alert.repeat_at == OpenAlert::kForever) alert.repeat_at = clock_.now() + every->count();
        plan(index);
    }
    return {};
}

}  // namespace menshen::rules
