#include <algorithm>

#include "core/digest.hpp"
#include "rules/bytes.hpp"
#include "rules/engine_state.hpp"

// The format: a line that names it, the values in the order below, and at the end half of a SHA-256 of all before. Everything
// that has no order of its own is written in the order of its name, and a state that says nothing is left out: the same state
// gives the same bytes.

namespace menshen::rules {

namespace {

constexpr std::string_view kHeader = "menshen rules 1\n";
constexpr std::size_t kSealBytes = 16;

std::string seal(std::string_view bytes) {
    const auto digest = sha256(bytes);
    return {reinterpret_cast<const char*>(digest.data()), kSealBytes};
}

template <class Archive>
void transfer(Archive& archive, Stamp& stamp) {
    auto ms = stamp.time.since_epoch.count();
    auto offset = stamp.offset.count();
    archive.number(ms);
    archive.number(offset);
    stamp = {WallTime{Millis{ms}}, std::chrono::minutes{offset}};
}

template <class Archive>
void transfer(Archive& archive, std::vector<std::string>& texts) {
    if constexpr (Archive::kReads) {
        texts.resize(archive.count());
    } else {
        archive.number(texts.size());
    }
    for (auto& text : texts) archive.text(text);
}

template <class Archive>
void transfer(Archive& archive, std::vector<RecipientId>& ids) {
    std::vector<std::string> texts;
    texts.reserve(ids.size());
    for (const auto& id : ids) texts.push_back(id.str());
    transfer(archive, texts);
    ids.clear();
    for (auto& text : texts) ids.emplace_back(std::move(text));
}

template <class Archive, class T>
void transfer_as(Archive& archive, Value& value) {
    T held{};
    if (auto* there = std::get_if<T>(&value)) held = *there;
    if constexpr (std::is_integral_v<T>) {
        archive.number(held);
    } else if constexpr (std::is_same_v<T, std::string>) {
        archive.text(held);
    } else {
        transfer(archive, held);
    }
    value = std::move(held);
}

template <class Archive>
void transfer(Archive& archive, Value& value) {
    auto which = value.index();
    archive.number(which);
    switch (which) {
        case 0:
            return transfer_as<Archive, bool>(archive, value);
        case 1:
            return transfer_as<Archive, std::int64_t>(archive, value);
        case 2:
            return transfer_as<Archive, std::string>(archive, value);
        default:
            return transfer_as<Archive, std::vector<std::string>>(archive, value);
    }
}

void transfer(ByteWriter& archive, std::map<std::string, Value>& values) {
    archive.number(values.size());
    for (auto& [key, value] : values) {
        archive.text(key);
        transfer(archive, value);
    }
}

void transfer(ByteReader& archive, std::map<std::string, Value>& values) {
    for (auto n = archive.count(); n > 0; --n) {
        std::string key;
        archive.text(key);
        transfer(archive, values[key]);
    }
}

template <class Archive, class T>
void transfer_id(Archive& archive, T& id) {
    auto text = id.str();
    archive.text(text);
    id = T(std::move(text));
}

template <class Archive>
void transfer(Archive& archive, OpenAlert& alert) {
    transfer_id(archive, alert.id);
    archive.number(alert.number);
    archive.number(alert.state);
    archive.number(alert.severity);
    transfer(archive, alert.to);
    transfer(archive, alert.at);
    transfer(archive, alert.fired_at);
    transfer(archive, alert.evidence);
    archive.text(alert.by);
    archive.text(alert.note);
}

template <class Archive>
void transfer(Archive& archive, AlertChange& change) {
    transfer_id(archive, change.id);
    archive.number(change.change);
    transfer_id(archive, change.rule);
    archive.text(change.per);
    archive.text(change.subject);
    archive.number(change.state);
    archive.number(change.severity);
    transfer(archive, change.at);
    transfer(archive, change.fired_at);
    transfer(archive, change.to);
    archive.text(change.by);
    archive.text(change.note);
    archive.text(change.reason);
}

void transfer(ByteWriter& out, RecentPoints& points) {
    const auto all = points.after(std::numeric_limits<Point>::min());
    out.number(all.size());
    for (const auto point : all) out.number(point);
}

void transfer(ByteReader& in, RecentPoints& points) {
    const auto most = in.count();
    for (std::size_t i = 0; i < most; ++i) {
        Point point = 0;
        in.number(point);
        points.push(point, most);
    }
}

/// All but the names: the subject's, the door's and the epoch's.
template <class Archive>
void transfer(Archive& archive, SubjectState& state) {
    archive.number(state.member);
    archive.number(state.suspended);
    archive.number(state.latched);
    archive.number(state.due);
    archive.number(state.since);
    archive.number(state.seen_ms);
    archive.number(state.seen_offset);
    archive.number(state.start_seq);
}

template <class Archive>
void transfer(Archive& archive, DayMarks& marks) {
    archive.number(marks.mask);
    archive.number(marks.latest);
}

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

template <class Archive>
void transfer(Archive& archive, SpanClock& clock) {
    auto& last = clock.last_;
    archive.number(clock.running_);
    archive.number(clock.now_);
    transfer(archive, last.at);
    archive.number(last.wall_is_trusted);
    bool has_mono = last.mono.has_value();
    auto mono = last.mono.value_or(MonoTime{}).since_boot.count();
    archive.number(has_mono);
    archive.number(mono);
    last.mono = has_mono ? std::optional(MonoTime{Millis{mono}}) : std::nullopt;
    archive.number(last.boot);
    archive.number(clock.aligned_);
    archive.number(clock.anchored_);
    auto anchor = clock.anchor_wall_.since_epoch.count();
    archive.number(anchor);
    clock.anchor_wall_ = WallTime{Millis{anchor}};
    archive.number(clock.anchor_);
}

template <class Archive>
void Engine::State::transfer_fixed(Archive& archive) {
    transfer(archive, clock_);
    archive.number(shift_);
    archive.text(position_.epoch);
    archive.number(position_.seq);
    transfer(archive, loaded_);
    transfer(archive, gate_tags_);
}

void Engine::State::write_persons(ByteWriter& out) const {
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
}

void Engine::State::write_rule(ByteWriter& out, const RuleRun& run) const {
    out.text(run.rule->id.str());
    out.text(run.rule->hash);
    out.text(to_text(run.rule->per));
    out.number(run.in_force);
    auto slots = run.by_name(names(run.rule->per));
    std::erase_if(slots, [&](Index slot) { return run.is_idle(run.states[slot], clock_); });
    out.number(slots.size());
    for (const auto slot : slots) {
        auto state = run.states[slot];
        out.text(subject_name(run, state));
        out.text(state.door == kNone ? "" : names(Per::door).name(state.door));
        out.text(state.start_epoch == kNone ? "" : epochs_.name(state.start_epoch));
        out.number(state.start_epoch != kNone);
        transfer(out, state);
        // Whatever the condition is, all fields are written: a reader who does not hold the rule must find its way.
        RecentPoints recent;
        if (const auto* count = std::get_if<Count>(&run.rule->condition)) {
            recent = run.recent(run.states[slot]);
            recent.drop_until(clock_.now() - count->over.count());
        }
        transfer(out, recent);
        auto marks = std::holds_alternative<Days>(run.rule->condition) ? run.days(run.states[slot]) : DayMarks{};
        transfer(out, marks);
        out.number(state.alert != kNone);
        if (state.alert == kNone) continue;
        auto alert = book_.open().at(state.alert);
        transfer(out, alert);
    }
}

std::string Engine::State::checkpoint() const {
    ByteWriter out;
    // Writing through the function that also reads: it takes its fields as they are, but wants to be able to change them.
    const_cast<State*>(this)->transfer_fixed(out);
    write_persons(out);
    out.number(runs_.size());
    for (const auto& run : runs_) write_rule(out, run);
    out.number(book_.orphans.size());
    for (auto [id, orphan] : book_.orphans) transfer(out, orphan);
    std::string bytes(kHeader);
    bytes += out.take();
    return bytes + seal(bytes);
}

void Engine::State::read_persons(ByteReader& in) {
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        std::string name;
        in.text(name);
        auto& facts = persons_.at(names(Per::person).add(name));
        in.text(facts.household);
        transfer(in, facts.tags);
        facts.mask = mask_of(facts.tags, bits_);
    }
}

/// `run` is nothing when the rule is gone or another now: then only its open alerts are kept, to be ended.
void Engine::State::read_states(ByteReader& in, RuleRun* run, const AlertChange& pattern) {
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        std::string subject, door, epoch;
        bool has_epoch = false;
        bool has_alert = false;
        SubjectState state;
        RecentPoints recent;
        DayMarks marks;
        OpenAlert alert;
        for (auto* text : {&subject, &door, &epoch}) in.text(*text);
        in.number(has_epoch);
        transfer(in, state);
        transfer(in, recent);
        transfer(in, marks);
        in.number(has_alert);
        if (has_alert) transfer(in, alert);
        if (run == nullptr) {
            auto orphan = orphan_of(alert, pattern);
            orphan.subject = subject;
            if (has_alert) book_.orphans.emplace(alert.id, std::move(orphan));
            continue;
        }
        state.door = door.empty() ? kNone : names(Per::door).add(door);
        state.start_epoch = has_epoch ? epochs_.add(epoch) : kNone;
        auto& held = run->add(names(run->rule->per).add(subject));
        state.subject = held.subject;
        alert.rule = index_of(*run);
        alert.subject = state.subject;
        state.alert = has_alert ? book_.add(std::move(alert)) : kNone;
        held = state;
        state_bytes_ += run->bytes_each();
        ring_bytes_ += recent.bytes();
        if (std::holds_alternative<Count>(run->rule->condition)) run->recent(held) = std::move(recent);
        if (std::holds_alternative<Days>(run->rule->condition)) run->days(held) = marks;
    }
}

void Engine::State::read_rule(ByteReader& in) {
    std::string id, hash, per;
    bool in_force = false;
    for (auto* text : {&id, &hash, &per}) in.text(*text);
    in.number(in_force);
    const auto it = std::find_if(runs_.begin(), runs_.end(), [&](const RuleRun& run) {
        return run.rule->id.str() == id && run.rule->hash == hash && run.rule->active();
    });
    AlertChange pattern;
    pattern.rule = RuleId(id);
    pattern.per = per;
    if (it != runs_.end()) it->in_force = in_force;
    read_states(in, it == runs_.end() ? nullptr : &*it, pattern);
}

Result<void> Engine::State::restore(std::string_view bytes) {
    if (!bytes.starts_with(kHeader)) return fail("the rule checkpoint is of another version; the journal has to be folded anew");
    const bool sealed = bytes.size() >= kHeader.size() + kSealBytes &&
                        bytes.substr(bytes.size() - kSealBytes) == seal(bytes.substr(0, bytes.size() - kSealBytes));
    if (!sealed) return fail("the rule checkpoint is damaged; the journal has to be folded anew");
    ByteReader in(bytes.substr(kHeader.size(), bytes.size() - kHeader.size() - kSealBytes));
    transfer_fixed(in);
    gate_mask_ = mask_of(gate_tags_, bits_);
    read_persons(in);
    for (auto n = in.count(); n > 0 && in.ok(); --n) read_rule(in);
    for (auto n = in.count(); n > 0 && in.ok(); --n) {
        AlertChange orphan;
        transfer(in, orphan);
        book_.orphans.emplace(orphan.id, orphan);
    }
    if (!in.ok() || !in.at_end()) return fail("the rule checkpoint is damaged; the journal has to be folded anew");
    rebuild_queue();
    return {};
}

}  // namespace menshen::rules
