#include <algorithm>
#include <array>
#include <cmath>

#include "rules/frequency_reading.hpp"

// Let mu be the subject's level, a the use that somebody else adds, k the number of days since then. With the same spread s
// before and after, a day's count x is negative binomial with size r = mean / (s - 1), and in a ratio of two such probabilities
// all cancels but the rising factorials: f(x; r1) / f(x; r0) = prod (r1 + i) / (r0 + i), i < x, times s^(r0 - r1).
//
//     odds = sum over k and a of P(a) * integral of P(mu | all days, no rise) * prod over the last k days of f(x; mu + a) / f(x;
//     mu)
//
// which is P(days | rise k days ago) / P(days | no rise), summed. mu is integrated on a grid of equal steps of its log.

namespace menshen::rules {

namespace {

constexpr std::size_t kLevels = 10;
constexpr std::size_t kAdditions = 5;
constexpr double kTail = 2.5;  // the grid ends so many standard deviations out
constexpr double kMostOdds = 1e12;
// A glance asks for this many nats less than the full sum would have to find in its best term.
constexpr double kGlanceMargin = 3.6;
// The next look comes while so many nats are missing still: the population changes while the day is open.
constexpr double kEarly = 0.2;
constexpr double kEarlyOdds = 2;

// Another person's use, as quantiles of the population's levels; the last is that of two persons.
constexpr std::array<double, kAdditions> kQuantiles{-1.15, -0.32, 0.32, 1.15, 0};
constexpr std::array<double, kAdditions> kPersons{1, 1, 1, 1, 2};
constexpr std::array<double, kAdditions> kChance{0.2, 0.2, 0.2, 0.2, 0.2};

// Odds = kPatience * (days for one false alert): a Shiryaev-Roberts sum that is compared with A has a false alert about every A /
// 0.6 days; looking back over four weeks only and asking for the sum to fall before it counts anew stretches that to 2 A.
constexpr double kPatience = 0.5;
constexpr double kLeastOdds = 5;

/// The product of (r1 + i) / (r0 + i) for i < n.
double rising_ratio(double r1, double r0, std::uint32_t n) {
    double ratio = 1;
    while (n > 0) {
        // Eight factors at a time: few divisions, and no overflow.
        const auto some = std::min(n, 8U);
        double above = 1, below = 1;
        for (std::uint32_t i = 0; i < some; ++i, r1 += 1, r0 += 1) {
            above *= r1;
            below *= r0;
        }
        ratio *= above / below;
        n -= some;
    }
    return ratio;
}

}  // namespace

double FrequencyLimits::odds_needed() const {
    return std::max(kLeastOdds, kPatience * 30 / std::max(1e-9, false_alerts_per_30d));
}

class FrequencyGrid {
public:
    explicit FrequencyGrid(const FrequencyReading& reading) : reading_(reading) {
        lay_out();
        weigh();
        add_persons();
    }
    [[nodiscard]] FrequencyReading::Rise rise(const FrequencyLimits& limits) const;

private:
    [[nodiscard]] double most_per_use() const;
    void lay_out();
    void weigh();
    void add_persons();

    const FrequencyReading& reading_;
    std::array<double, kLevels> level_{};
    std::array<double, kLevels> chance_{};
    std::array<double, kAdditions> addition_{};
    /// What a day without any use is worth: [weekday][addition].
    std::array<std::array<double, kAdditions>, kWeekdays> silence_{};
};

void FrequencyGrid::lay_out() {
    const auto& r = reading_;
    double uses = r.total_, exposure = r.exposure_;
    double low = r.level_, low_uses = uses;
    for (std::size_t i = 0; i < r.size_; ++i) {
        uses -= r.recent_[i].uses;
        exposure -= r.pattern_[r.recent_[i].weekday];
        if (r.days_before(i + 1) < FrequencyReading::kFewestDaysBefore) break;
        const auto level = r.level_of(uses, exposure);
        if (level < low) {
            low = level;
            low_uses = uses;
        }
    }
    const double high = r.level_ * std::exp(kTail / std::sqrt(r.shape_ + r.total_ / r.spread_));
    low *= std::exp(-kTail / std::sqrt(r.shape_ + low_uses / r.spread_));
    const double step = std::log(high / low) / (kLevels - 1);
    for (std::size_t g = 0; g < kLevels; ++g) level_[g] = low * std::exp(step * static_cast<double>(g));
}

void FrequencyGrid::weigh() {
    const auto& r = reading_;
    const double one_less = r.spread_ - 1;
    const double per_size = std::log(r.spread_) / one_less;
    double recent_exposure = 0;
    for (std::size_t i = 0; i < r.size_; ++i) recent_exposure += r.pattern_[r.recent_[i].weekday];
    const double middle = level_[kLevels / 2];
    double most = -1e300;
    for (std::size_t g = 0; g < kLevels; ++g) {
        const double log_level = std::log(level_[g]);
        const double from_prior = log_level - r.prior_.log_level;
        double sum = -from_prior * from_prior / (2 * r.prior_.log_level_var) - per_size * level_[g] * recent_exposure;
        // Of the days before the recent ones only the sum is known; its variance is the spread times its mean.
        sum += (r.old_uses_ * log_level - level_[g] * r.old_exposure_) / r.spread_;
        double product = 1;
        for (std::size_t i = 0; i < r.size_; ++i) {
            const double share = r.pattern_[r.recent_[i].weekday] / one_less;
            product *= rising_ratio(level_[g] * share, middle * share, r.recent_[i].uses);
            if (product > 1e200 || product < 1e-200) {
                sum += std::log(product);
                product = 1;
            }
        }
        chance_[g] = sum + std::log(product);
        most = std::max(most, chance_[g]);
    }
    double sum = 0;
    for (auto& chance : chance_) sum += chance = std::exp(chance - most);
    for (auto& chance : chance_) chance /= sum;
}

void FrequencyGrid::add_persons() {
    const auto& r = reading_;
    const double apart = std::sqrt(r.prior_.log_level_var);
    for (std::size_t a = 0; a < kAdditions; ++a) {
        addition_[a] = kPersons[a] * std::exp(r.prior_.log_level + kQuantiles[a] * apart);
        for (std::size_t day = 0; day < kWeekdays; ++day)
            silence_[day][a] = std::exp(-std::log(r.spread_) / (r.spread_ - 1) * addition_[a] * r.prior_.weekday[day]);
    }
}

FrequencyReading::Rise FrequencyGrid::rise(const FrequencyLimits& limits) const {
    const auto& r = reading_;
    std::array<std::array<double, kAdditions>, kLevels> product{};
    for (std::size_t g = 0; g < kLevels; ++g)
        for (std::size_t a = 0; a < kAdditions; ++a) product[g][a] = chance_[g] * kChance[a];
    FrequencyReading::Rise rise;
    double most = 0;
    for (std::size_t i = 0; i < r.size_ && rise.odds < kMostOdds; ++i) {
        if (r.days_before(i + 1) < FrequencyReading::kFewestDaysBefore) break;
        const auto& day = r.recent_[i];
        const double own = r.pattern_[day.weekday] / (r.spread_ - 1);
        const double other = r.prior_.weekday[day.weekday] / (r.spread_ - 1);
        double sum = 0;
        for (std::size_t g = 0; g < kLevels; ++g) {
            for (std::size_t a = 0; a < kAdditions; ++a) {
                const double size = level_[g] * own;
                product[g][a] *= rising_ratio(size + addition_[a] * other, size, day.uses) * silence_[day.weekday][a];
                sum += product[g][a];
            }
        }
        if (day.age + 1 < limits.over_days) continue;
        rise.odds += sum;
        if (sum > most) {
            most = sum;
            rise.days = i + 1;
        }
    }
    rise.odds = std::min(rise.odds, kMostOdds);
    rise.most_per_use = most_per_use();
    return rise;
}

// One more use of today makes of f(x; mu + a) / f(x; mu) (r1 + x) / (r0 + x) times as much, and of P(mu) (r0 + x) over its mean:
// together no more than the largest r1 + x over the least r0 + x.
double FrequencyGrid::most_per_use() const {
    const auto& today = reading_.recent_[0];
    const double own = reading_.pattern_[today.weekday] / (reading_.spread_ - 1);
    const double other = reading_.prior_.weekday[today.weekday] / (reading_.spread_ - 1);
    const double most = level_[kLevels - 1] * own + *std::max_element(addition_.begin(), addition_.end()) * other;
    return (most + today.uses) / (level_[0] * own + today.uses);
}

// Half of chi-square of the last k days against all: no sum finds more in its term for k, so where it is small for every k, the
// sum need not be made.
bool FrequencyReading::may_be(double enough, const FrequencyLimits& limits) const {
    double most = 0, uses = 0, exposure = 0;
    for (std::size_t i = 0; i < size_; ++i) {
        uses += recent_[i].uses;
        exposure += pattern_[recent_[i].weekday];
        if (recent_[i].age + 1 < limits.over_days) continue;
        if (days_before(i + 1) < kFewestDaysBefore) break;
        const double usual = level_ * exposure;
        if (uses <= usual) continue;
        const double rest = std::max(0.1, 1 - exposure / exposure_);
        most = std::max(most, (uses - usual) * (uses - usual) / (2 * spread_ * usual * rest));
    }
    return most >= std::log(enough) - kGlanceMargin;
}

// Each more use of today raises what may_be() compares, as long as the uses of the last days are no more than all there are: so
// in each span of days it is the larger root of a quadratic.
std::uint32_t FrequencyReading::uses_to_look(double enough, const FrequencyLimits& limits) const {
    const double needed = std::log(enough) - kGlanceMargin - kEarly;
    if (needed <= 0) return 0;
    const double today = recent_[0].uses;
    const double per_use = 1 / (spread_ * prior_exposure_ + exposure_);  // of the level
    const double level = level_ - today * per_use;                       // without today's
    double least = most_;
    double uses = -today, exposure = 0;
    for (std::size_t i = 0; i < size_; ++i) {
        uses += recent_[i].uses;
        exposure += pattern_[recent_[i].weekday];
        if (recent_[i].age + 1 < limits.over_days) continue;
        if (days_before(i + 1) < kFewestDaysBefore) break;
        // (uses + x - usual(x))^2 = scale * usual(x), where usual(x) = usual + more * x
        const double scale = 2 * needed * spread_ * std::max(0.1, 1 - exposure / exposure_);
        const double usual = level * exposure;
        const double more = per_use * exposure;
        const double rest = 1 - more;
        const double half = rest * (uses - usual) - scale * more / 2;
        const double inside = half * half - rest * rest * ((uses - usual) * (uses - usual) - scale * usual);
        least = std::min(least, (std::sqrt(std::max(0.0, inside)) - half) / (rest * rest));
    }
    return static_cast<std::uint32_t>(std::max(0.0, least));
}

std::uint32_t FrequencyReading::Rise::uses_short_of(double enough) const {
    const double factor = enough / (kEarlyOdds * odds);
    if (!(factor > 1) || !(most_per_use > 1)) return 1;
    constexpr double most = 1000;
    return static_cast<std::uint32_t>(std::min(most, std::max(1.0, std::log(factor) / std::log(most_per_use))));
}

FrequencyReading::Rise FrequencyReading::rise(const FrequencyLimits& limits) const { return FrequencyGrid(*this).rise(limits); }

}  // namespace menshen::rules
