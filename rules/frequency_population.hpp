#pragma once
/// What the subjects of one rule have in common, learned from all of them: how far their levels lie apart, how uneven their days
/// are, which weekdays are busy. A subject with little history of its own is judged by it.
///
/// Pure: no clock. The sums are integers, so that taking a subject's part out and putting a new one in leaves no rounding behind.
/// What it holds depends on the sequence of calls only. A few hundred bytes, whatever the number of subjects.

#include <array>
#include <cstdint>

namespace menshen::rules {

inline constexpr int kWeekdays = 7;  ///< 0 is Monday.

/// What is believed of a subject before it has shown any use.
struct FrequencyPrior {
    double log_level = 0;                     ///< Mean of the log of uses a day.
    double log_level_var = 1;                 ///< And its variance between subjects.
    double spread = 1.5;                      ///< Variance / mean of a day's count.
    double spread_days = 25;                  ///< So many days of a subject's own weigh as much as the above.
    double weekend_var = 0.06;                ///< Between subjects, of the log of weekend use against the population's.
    std::array<double, kWeekdays> weekday{};  ///< Use on a weekday relative to the mean day.
};

/// One subject's part in the population, in units of 2^-10; all 0 until it is known well enough.
struct FrequencyShare {
    std::int32_t known = 0;  ///< 1 when the rest counts.
    std::int32_t log_level = 0;
    std::int32_t log_level_error = 0;  ///< Variance of the estimate.
    std::int32_t spread = 0;
    std::int32_t spread_error = 0;  ///< Relative variance of the estimate.
    std::int32_t log_weekend = 0;
    std::int32_t log_weekend_error = 0;
    bool operator==(const FrequencyShare&) const = default;
};

class FrequencyPopulation {
public:
    FrequencyPopulation();
    /// A subject's part changed. `before` is what it last gave here.
    void replace(const FrequencyShare& before, const FrequencyShare& now);
    /// A day of a subject whose days are known to have `level` uses on average.
    void add_day(int weekday, std::uint32_t uses, double level);
    [[nodiscard]] const FrequencyPrior& prior() const { return prior_; }
    [[nodiscard]] std::int64_t subjects() const { return subjects_; }

    template <class Archive>
    friend void transfer(Archive& archive, FrequencyPopulation& population);

private:
    void add(const FrequencyShare& share, std::int64_t sign);
    void learn();

    std::int64_t subjects_ = 0;
    std::int64_t log_level_ = 0, log_level_squares_ = 0, log_level_errors_ = 0;
    std::int64_t spread_ = 0, spread_squares_ = 0, spread_errors_ = 0;
    std::int64_t weekend_squares_ = 0, weekend_errors_ = 0;
    std::array<std::int64_t, kWeekdays> uses_{};  ///< In units of 2^-10, as the next.
    std::array<std::int64_t, kWeekdays> expected_{};
    FrequencyPrior prior_;  ///< Follows from the above.
};

/// For checkpoints, with the ByteWriter or ByteReader of rules/bytes.hpp.
template <class Archive>
void transfer(Archive& archive, FrequencyPopulation& population);

}  // namespace menshen::rules
