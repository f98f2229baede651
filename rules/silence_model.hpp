#pragma once
/// How long a person's silences usually are, learned from the person's own signs of life, and from when on a silence is unusual
/// under a budget of false alerts. The method and what to expect of it: docs/learned-silence.md.

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
    /// A sign of life at `at`, after a silence of `silence`. Some ns while it is shorter than a burst (10 min), else some us.
    void add_mark(const Stamp& at, Millis silence);
    /// A sign of life, or the end of an excuse, before which nothing may be learned.
    void restart(const Stamp& at);

    /// How long a silence that began at `since` is not yet unusual, in whole minutes: from `at_least` to `at_most`, `at_most`
    /// while too little is known. Never longer for a larger budget. Depends on nothing but the arguments and what was learned, so
    /// it may be asked at any time of the silence: best once, when `at_least` of it has passed (some us).
    [[nodiscard]] Millis usual_until(const Stamp& since, const SilenceBudget& budget) const;
    /// The length below which 19 of 20 silences stay that begin about the time of day of `since` and outlast a burst. For the
    /// words of an alert; in whole minutes, 0 while too little is known.
    [[nodiscard]] Millis usual_silence(const Stamp& since) const;

    /// Days with a sign of life, older ones counting less: what the model rests on.
    [[nodiscard]] double days() const { return days_; }
    /// Too little history: every threshold is `at_most`.
    [[nodiscard]] bool is_cold() const;

    bool operator==(const SilenceModel&) const = default;

private:
    template <class Archive>
    friend void transfer(Archive& archive, SilenceModel& model);

    static constexpr int kHours = 24;
    static constexpr int kBands = 6;
    static constexpr int kScoreBins = 96;
    /// Of an hour of the day, or of one in a band: how often something ended (or began), and the hours it lasted.
    struct Tally {
        float count = 0;
        float hours = 0;
        bool operator==(const Tally&) const = default;
    };
    class Hazards;
    class Walk;
    class Scores;

    void begin_day(std::int64_t day);
    [[nodiscard]] double score(const Stamp& since, double hours) const;
    [[nodiscard]] float& bin_of(double score);
    [[nodiscard]] double limit_score(double alerts_per_day) const;
    [[nodiscard]] double record_score() const;

    // What each mark needs first.
    static constexpr std::int64_t kNoDay = INT64_MIN;
    std::int64_t day_ = kNoDay;
    float days_ = 0;
    std::array<std::array<Tally, kHours>, kBands> ends_{};  ///< By the age of the silence and the hour of the day.
    std::array<Tally, kHours> begins_{};                    ///< By the hour of the day in which the silence began.
    std::array<float, kScoreBins> scores_{};                ///< Of past silences, each by what was known before it.
};
static_assert(sizeof(SilenceModel) <= 2048);

/// Writes or reads the model bit by bit (ByteWriter, ByteReader). A value that no history leads to is read as 0.
template <class Archive>
void transfer(Archive& archive, SilenceModel& model);

}  // namespace menshen::rules
