// Persons and their tags, the gate's tags, and the labels of strangers. A tag may carry its end; then it goes by itself.

#include "rules/engine_state.hpp"

namespace menshen::rules {

namespace {

std::int64_t until_of(const Record& record) {
    const auto it = record.more.find("until");
    const auto* text = it == record.more.end() ? nullptr : std::get_if<std::string>(&it->second);
    const auto stamp = text == nullptr ? fail("no text") : parse_stamp(*text);
    return stamp ? stamp->time.since_epoch.count() : Tag::kNoEnd;
}

}  // namespace

/// A record that carries tags tells all that the person had; one without them tells nothing: records files often have none.
void Engine::State::fold_person(Context& context) {
    const auto& record = context.record;
    const auto person = subject_of(Per::person, context);
    if (person == kRefused) return;
    auto& facts = persons_.at(person);
    if (!record.household.empty() && facts.household != record.household.str()) facts.household = record.household.str();
    if (!record.person_tags.empty() && set_tags(facts.tags, record.person_tags)) {
        const auto before = facts.mask;
        facts.mask = mask_of(facts.tags, bits_);
        retag(person, before, cause_of(context), context.out);
    }
    context.tags.person = facts.mask;
}

void Engine::State::fold_tag(Context& context) {
    const auto& record = context.record;
    const Tag tag{record.tag, until_of(record)};
    if (!record.person.empty()) return fold_person_tag(context, tag);
    if (!record.stranger.empty()) return fold_label(context, tag);
    if (!record.household.empty() || !record.origin.empty()) return;
    fold_gate_tag(tag, cause_of(context), record.kind, context.out);
    context.tags.gate = gate_mask_;
}

void Engine::State::fold_person_tag(Context& context, const Tag& tag) {
    const auto person = subject_of(Per::person, context);
    if (person == kRefused) return;
    auto& facts = persons_.at(person);
    const auto before = facts.mask;
    const bool added = context.record.kind == Kind::tag_added;
    unwatch_end(TagEnd::Owner::person, context.record.person.str(), find_tag(facts.tags, tag.name));
    if (added) watch_end(TagEnd::Owner::person, context.record.person.str(), tag);
    if (added ? !add_tag(facts.tags, tag) : !remove_tag(facts.tags, tag.name)) return;
    facts.mask = context.tags.person = mask_of(facts.tags, bits_);
    retag(person, before, cause_of(context), context.out);
}

/// Tags make persons subjects of `absent`, and excuse them.
void Engine::State::retag(Index person, TagMask before, const Cause& cause, Changes& out) {
    const auto now = persons_.at(person).mask;
    if (now == before) return;
    for (const auto index : watching_persons_) {
        auto& run = runs_[index];
        if (!run.in_force) continue;
        const bool admitted = run.matcher.admits(now);
        auto* state = run.find(person);
        if (state != nullptr && state->member && !admitted) end_watch(run, *state, cause, out);
        if (admitted && run.matcher.by_tags() && (state == nullptr || !state->member)) {
            state = state_for(run, person);
            if (state != nullptr) begin_silence(run, *state, cause);
        } else if (state != nullptr && state->member) {
            excuse(run, *state, run.matcher.excused({now, gate_mask_}), cause, out);
        }
    }
}

void Engine::State::fold_gate_tag(const Tag& tag, const Cause& cause, Kind kind, Changes& out) {
    const bool added = kind == Kind::tag_added;
    unwatch_end(TagEnd::Owner::gate, "", find_tag(gate_tags_, tag.name));
    if (added) watch_end(TagEnd::Owner::gate, "", tag);
    if (added ? !add_tag(gate_tags_, tag) : !remove_tag(gate_tags_, tag.name)) return;
    gate_mask_ = mask_of(gate_tags_, bits_);
    for (const auto index : watching_gate_) {
        auto& run = runs_[index];
        if (!run.in_force) continue;
        for (const auto slot : run.by_name(names(run.rule->per))) {
            auto& state = run.states[slot];
            const auto* facts = run.rule->per == Per::person ? persons_.find(state.subject) : nullptr;
            const Tags tags{facts == nullptr ? 0 : facts->mask, gate_mask_};
            if (state.member) excuse(run, state, run.matcher.excused(tags), cause, out);
        }
    }
}

void Engine::State::fold_label(Context& context, const Tag& tag) {
    const auto stranger = subject_of(Per::stranger, context);
    if (stranger == kRefused) return;
    if (context.record.kind == Kind::tag_added) {
        labels_[stranger] = tag;
        watch_end(TagEnd::Owner::stranger, context.record.stranger.str(), tag);
        context.tags.stranger_label = &labels_[stranger].name;
        return;
    }
    const auto held = labels_.find(stranger);
    if (held == labels_.end() || held->second.name != tag.name) return;
    labels_.erase(held);
    context.tags.stranger_label = nullptr;
}

/// The end of before is no end any more when a tag gets another.
void Engine::State::unwatch_end(TagEnd::Owner owner, const std::string& name, const Tag* tag) {
    if (tag != nullptr && tag->until != Tag::kNoEnd) tag_ends_.erase({tag->until, owner, name, tag->name});
}

void Engine::State::watch_end(TagEnd::Owner owner, const std::string& name, const Tag& tag) {
    if (tag.until != Tag::kNoEnd) tag_ends_.insert({tag.until, owner, name, tag.name});
}

/// What is held may have got another end, or may be gone: then this one says nothing.
void Engine::State::end_tag(const TagEnd& end, const Cause& cause, Changes& out) {
    const auto is_over = [&](const Tag* tag) { return tag != nullptr && tag->until == end.until; };
    if (end.owner == TagEnd::Owner::gate) {
        if (is_over(find_tag(gate_tags_, end.tag))) fold_gate_tag({end.tag, end.until}, cause, Kind::tag_removed, out);
        return;
    }
    if (end.owner == TagEnd::Owner::stranger) {
        const auto held = labels_.find(names(Per::stranger).find(end.name));
        if (held != labels_.end() && held->second.name == end.tag && is_over(&held->second)) labels_.erase(held);
        return;
    }
    const auto person = names(Per::person).find(end.name);
    if (person == kNone) return;
    auto& facts = persons_.at(person);
    if (!is_over(find_tag(facts.tags, end.tag))) return;
    const auto before = facts.mask;
    remove_tag(facts.tags, end.tag);
    facts.mask = mask_of(facts.tags, bits_);
    retag(person, before, cause, out);
}

void Engine::State::rebuild_tag_ends() {
    tag_ends_.clear();
    for (const auto& tag : gate_tags_) watch_end(TagEnd::Owner::gate, "", tag);
    for (const auto& [stranger, tag] : labels_) watch_end(TagEnd::Owner::stranger, names(Per::stranger).name(stranger), tag);
    for (Index person = 0; person < names(Per::person).end(); ++person) {
        const auto* facts = persons_.find(person);
        if (facts == nullptr || !names(Per::person).holds(person)) continue;
        for (const auto& tag : facts->tags) watch_end(TagEnd::Owner::person, names(Per::person).name(person), tag);
    }
}

}  // namespace menshen::rules
