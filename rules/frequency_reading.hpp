#pragma once
/// A subject's history laid out for judging: which level, how uneven, and what speaks for a rise. Made for one look and dropped.

#include <array>
#include <cstddef>
#include <cstdint>

#include "rules/frequency_model.hpp"

namespace menshen::rules {

/// How far the counts of two neighbouring days lie apart: over many pairs, the sum of `square` / the sum of `scale` is the
/// spread.
struct FrequencySwing {
    double square = 0;
    double scale = 0;
};
[[nodiscard]] FrequencySwing swing_of(double uses, double share, double next_uses, double next_share, double spread);

class FrequencyReading {
public:
    /// Which days are looked at; at a glance, those with today, and how uneven they are is taken over from the last closed day.
    enum class Days : std::uint8_t { closed, with_today, at_a_glance };
    FrequencyReading(const FrequencyModel& model, const FrequencyPrior& prior, Days days);

    /// Uses a day, by the subject's own days and the population.
    [[nodiscard]] double level() const { return level_; }
    /// Variance / mean of a day's count.
    [[nodiscard]] double spread() const { return spread_; }
    /// Weekend use relative to what the population's pattern says.
    [[nodiscard]] double weekend() const { return weekend_; }
    /// The usual use of that weekday relative to the mean day.
    [[nodiscard]] double pattern(std::size_t weekday) const { return pattern_[weekday]; }
    /// The subject's part in the population.
    [[nodiscard]] FrequencyShare share() const;

    /// False when it is plain, at a hundredth of the cost, that the odds below are not `enough`.
    [[nodiscard]] bool may_be(double enough, const FrequencyLimits& limits) const;
    /// Not more than the uses of today from which on `may_be` is true, with a little room for a population that changes. Of a
    /// reading at a glance.
    [[nodiscard]] std::uint32_t uses_to_look(double enough, const FrequencyLimits& limits) const;
    /// The number of newest days that speak most for a rise (0 when none do), and the odds for a rise, whenever it was, against
    /// none: a Shiryaev-Roberts sum, at most 1e12.
    struct Rise {
        std::size_t days = 0;
        double odds = 0;
        double most_per_use = 0;  ///< One more use today multiplies the odds by no more.
        /// So many more uses today may bring the odds to `enough`; no fewer do.
        [[nodiscard]] std::uint32_t uses_short_of(double enough) const;
    };
    [[nodiscard]] Rise rise(const FrequencyLimits& limits) const;
    /// Uses to be expected a day, judged by the days before the `raised` newest ones.
    [[nodiscard]] double level_before(std::size_t raised) const;

    struct Day {
        std::uint32_t uses = 0;
        std::uint8_t weekday = 0;
        std::uint8_t age = 0;  ///< Calendar days before the newest day there is.
    };
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const Day& day(std::size_t i) const { return recent_[i]; }
    /// Of the whole history but today, by weekday.
    [[nodiscard]] double days_on(std::size_t weekday) const { return days_[weekday]; }
    [[nodiscard]] double uses_on(std::size_t weekday) const { return uses_[weekday]; }

private:
    friend class FrequencyGrid;
    static constexpr double kFewestDaysBefore = 7;  ///< A rise is looked for after so many days only.
    static constexpr std::size_t kMost = FrequencyModel::kRecentDays + 1;

    void take_days(const FrequencyModel& model, Days days);
    void learn_weekend();
    void lay_pattern();
    void learn_level();
    void learn_spread(const FrequencyModel& model);
    [[nodiscard]] double level_of(double uses, double exposure) const;
    [[nodiscard]] double days_before(std::size_t raised) const { return old_days_ + static_cast<double>(size_ - raised); }

    const FrequencyPrior& prior_;
    std::array<Day, kMost> recent_{};  ///< Newest first, without the days of absence.
    std::size_t size_ = 0;
    std::uint32_t most_ = 0;                ///< Of one day's uses, no more are counted.
    std::array<double, kWeekdays> days_{};  ///< Of the whole history.
    std::array<double, kWeekdays> uses_{};
    double old_exposure_ = 0, old_uses_ = 0;  ///< Of the days before the recent ones.
    double old_days_ = 0;
    double exposure_ = 0, total_ = 0;  ///< Of the whole history.
    std::array<double, kWeekdays> pattern_{};
    double weekend_ = 1, level_ = 0, spread_ = 1.5;
    double own_spread_ = 0, own_spread_days_ = 0;
    double log_weekend_ = 0, log_weekend_error_ = 0;
    double shape_ = 1, prior_exposure_ = 1;  ///< The prior of the level as a gamma distribution.
    std::array<double, kWeekdays> old_by_weekday_{};
};

}  // namespace menshen::rules
