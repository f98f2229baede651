#include "rules/checkpoint_parts.hpp"

namespace menshen::rules {

void Engine::State::write_people(ByteWriter& out) const {
    const auto& persons = names(Per::person);
    auto sorted = persons.sorted();
    std::erase_if(sorted, [&](Index person) {
        const auto* facts = persons_.find(person);
        return facts == nullptr || (facts->tags.empty() && facts->household.empty());
    });
    out.number(sorted.size());
    for (const auto person : sorted) {
        auto facts = *persons_.find(person);
        out.text(persons.name(person));
        out.text(facts.household);
        transfer(out, facts.tags);
    }
    auto households = names(Per::household).sorted();
    std::erase_if(households, [&](Index household) { return household >= sizes_.size() || sizes_[household] == 0; });
    out.number(households.size());
    for (const auto household : households) {
        out.text(names(Per::household).name(household));
        out.number(sizes_[household]);
    }
    std::map<std::string, Tag> labels;
    for (const auto& [stranger, label] : labels_) labels[names(Per::stranger).name(stranger)] = label;
    out.number(labels.size());
    for (auto& [stranger, label] : labels) {
        out.text(stranger);
        transfer(out, label);
    }
    out.number(mutes_.size());
    for (const auto& [key, until] : mutes_) {
        out.text(key.first);
        out.text(key.second);
        out.number(until);
    }
    out.number(sources_.size());
    for (const auto& [device, source] : sources_) {
        out.text(device);
        out.number(source.kinds);
        out.number(source.online);
    }
}

void Engine::State::write_rule(ByteWriter& out, const RuleRun& run) const {
    out.text(run.rule->id.str());
    out.text(run.rule->hash);
    out.text(to_text(run.rule->per));
    // Writing through functions that also read: they take their fields as they are, but want to be able to change them.
    transfer_run(out, const_cast<RuleRun&>(run));
    auto slots = run.by_name(names(run.rule->per));
    std::erase_if(slots, [&](Index slot) { return run.is_idle(run.states[slot], clock_); });
    out.number(slots.size());
    for (const auto slot : slots) write_state(out, run, run.states[slot]);
}

void Engine::State::write_state(ByteWriter& out, const RuleRun& run, const SubjectState& held) const {
    const auto& condition = run.rule->condition;
    const auto epoch_of = [&](Index epoch) { return epoch == kNone ? std::string() : epochs_.name(epoch); };
    out.text(subject_name(run, held));
    out.text(held.door == kNone ? "" : names(Per::door).name(held.door));
    out.text(epoch_of(held.start_epoch));
    out.number(held.start_epoch != kNone);
    auto state = held;
    transfer(out, state);
    // Which of these follow the rule's condition says; a reader who does not hold the rule finds its way by the number.
    out.number(condition.index());
    out.number(run.learns_silence());
    if (const auto* count = std::get_if<Count>(&condition)) {
        auto recent = run.recent(held);
        recent.drop_until(clock_.now() - count->over.count());
        transfer(out, recent);
    } else if (std::holds_alternative<Days>(condition)) {
        auto marks = run.days(held);
        transfer(out, marks);
    } else if (const auto* distinct = std::get_if<Distinct>(&condition)) {
        auto window = run.distinct(held);
        window.drop_until(clock_.now() - distinct->over.count());
        out.number(window.entries().size());
        for (const auto& entry : window.entries()) {
            out.text(values_.name(entry.value));
            out.number(entry.at);
        }
    } else if (const auto* sequence = std::get_if<Sequence>(&condition)) {
        for (auto mark : {run.marks(held).latest, run.marks(held).other}) {
            // One that is too old to be answered says as little as none.
            if (mark.at != kNever && clock_.now() - mark.at >= sequence->within.count()) mark = {};
            transfer(out, mark);
            out.number(mark.value != kNone);
            out.text(mark.value == kNone ? "" : values_.name(mark.value));
            out.text(epoch_of(mark.epoch));
        }
    } else if (std::holds_alternative<Baseline>(condition)) {
        auto model = run.frequency(held);
        transfer(out, model);
    }
    if (run.learns_silence()) {
        auto learned = run.learned(held);
        transfer(out, learned.model);
        out.number(learned.threshold);
        out.number(learned.asked);
    }
    const auto waits = held_back_.find({index_of(run), held.subject});
    out.number(waits != held_back_.end());
    if (waits != held_back_.end()) {
        out.number(waits->second.at);
        out.number(waits->second.by);
    }
    out.number(held.alert != kNone);
    if (held.alert == kNone) return;
    auto alert = book_.open().at(held.alert);
    transfer(out, alert);
}

/// Alerts that belong to no subject's state: summaries of storms by their rule, and the one of blindness.
void Engine::State::write_loose_alerts(ByteWriter& out) const {
    for (const auto& run : runs_) {
        out.number(run.summary != kNone);
        if (run.summary == kNone) continue;
        out.text(run.rule->id.str());
        out.text(run.rule->hash);
        auto alert = book_.open().at(run.summary);
        transfer(out, alert);
    }
    out.number(blind_alert_ != kNone);
    if (blind_alert_ == kNone) return;
    auto alert = book_.open().at(blind_alert_);
    transfer(out, alert);
}

std::string Engine::State::checkpoint() const {
    ByteWriter out;
    const_cast<State*>(this)->transfer_fixed(out);
    write_people(out);
    out.number(runs_.size());
    for (const auto& run : runs_) write_rule(out, run);
    out.number(runs_.size());
    write_loose_alerts(out);
    out.number(book_.orphans.size());
    for (auto [id, orphan] : book_.orphans) transfer(out, orphan);
    std::string bytes(kCheckpointHeader);
    bytes += out.take();
    return bytes + checkpoint_seal(bytes);
}

}  // namespace menshen::rules
