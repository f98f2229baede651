#pragma once
/// How each part of the engine's state is written to and read from the bytes of a checkpoint. Inside the room only.
///
/// The format: a line that names it, the values in the order below, and at the end half of a SHA-256 of all before. Everything
/// that has no order of its own is written in the order of its name, and a state that says nothing is left out: the same state
/// gives the same bytes.

#include <algorithm>

#include "core/digest.hpp"
#include "rules/bytes.hpp"
#include "rules/engine_state.hpp"

namespace menshen::rules {

inline constexpr std::string_view kCheckpointHeader = "menshen rules 5\n";
inline constexpr std::size_t kSealBytes = 16;

inline std::string checkpoint_seal(std::string_view bytes) {
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

inline void transfer(ByteWriter& archive, std::map<std::string, Value>& values) {
    archive.number(values.size());
    for (auto& [key, value] : values) {
        archive.text(key);
        transfer(archive, value);
    }
}

inline void transfer(ByteReader& archive, std::map<std::string, Value>& values) {
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
    archive.number(alert.swallowed);
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

inline void transfer(ByteWriter& out, RecentPoints& points) {
    const auto all = points.after(std::numeric_limits<Point>::min());
    out.number(all.size());
    for (const auto point : all) out.number(point);
}

inline void transfer(ByteReader& in, RecentPoints& points) {
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
    archive.number(clock.before_boot_);
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

}  // namespace menshen::rules
