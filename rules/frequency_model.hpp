#pragma once
/// How often a subject does something, learned: is it more than usual now? One model for each (rule, subject) of a `baseline`
/// condition, one `FrequencyPopulation` for each rule. docs/learned-frequency.md states the method and what it finds.
///
/// A day's count is taken as negative binomial. For each day of the last four weeks on which another person's use may have been
/// added, the model weighs the counts since then against what they were before (a Shiryaev-Roberts sum over the day, the size of
/// the addition and the subject's own level; Pollak, Annals of Statistics 13, 1985; Pollak and Siegmund, 1991, for the unknown
/// level before). The budget sets the odds it asks for.
///
/// Pure: no clock, no randomness; days are local calendar days. Fixed size, no heap.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/time.hpp"
#include "rules/frequency_population.hpp"

namespace menshen::rules {

/// What the rule asks for.
struct FrequencyLimits {
    double false_alerts_per_30d = 0.5;  ///< For this one subject. A shared budget is divided before.
    int over_days = 1;                  ///< `over`, 1 to 7: an excess is weighed over at least so many days, today included.
    /// The evidence asked for; see docs/learned-frequency.md for how it follows from the budget.
    [[nodiscard]] double odds_needed() const;
};

/// What an alert says.
struct FrequencyEvidence {
    std::int64_t since_day = 0;      ///< Local day (days since 1970) from which on use is higher, as far as can be told.
    std::uint32_t raised_days = 0;   ///< Days from then to today, today included.
    std::uint32_t raised_count = 0;  ///< Uses in them.
    double raised_usual = 0;         ///< Uses to be expected in as many days, judged by those before.
    std::uint32_t count = 0;         ///< Uses in the last `over_days` days, today included.
    double usual = 0;                ///< Uses to be expected in these.
    double odds = 0;                 ///< Evidence for a lasting rise against none, and...
    double odds_needed = 0;          ///< ... how much of it the budget asks for.
    std::uint8_t new_weekdays = 0;   ///< Bit 0 is Monday: weekdays with use since then and next to none before.
    std::uint32_t new_hours = 0;     ///< Bit h: the local hour h, likewise.
};

class FrequencyReading;

class alignas(64) FrequencyModel {
public:
    /// A change is looked for in so many days before today.
    static constexpr std::size_t kRecentDays = 28;

    /// A use. `at` is local wall time; the days before it are closed first. A stamp of up to a day before the open day counts
    /// for the open day; an older one (the clock was set back) opens its own day and keeps what was learned. The verdict may
    /// turn to unusual here and nowhere else.
    void add_use(const Stamp& at, const FrequencyLimits& limits, FrequencyPopulation& population);
    /// Closes the local days before `day`; those without a use count as such, or as absence when they go on. The verdict may
    /// fall back to usual here and nowhere else. Does nothing before the first use.
    void close_days(std::int64_t day, const FrequencyLimits& limits, FrequencyPopulation& population);
    /// Is the use of late unusual? The verdict of the last call.
    [[nodiscard]] bool unusual() const { return unusual_; }
    /// The day that is open, while the verdict is unusual: the caller closes it at the local midnight that ends it. Otherwise
    /// nothing is due and days are closed by the next use.
    [[nodiscard]] std::int64_t open_day() const { return day_; }
    /// The level of late is the usual one from now on: somebody said so. Ends the alert.
    void accept(FrequencyPopulation& population);
    /// The subject is to be forgotten: takes back its part in the population.
    void withdraw(FrequencyPopulation& population);
    /// Says nothing about a model without a use.
    [[nodiscard]] FrequencyEvidence evidence(const FrequencyLimits& limits, const FrequencyPopulation& population) const;

    template <class Archive>
    friend void transfer(Archive& archive, FrequencyModel& model);

private:
    friend class FrequencyReading;
    static constexpr std::int64_t kNoDay = std::numeric_limits<std::int64_t>::min();
    static constexpr std::uint16_t kAbsent = 0xffff;  ///< A day that says nothing.
    static constexpr std::size_t kHours = 24;

    [[nodiscard]] static std::size_t slot_of(std::int64_t day);
    [[nodiscard]] static std::uint8_t weekday_of(std::int64_t day);
    [[nodiscard]] double most_a_day(const FrequencyPrior& prior) const;
    void open(std::int64_t day);
    void close_one(FrequencyPopulation& population);
    [[nodiscard]] double share_of(std::uint8_t weekday, const FrequencyPrior& prior) const;
    void retire(std::int64_t day, const FrequencyPrior& prior);
    void retire_all(const FrequencyPrior& prior);
    void note_silence(const FrequencyPrior& prior);
    void learn(FrequencyPopulation& population);
    void look(const FrequencyLimits& limits, const FrequencyPrior& prior);
    void find_new(const FrequencyReading& reading, std::size_t raised, FrequencyEvidence& evidence) const;

    std::int64_t day_ = kNoDay;       ///< The open local day.
    std::int64_t unusual_since_ = 0;  ///< The day of the verdict.
    std::uint32_t today_ = 0;         ///< Uses in the open day.
    std::uint32_t today_hours_ = 0;   ///< Bit h: used in hour h.
    std::uint32_t look_at_ = 0;  ///< Uses in the open day at which the verdict is worth a look again; none can make it before.
    std::uint32_t silent_days_ = 0;  ///< Closed days since the last use.
    float silence_ = 0;              ///< How surprising they are, in nats.
    bool unusual_ = false;
    // The last four weeks by day, then all before as sums that fade.
    std::array<std::uint16_t, kRecentDays> recent_{};
    std::array<std::uint32_t, kRecentDays> recent_hours_{};
    std::array<float, kWeekdays> days_{};
    std::array<float, kWeekdays> uses_{};
    std::array<float, kHours> hour_days_{};  ///< Days with use in that hour.
    float swings_ = 0, swing_scale_ = 0;     ///< Spread = their ratio; see FrequencyReading.
    float swing_pairs_ = 0;
    float level_ = 0, spread_ = 0, weekend_ = 1;  ///< As of the last closed day.
    FrequencyShare share_;
};
static_assert(sizeof(FrequencyModel) <= 512);

/// For checkpoints, with the ByteWriter or ByteReader of rules/bytes.hpp; bit-exact.
template <class Archive>
void transfer(Archive& archive, FrequencyModel& model);

}  // namespace menshen::rules
