#include <algorithm>

#include "core/digest.hpp"
#include "rules/bytes.hpp"
#include "rules/engine_state.hpp"

// The format: a line that names it, the values in the order below, and at the end half of a SHA-256 of all before. Everything
// that has no order of its own is written in the order of its name, and a state that says nothing is left out: the same state
// gives the same bytes.

namespace menshen::rules {

namespace {

constexpr std::string_view kHeader = "menshen rules 2\n";
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
    archive.number(alert.bundled);
    for (auto* point : {&alert.began, &alert.repeat_at, &alert.closes_at, &alert.postponed, &alert.notify_ms, &alert.until_ms}) {
        archive.number(*point);
    }
    archive.number(alert.escalated);
}

template <class Archive>
void transfer(Archive& archive, Tag& tag) {
    archive.text(tag.name);
    archive.number(tag.until);
}

template <class Archive>
void transfer(Archive& archive, TagList& tags) {
    if constexpr (Archive::kReads) {
        tags.resize(archive.count());
    } else {
        archive.number(tags.size());
    }
    for (auto& tag : tags) transfer(archive, tag);
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
    archive.number(state.spoiled);
    archive.number(state.went_out);
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

/// All but the names.
template <class Archive>
void transfer(Archive& archive, SequenceMark& mark) {
    archive.number(mark.at);
    archive.number(mark.ms);
    archive.number(mark.offset);
    archive.number(mark.seq);
}

/// What a rule keeps for itself, beside its states.
template <class Archive>
void transfer_run(Archive& archive, RuleRun& run) {
    archive.number(run.in_force);
    archive.number(run.blind_since);
    archive.number(run.blind);
    archive.number(run.storm_began);
    archive.number(run.storm_count);
    archive.number(run.bundled_open);
    archive.number(run.bundled_told);
    transfer(archive, run.population);
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
    std::string bytes(kHeader);
    bytes += out.take();
    return bytes + seal(bytes);
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
        for (const auto& [value, at] : read.values) ring_bytes_ += run.distinct(state).put(values_.add(value), at, read.values.size());
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
    if (!bytes.starts_with(kHeader)) return fail("the rule checkpoint is of another version; the journal has to be folded anew");
    const bool sealed = bytes.size() >= kHeader.size() + kSealBytes &&
                        bytes.substr(bytes.size() - kSealBytes) == seal(bytes.substr(0, bytes.size() - kSealBytes));
    if (!sealed) return fail("the rule checkpoint is damaged; the journal has to be folded anew");
    ByteReader in(bytes.substr(kHeader.size(), bytes.size() - kHeader.size() - kSealBytes));
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
    rebuild_queue();
    rebuild_tag_ends();
    plan_blindness();
    std::vector<Index> open;
    for (const auto& [index, alert] : book_.open()) open.push_back(index);
    for (const auto index : open) plan(index);
    return {};
}

}  // namespace menshen::rules
