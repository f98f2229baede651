#include "rules/frequency_reading.hpp"

#include <algorithm>
#include <cmath>

namespace menshen::rules {

namespace {

constexpr std::size_t kSaturday = 5;
constexpr double kLeastPattern = 0.02;
constexpr double kLeastSpread = 1.05;  // a Poisson count has 1; a little above keeps the negative binomial's form
constexpr double kMostSwing = 10;      // a pair of days says at most that many times the spread believed so far
constexpr double kFewestPairs = 5;

std::int32_t in_units(double value) { return static_cast<std::int32_t>(std::lround(std::clamp(value, -1e4, 1e4) * 1024)); }

}  // namespace

FrequencySwing swing_of(double uses, double share, double next_uses, double next_share, double spread) {
    const double both = share + next_share;
    const double apart = uses * next_share - next_uses * share;
    const double scale = share * next_share * (uses + next_uses) / both;
    return {std::min(apart * apart / both, kMostSwing * spread * scale), scale};
}

FrequencyReading::FrequencyReading(const FrequencyModel& model, const FrequencyPrior& prior, Days days) : prior_(prior) {
    take_days(model, days);
    // For a glance, what the last closed day left is good enough.
    if (days != Days::at_a_glance || model.spread_ <= 0) {
        learn_weekend();
        learn_spread(model);
    } else {
        weekend_ = model.weekend_;
        lay_pattern();
    }
    learn_level();
}

void FrequencyReading::take_days(const FrequencyModel& model, Days days) {
    const auto take = [&](std::uint32_t uses, std::int64_t day, std::uint8_t age) {
        const auto weekday = FrequencyModel::weekday_of(day);
        recent_[size_++] = {uses, weekday, age};
    };
    std::uint8_t age = 0;
    if (days != Days::closed) take(model.today_, model.day_, age++);
    for (std::int64_t back = 1; back <= static_cast<std::int64_t>(FrequencyModel::kRecentDays); ++back, ++age) {
        const auto uses = model.recent_[FrequencyModel::slot_of(model.day_ - back)];
        if (uses != FrequencyModel::kAbsent) take(uses, model.day_ - back, age);
    }
    for (std::size_t day = 0; day < kWeekdays; ++day) {
        old_days_ += model.days_[day];
        old_uses_ += model.uses_[day];
        days_[day] = model.days_[day];
        uses_[day] = model.uses_[day];
        old_by_weekday_[day] = model.days_[day];
    }
    most_ = static_cast<std::uint32_t>(model.most_a_day(prior_));
    for (std::size_t i = 0; i < size_; ++i) {
        recent_[i].uses = std::min(recent_[i].uses, most_);
        if (recent_[i].age == 0 && days != Days::closed) continue;  // it is not over
        days_[recent_[i].weekday] += 1;
        uses_[recent_[i].weekday] += recent_[i].uses;
    }
    spread_ = model.spread_ > 0 ? model.spread_ : prior_.spread;
}

// Weekend use against the population's: the subject's own counts, and beside them as many uses of the population's kind as make
// up for how far subjects lie apart.
void FrequencyReading::learn_weekend() {
    std::array<double, 2> exposure{}, uses{};
    for (std::size_t day = 0; day < kWeekdays; ++day) {
        exposure[day >= kSaturday] += days_[day] * prior_.weekday[day];
        uses[day >= kSaturday] += uses_[day];
    }
    const double workday = (uses[0] + 0.5) / (exposure[0] + 0.5 / std::exp(prior_.log_level));
    const double believed = spread_ / prior_.weekend_var;
    weekend_ = (uses[1] + believed) / (workday * exposure[1] + believed);
    log_weekend_ = std::log((uses[1] + 0.5) / (workday * exposure[1] + 0.5));
    log_weekend_error_ = spread_ * (1 / (uses[1] + 1) + 1 / (uses[0] + 1));
    lay_pattern();
}

void FrequencyReading::lay_pattern() {
    double mean = 0;
    for (std::size_t day = 0; day < kWeekdays; ++day) {
        pattern_[day] = std::max(kLeastPattern, prior_.weekday[day] * (day >= kSaturday ? weekend_ : 1));
        mean += pattern_[day] / kWeekdays;
    }
    for (auto& factor : pattern_) factor /= mean;
}

// The spread comes from how far neighbouring days lie apart (von Neumann's mean square successive difference), because a rise
// that lasts moves it on one day only, where it would swell a variance about the mean.
void FrequencyReading::learn_spread(const FrequencyModel& model) {
    double swings = model.swings_, scale = model.swing_scale_, pairs = model.swing_pairs_;
    for (std::size_t i = 0; i + 1 < size_; ++i) {
        const auto& [uses, weekday, age] = recent_[i];
        const auto& before = recent_[i + 1];
        if (before.age != age + 1) continue;
        const auto swing = swing_of(before.uses, pattern_[before.weekday], uses, pattern_[weekday], spread_);
        swings += swing.square;
        scale += swing.scale;
        pairs += 1;
    }
    if (scale > 0) {
        own_spread_ = swings / scale;
        // A pair of neighbours is worth two thirds of a day apart from others.
        own_spread_days_ = pairs * 2 / 3;
        const double mean = scale / pairs;
        spread_ = (swings * 2 / 3 + prior_.spread * prior_.spread_days * mean) / (scale * 2 / 3 + prior_.spread_days * mean);
    } else {
        spread_ = prior_.spread;
    }
    spread_ = std::max(kLeastSpread, spread_);
}

void FrequencyReading::learn_level() {
    old_exposure_ = 0;
    for (std::size_t day = 0; day < kWeekdays; ++day) old_exposure_ += old_by_weekday_[day] * pattern_[day];
    exposure_ = old_exposure_;
    total_ = old_uses_;
    for (std::size_t i = 0; i < size_; ++i) {
        exposure_ += pattern_[recent_[i].weekday];
        total_ += recent_[i].uses;
    }
    shape_ = 1 / std::expm1(prior_.log_level_var);
    prior_exposure_ = shape_ / std::exp(prior_.log_level + prior_.log_level_var / 2);
    level_ = level_of(total_, exposure_);
}

double FrequencyReading::level_of(double uses, double exposure) const {
    return (shape_ + uses / spread_) / (prior_exposure_ + exposure / spread_);
}

double FrequencyReading::level_before(std::size_t raised) const {
    double uses = total_, exposure = exposure_;
    for (std::size_t i = 0; i < raised; ++i) {
        uses -= recent_[i].uses;
        exposure -= pattern_[recent_[i].weekday];
    }
    return level_of(uses, exposure);
}

FrequencyShare FrequencyReading::share() const {
    double days = old_days_ + static_cast<double>(size_);
    if (days < kFewestDaysBefore || own_spread_days_ < kFewestPairs || total_ <= 0) return {};
    FrequencyShare share;
    share.known = 1;
    share.log_level = in_units(std::log((total_ + 0.5) / exposure_));
    share.log_level_error = in_units(spread_ / (total_ + 1));
    share.spread = in_units(std::clamp(own_spread_, 0.5, 20.0));
    share.spread_error = in_units(2 / own_spread_days_);
    share.log_weekend = in_units(log_weekend_);
    share.log_weekend_error = in_units(log_weekend_error_);
    return share;
}

}  // namespace menshen::rules
