#pragma once
/// One rule at work: its state for each subject.

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "rules/frequency_model.hpp"
#include "rules/matcher.hpp"
#include "rules/rule.hpp"
#include "rules/silence_model.hpp"
#include "rules/windows.hpp"

namespace menshen::rules {

/// What every condition needs, in one line of the cache; what only one of them needs lies beside it in the RuleRun.
struct alignas(64) SubjectState {
    Index subject = kNone;
    Index alert = kNone;    ///< The open one, in the alert book.
    Point due = kNever;     ///< When time alone will change something.
    Point queued = kNever;  ///< Its place in the queue of deadlines: at or before `due`.
    Point since = 0;        ///< absent: silence counts from here. each: quiet until then. sequence then_not: A.

    // absent, and A of then_not: what the evidence will say
    std::int64_t seen_ms = kNever;  ///< Wall time of the last match.
    std::uint64_t start_seq = 0;    ///< The record that `since` is of.
    Index start_epoch = kNone;
    Index door = kNone;            ///< Of the last match.
    std::int16_t seen_offset = 0;  ///< Minutes from UTC of `seen_ms`.

    bool member = false;     ///< absent: is watched.
    bool suspended = false;  ///< absent: `unless` holds.
    bool latched = false;    ///< The condition holds and has raised its alert: it does not again until it ceased to hold.
    bool spoiled = false;    ///< absent: this silence was blind for a while, or its begin is not known: nothing to learn from.
    bool went_out = false;   ///< absent: seen leaving. The learned threshold says nothing about somebody who is out.
};
static_assert(sizeof(SubjectState) == 64);

/// A learned `absent`: what the person's rhythm says of the silence that is on.
struct alignas(64) LearnedSilence {
    /// Of this silence, in ms: `at_least` until that has passed. Most silences end before; the model is asked only of the others.
    std::int64_t threshold = 0;
    bool asked = false;
    SilenceModel model;
    /// The bands of age that most silences reach; or all, to be asked.
    static constexpr std::size_t kFirstBytes = std::size_t{12} * 64;
    void prefetch(std::size_t bytes) const {
        for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(reinterpret_cast<const char*>(this) + at, 1);
    }
};

class RuleRun {
public:
    RuleRun(const Rule& r, const TagBits& bits, const Calendar& calendar);

    const Rule* rule;
    Matcher matcher;
    std::optional<Matcher> second;  ///< B of a sequence.
    bool in_force = false;
    std::vector<SubjectState> states;

    // absent
    std::size_t members = 0;     ///< States that are watched: a shared budget is divided by their number.
    Point blind_since = kNever;  ///< No source that could match works since then.
    bool blind = false;          ///< For so long that the silence no longer counts.
    // baseline
    FrequencyPopulation population;
    // A storm: many alerts at once are told as one.
    Point storm_began = kNever;
    std::uint32_t storm_count = 0;
    std::uint32_t bundled_open = 0;
    std::uint32_t bundled_told = 0;  ///< The count that the summary last told.
    Index summary = kNone;           ///< In the alert book.

    [[nodiscard]] SubjectState* find(Index subject) {
        if (subject >= slots_.size() || slots_[subject] == kNone) return nullptr;
        return &states[slots_[subject]];
    }
    void prefetch_slot(Index subject) const {
        if (subject < slots_.size()) __builtin_prefetch(&slots_[subject]);
    }
    void prefetch_state(Index subject) const {
        if (subject >= slots_.size() || slots_[subject] == kNone) return;
        __builtin_prefetch(&states[slots_[subject]], 1);
        if (!recent_.empty()) __builtin_prefetch(&recent_[slots_[subject]], 1);
        if (!days_.empty()) __builtin_prefetch(&days_[slots_[subject]], 1);
        if (!distinct_.empty()) __builtin_prefetch(&distinct_[slots_[subject]], 1);
        if (!marks_.empty()) __builtin_prefetch(&marks_[slots_[subject]], 1);
        if (!learned_.empty()) learned_[slots_[subject]].prefetch(LearnedSilence::kFirstBytes);
        if (!frequency_.empty()) __builtin_prefetch(&frequency_[slots_[subject]], 1);
    }
    /// What the above points to; after some time.
    void prefetch_kept(Index subject) const {
        if (subject >= slots_.size() || slots_[subject] == kNone) return;
        if (!recent_.empty()) recent_[slots_[subject]].prefetch();
        if (!distinct_.empty()) distinct_[slots_[subject]].prefetch();
    }
    /// For a deadline that is there, and for one that will come.
    void prefetch_learned(const SubjectState& state) const {
        if (!learned_.empty()) learned_[slot_of(state)].prefetch(sizeof(LearnedSilence));
    }
    void prefetch_due(Index subject) const {
        if (subject < slots_.size() && slots_[subject] != kNone) __builtin_prefetch(&states[slots_[subject]], 1);
    }
    [[nodiscard]] Index slot_of(const SubjectState& state) const { return static_cast<Index>(&state - states.data()); }
    /// Of a state of this run, if its condition is `count`.
    [[nodiscard]] RecentPoints& recent(const SubjectState& state) { return recent_[slot_of(state)]; }
    [[nodiscard]] const RecentPoints& recent(const SubjectState& state) const { return recent_[slot_of(state)]; }
    /// Of a state of this run, if its condition is `days`.
    [[nodiscard]] DayMarks& days(const SubjectState& state) { return days_[slot_of(state)]; }
    [[nodiscard]] const DayMarks& days(const SubjectState& state) const { return days_[slot_of(state)]; }

    /// Of a state of this run, if its condition is `distinct`, a sequence, a learned `absent`, a `baseline`.
    [[nodiscard]] DistinctWindow& distinct(const SubjectState& state) { return distinct_[slot_of(state)]; }
    [[nodiscard]] const DistinctWindow& distinct(const SubjectState& state) const { return distinct_[slot_of(state)]; }
    [[nodiscard]] SequenceMarks& marks(const SubjectState& state) { return marks_[slot_of(state)]; }
    [[nodiscard]] const SequenceMarks& marks(const SubjectState& state) const { return marks_[slot_of(state)]; }
    [[nodiscard]] LearnedSilence& learned(const SubjectState& state) { return learned_[slot_of(state)]; }
    [[nodiscard]] const LearnedSilence& learned(const SubjectState& state) const { return learned_[slot_of(state)]; }
    [[nodiscard]] FrequencyModel& frequency(const SubjectState& state) { return frequency_[slot_of(state)]; }
    [[nodiscard]] const FrequencyModel& frequency(const SubjectState& state) const { return frequency_[slot_of(state)]; }
    [[nodiscard]] bool learns_silence() const;

    SubjectState& add(Index subject);
    void remove_at(Index slot);
    void clear();
    /// A state that says no more than none would.
    [[nodiscard]] bool is_idle(const SubjectState& state, const SpanClock& clock) const;
    /// Slots in the order of the subjects' names.
    [[nodiscard]] std::vector<Index> by_name(const Names& names) const;
    /// Bytes of one more state, without what a `count` keeps.
    [[nodiscard]] std::size_t bytes_each() const;
    [[nodiscard]] std::size_t ring_bytes() const;
    /// Of the table that finds states: as long as the largest subject.
    [[nodiscard]] std::size_t slot_bytes() const { return slots_.capacity() * sizeof(Index); }

private:
    std::vector<Index> slots_;  // of a subject, in `states`
    std::vector<RecentPoints> recent_;
    std::vector<DayMarks> days_;
    std::vector<DistinctWindow> distinct_;
    std::vector<SequenceMarks> marks_;
    std::vector<LearnedSilence> learned_;
    std::vector<FrequencyModel> frequency_;
};

}  // namespace menshen::rules
