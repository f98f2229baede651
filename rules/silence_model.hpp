#pragma once
/// How long a person's silences usually are, learned from the person's own signs of life, and from when on a silence is unusual
/// under a budget of false alerts. See docs/learned-silence.md.

#include <array>
#include <cstdint>

#include "core/time.hpp"

namespace menshen::rules {

/// What a learned threshold may cost, and its limits.
struct SilenceBudget {
    double alerts_per_30d = 1;  ///< False alerts of one person; a budget that is shared must be divided before.
    Millis at_least{};
    Millis at_most{};
    bool operator==(const SilenceBudget&) const = default;
};

/// One person's rhythm. Plain data of a fixed size, no clock, no randomness: the same calls give the same state, bit for bit.
///
/// Silences are told when they end. What was excused (`away`), blind, or lay before the first sign of life is no silence of this
/// person and must not be told; `restart` says that it is over. Time of day is that of the stamps; lengths are event time, so
/// neither steps of the wall clock nor DST make a silence longer than it was.
class SilenceModel {
public:
    /// A sign of life at `at`, after a silence of `silence`. Cheap (tens of ns) while silences are shorter than a burst (10 min).
    void add_mark(const Stamp& at, Millis silence);
    /// A sign of life, or the end of an excuse, before which nothing may be learned.
    void restart(const Stamp& at);

    /// How long a silence that began at `since` is not yet unusual: from `at_least` to `at_most`, `at_most` while too little is
    /// known. Never longer for a larger budget. Depends on nothing but the arguments and what was learned, so it may be asked at
    /// any time of the silence, best when `at_least` of it has passed: some microseconds.
    [[nodiscard]] Millis usual_until(const Stamp& since, const SilenceBudget& budget) const;
    /// The length that 19 of 20 silences of at least a burst stay below, of those that begin about the time of day of `since`. For
    /// the words of an alert; 0 while cold.
    [[nodiscard]] Millis usual_silence(const Stamp& since) const;

    /// Days with a sign of life, older ones counting less: what the model rests on.
    [[nodiscard]] double days() const { return days_; }
    /// Too little history: every threshold is `at_most`.
    [[nodiscard]] bool is_cold() const;

    bool operator==(const SilenceModel&) const = default;

private:
    template <class Archive>
    friend void transfer(Archive& archive, SilenceModel& model);

    float days_ = 0;
};

/// Writes or reads the model bit by bit (ByteWriter, ByteReader).
template <class Archive>
void transfer(Archive& archive, SilenceModel& model);

}  // namespace menshen::rules
