#include "rules/frequency_population.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "rules/bytes.hpp"

// Each figure of the population is a mean over its subjects with a prior that weighs as much as a few of them, and how far they
// lie apart is their variance less the mean variance of the single estimates (the method of moments for random effects).

namespace menshen::rules {

namespace {

constexpr double kUnit = 1024;

// What is believed of a population of nobody, and how many subjects that weighs.
constexpr double kLogLevel = 0.7;  // two uses a day
constexpr double kLogLevelVar = 0.4;
constexpr double kLogLevelWeight = 1;
constexpr double kVarWeight = 5;
constexpr double kSpread = 1.6;
constexpr double kSpreadWeight = 5;
constexpr double kSpreadVar = 0.06;  // relative
constexpr double kWeekendVar = 0.05;
constexpr double kWeekdayUses = 50;
// No population is taken as more alike than this.
constexpr double kLeastLogLevelVar = 0.02;
constexpr double kLeastSpreadVar = 0.01;
constexpr double kLeastWeekendVar = 0.005;
// The weekday pattern forgets half of itself whenever it has seen so many expected uses.
constexpr std::int64_t kWeekdayMemory = std::int64_t{1} << 40;

double blend(double sum, double count, double prior, double weight) { return (sum + prior * weight) / (count + weight); }

}  // namespace

FrequencyPopulation::FrequencyPopulation() { learn(); }

void FrequencyPopulation::add(const FrequencyShare& share, std::int64_t sign) {
    const auto squared = [&](std::int32_t value) { return sign * value * value; };
    subjects_ += sign * share.known;
    log_level_ += sign * share.log_level;
    log_level_squares_ += squared(share.log_level);
    log_level_errors_ += sign * share.log_level_error;
    spread_ += sign * share.spread;
    spread_squares_ += squared(share.spread);
    spread_errors_ += sign * share.spread_error;
    weekend_squares_ += squared(share.log_weekend);
    weekend_errors_ += sign * share.log_weekend_error;
}

void FrequencyPopulation::replace(const FrequencyShare& before, const FrequencyShare& now) {
    if (before == now) return;
    add(before, -1);
    add(now, 1);
    learn();
}

void FrequencyPopulation::add_day(int weekday, std::uint32_t uses, double level) {
    const auto day = static_cast<std::size_t>(weekday);
    uses_[day] += static_cast<std::int64_t>(uses) * static_cast<std::int64_t>(kUnit);
    expected_[day] += std::llround(level * kUnit);
    if (expected_[day] < kWeekdayMemory) return;
    for (auto& value : uses_) value /= 2;
    for (auto& value : expected_) value /= 2;
}

void FrequencyPopulation::learn() {
    const auto n = static_cast<double>(subjects_);
    const auto sum = [](std::int64_t value) { return static_cast<double>(value) / kUnit; };
    const auto squares = [](std::int64_t value) { return static_cast<double>(value) / (kUnit * kUnit); };
    prior_.log_level = blend(sum(log_level_), n, kLogLevel, kLogLevelWeight);
    double apart = 0;
    if (subjects_ >= 2) {
        const double mean = sum(log_level_) / n;
        apart = (squares(log_level_squares_) - n * mean * mean) * n / (n - 1) - sum(log_level_errors_);
    }
    const double var = std::max(kLeastLogLevelVar, blend(apart, n, kLogLevelVar, kVarWeight));
    prior_.log_level_var = var + var / (n + kLogLevelWeight);

    prior_.spread = blend(sum(spread_), n, kSpread, kSpreadWeight);
    const double unlike = squares(spread_squares_) / (prior_.spread * prior_.spread) - 2 * sum(spread_) / prior_.spread + n;
    const double spread_var = std::max(kLeastSpreadVar, blend(unlike - sum(spread_errors_), n, kSpreadVar, kVarWeight));
    prior_.spread_days = 2 / spread_var;
    prior_.weekend_var =
        std::max(kLeastWeekendVar, blend(squares(weekend_squares_) - sum(weekend_errors_), n, kWeekendVar, kVarWeight));

    double mean = 0;
    for (std::size_t day = 0; day < prior_.weekday.size(); ++day) {
        prior_.weekday[day] = (sum(uses_[day]) + kWeekdayUses) / (sum(expected_[day]) + kWeekdayUses);
        mean += prior_.weekday[day] / kWeekdays;
    }
    for (auto& factor : prior_.weekday) factor /= mean;
}

template <class Archive>
void transfer(Archive& archive, FrequencyPopulation& population) {
    auto& p = population;
    for (auto* value : {&p.subjects_, &p.log_level_, &p.log_level_squares_, &p.log_level_errors_, &p.spread_, &p.spread_squares_,
                        &p.spread_errors_, &p.weekend_squares_, &p.weekend_errors_})
        archive.number(*value);
    for (auto* sums : {&p.uses_, &p.expected_})
        for (auto& value : *sums) archive.number(value);
    if constexpr (Archive::kReads) p.learn();
}
template void transfer(ByteWriter&, FrequencyPopulation&);
template void transfer(ByteReader&, FrequencyPopulation&);

}  // namespace menshen::rules
