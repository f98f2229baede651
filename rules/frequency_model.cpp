#include "rules/frequency_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "rules/bytes.hpp"
#include "rules/frequency_reading.hpp"

namespace menshen::rules {

namespace {

// Days before the recent ones fade: a sixty-fourth a day, so that a slow trend is followed.
constexpr float kFade = 1.0F - 1.0F / 64;
// A silence this surprising (one in 1,000) is absence, not little use.
constexpr double kAbsence = 6.9;
// A longer gap is not walked through day by day.
constexpr std::int64_t kLongestGap = 400;
// A rise that lasted so long without anybody saying a word is the new habit.
constexpr std::int64_t kNewHabit = 42;
// The verdict falls back below this part of the odds it needs.
constexpr double kFallBack = 0.4;

}  // namespace

std::size_t FrequencyModel::slot_of(std::int64_t day) {
    constexpr auto kDays = static_cast<std::int64_t>(kRecentDays);
    return static_cast<std::size_t>(((day % kDays) + kDays) % kDays);
}

std::uint8_t FrequencyModel::weekday_of(std::int64_t day) {
    return static_cast<std::uint8_t>((((day + 3) % kWeekdays) + kWeekdays) % kWeekdays);  // 1970-01-01 was a Thursday
}

double FrequencyModel::share_of(std::uint8_t weekday, const FrequencyPrior& prior) const {
    return std::max(0.02, prior.weekday[weekday] * (weekday >= 5 ? weekend_ : 1.0));
}

// One day, however wild, must not drown all others.
double FrequencyModel::most_a_day(const FrequencyPrior& prior) const {
    return std::floor(10 + 4 * std::max<double>(level_, std::exp(prior.log_level)));
}

void FrequencyModel::open(std::int64_t day) {
    day_ = day;
    today_ = 0;
    today_hours_ = 0;
    look_at_ = 0;
}

/// Takes the day out of the recent ones and into the sums.
void FrequencyModel::retire(std::int64_t day, const FrequencyPrior& prior) {
    for (auto* sums : {&days_, &uses_})
        for (auto& value : *sums) value *= kFade;
    for (auto& value : hour_days_) value *= kFade;
    for (auto* value : {&swings_, &swing_scale_, &swing_pairs_}) *value *= kFade;
    auto& uses = recent_[slot_of(day)];
    if (uses == kAbsent) return;
    const auto weekday = weekday_of(day);
    const double most = most_a_day(prior);
    days_[weekday] += 1;
    uses_[weekday] += static_cast<float>(std::min<double>(uses, most));
    auto& hours = recent_hours_[slot_of(day)];
    for (std::size_t hour = 0; hour < kHours; ++hour) hour_days_[hour] += static_cast<float>((hours >> hour) & 1U);
    const auto next = recent_[slot_of(day + 1)];
    if (next != kAbsent && day + 1 < day_) {
        const auto swing = swing_of(std::min<double>(uses, most), share_of(weekday, prior), std::min<double>(next, most),
                                    share_of(weekday_of(day + 1), prior), spread_ > 0 ? spread_ : prior.spread);
        swings_ += static_cast<float>(swing.square);
        swing_scale_ += static_cast<float>(swing.scale);
        swing_pairs_ += 1;
    }
    uses = kAbsent;
    hours = 0;
}

void FrequencyModel::retire_all(const FrequencyPrior& prior) {
    for (auto day = day_ - static_cast<std::int64_t>(kRecentDays); day < day_; ++day) retire(day, prior);
}

/// The open day had no use. When the silence is too long for this subject, its days say nothing about how often it does the
/// thing.
void FrequencyModel::note_silence(const FrequencyPrior& prior) {
    const double level = level_ > 0 ? level_ : std::exp(prior.log_level);
    const double spread = spread_ > 0 ? spread_ : prior.spread;
    ++silent_days_;
    silence_ += static_cast<float>(level * share_of(weekday_of(day_), prior) * std::log(spread) / (spread - 1));
    if (silence_ < kAbsence) return;
    for (std::int64_t back = 0; back < std::min<std::int64_t>(silent_days_, kRecentDays); ++back)
        recent_[slot_of(day_ - back)] = kAbsent;
}

void FrequencyModel::close_one(FrequencyPopulation& population) {
    const auto& prior = population.prior();
    retire(day_ - static_cast<std::int64_t>(kRecentDays), prior);
    recent_[slot_of(day_)] = static_cast<std::uint16_t>(std::min<std::uint32_t>(today_, kAbsent - 1));
    recent_hours_[slot_of(day_)] = today_hours_;
    if (today_ == 0) {
        note_silence(prior);
    } else {
        silent_days_ = 0;
        silence_ = 0;
    }
    if (share_.known != 0 && silence_ < kAbsence) population.add_day(weekday_of(day_), today_, level_);
    open(day_ + 1);
}

void FrequencyModel::learn(FrequencyPopulation& population) {
    const FrequencyReading reading(*this, population.prior(), FrequencyReading::Days::closed);
    level_ = static_cast<float>(reading.level());
    spread_ = static_cast<float>(reading.spread());
    weekend_ = static_cast<float>(reading.weekend());
    const auto share = reading.share();
    population.replace(share_, share);
    share_ = share;
}

void FrequencyModel::close_days(std::int64_t day, const FrequencyLimits& limits, FrequencyPopulation& population) {
    if (day_ == kNoDay || day <= day_) return;
    if (day - day_ > kLongestGap) {
        close_one(population);
        retire_all(population.prior());
        open(day);
        unusual_ = false;
    }
    while (day_ < day) {
        close_one(population);
        if (!unusual_ && day_ < day) continue;
        learn(population);
        if (!unusual_) continue;
        if (day_ - unusual_since_ >= kNewHabit) accept(population);
        const auto enough = limits.odds_needed() * kFallBack;
        const FrequencyReading reading(*this, population.prior(), FrequencyReading::Days::closed);
        unusual_ = unusual_ && reading.may_be(enough, limits) && reading.rise(limits).odds >= enough;
    }
}

void FrequencyModel::add_use(const Stamp& at, const FrequencyLimits& limits, FrequencyPopulation& population) {
    const auto day = at.local_day();
    if (day_ == kNoDay) {
        recent_.fill(kAbsent);
        open(day);
    } else if (day < day_ - 1) {
        close_one(population);
        retire_all(population.prior());
        open(day);
    } else {
        close_days(day, limits, population);
    }
    ++today_;
    const auto hour = std::chrono::duration_cast<std::chrono::hours>(at.time_of_day()).count();
    today_hours_ |= 1U << static_cast<unsigned>(std::clamp<std::int64_t>(hour, 0, kHours - 1));
    if (!unusual_ && today_ >= look_at_) look(limits, population.prior());
}

/// Turns to unusual, or says from how many uses on it may. What the population believes changes a little in the meantime, and so
/// the next look comes a little early.
void FrequencyModel::look(const FrequencyLimits& limits, const FrequencyPrior& prior) {
    const auto enough = limits.odds_needed();
    look_at_ = today_ + 1;
    const FrequencyReading glance(*this, prior, FrequencyReading::Days::at_a_glance);
    if (!glance.may_be(enough, limits)) {
        if (spread_ > 0) look_at_ = std::max(look_at_, glance.uses_to_look(enough, limits));
        return;
    }
    const auto rise = FrequencyReading(*this, prior, FrequencyReading::Days::with_today).rise(limits);
    if (rise.odds < enough) {
        look_at_ = std::max(look_at_, today_ + rise.uses_short_of(enough));
        return;
    }
    unusual_ = true;
    unusual_since_ = day_;
}

void FrequencyModel::accept(FrequencyPopulation& population) {
    unusual_ = false;
    look_at_ = 0;
    if (day_ == kNoDay) return;
    // What was before says nothing about the new level; how uneven the days are may stay.
    const FrequencyReading reading(*this, population.prior(), FrequencyReading::Days::with_today);
    const auto raised = reading.rise({}).days;
    for (std::size_t i = std::max<std::size_t>(raised, 1); raised > 0 && i < reading.size(); ++i)
        recent_[slot_of(day_ - reading.day(i).age)] = kAbsent;
    days_.fill(0);
    uses_.fill(0);
    hour_days_.fill(0);
    learn(population);
}

void FrequencyModel::withdraw(FrequencyPopulation& population) {
    population.replace(share_, {});
    *this = {};
}

template <class Archive>
void transfer(Archive& archive, FrequencyModel& model) {
    const auto real = [&](float& value) {
        auto bits = std::bit_cast<std::uint32_t>(value);
        archive.number(bits);
        value = std::bit_cast<float>(bits);
    };
    auto& m = model;
    archive.number(m.day_);
    archive.number(m.unusual_since_);
    archive.number(m.today_);
    archive.number(m.today_hours_);
    archive.number(m.look_at_);
    archive.number(m.silent_days_);
    archive.number(m.unusual_);
    for (auto& value : m.recent_) archive.number(value);
    for (auto& value : m.recent_hours_) archive.number(value);
    for (auto* values : {&m.days_, &m.uses_})
        for (auto& value : *values) real(value);
    for (auto& value : m.hour_days_) real(value);
    for (auto* value : {&m.silence_, &m.swings_, &m.swing_scale_, &m.swing_pairs_, &m.level_, &m.spread_, &m.weekend_})
        real(*value);
    auto& s = m.share_;
    for (auto* value :
         {&s.known, &s.log_level, &s.log_level_error, &s.spread, &s.spread_error, &s.log_weekend, &s.log_weekend_error})
        archive.number(*value);
}
template void transfer(ByteWriter&, FrequencyModel&);
template void transfer(ByteReader&, FrequencyModel&);

}  // namespace menshen::rules
