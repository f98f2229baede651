#include <algorithm>
#include <bit>

#include "rules/frequency_reading.hpp"

// What an alert says in numbers. The engine puts it in words.

namespace menshen::rules {

namespace {

// A weekday or an hour is new when it is used on two days or more since the rise, and was used next to never before.
constexpr double kFewestDaysThen = 2;
constexpr double kFewestDaysBefore = 7;
constexpr double kNextToNever = 0.1;
constexpr double kOftenNow = 0.2;

}  // namespace

FrequencyEvidence FrequencyModel::evidence(const FrequencyLimits& limits, const FrequencyPopulation& population) const {
    FrequencyEvidence evidence;
    if (day_ == kNoDay) return evidence;
    const FrequencyReading reading(*this, population.prior(), FrequencyReading::Days::with_today);
    const auto rise = reading.rise(limits);
    evidence.odds = rise.odds;
    evidence.odds_needed = limits.odds_needed();
    const auto level = reading.level_before(rise.days);
    for (std::size_t i = 0; i < reading.size(); ++i) {
        const auto& day = reading.day(i);
        const double usual = level * reading.pattern(day.weekday);
        const auto date = day_ - day.age;
        const std::uint32_t uses = day.age == 0 ? today_ : recent_[slot_of(date)];
        if (day.age < limits.over_days) {
            evidence.count += uses;
            evidence.usual += usual;
        }
        if (i >= rise.days) continue;
        evidence.since_day = date;
        evidence.raised_days = day.age + 1U;
        evidence.raised_count += uses;
        evidence.raised_usual += usual;
    }
    find_new(reading, rise.days, evidence);
    return evidence;
}

void FrequencyModel::find_new(const FrequencyReading& reading, std::size_t raised, FrequencyEvidence& evidence) const {
    std::array<double, kWeekdays> days_then{}, uses_then{};
    std::array<double, kHours> hours_then{}, hours_before{};
    double days_before = 0;
    for (std::size_t day = 0; day < kWeekdays; ++day) days_before += days_[day];
    for (std::size_t hour = 0; hour < kHours; ++hour) hours_before[hour] = hour_days_[hour];
    for (std::size_t i = 0; i < reading.size(); ++i) {
        const auto& day = reading.day(i);
        const auto hours = day.age == 0 ? today_hours_ : recent_hours_[slot_of(day_ - day.age)];
        auto& counts = i < raised ? hours_then : hours_before;
        for (std::size_t hour = 0; hour < kHours; ++hour) counts[hour] += static_cast<double>((hours >> hour) & 1U);
        if (i >= raised) {
            days_before += 1;
        } else {
            days_then[day.weekday] += 1;
            uses_then[day.weekday] += day.uses;
        }
    }
    // Today is in no sum over the whole history yet.
    const auto today = static_cast<std::size_t>(weekday_of(day_));
    if (days_before < kFewestDaysBefore) return;
    const auto n = static_cast<double>(raised);
    for (std::size_t hour = 0; hour < kHours; ++hour) {
        const bool is_new =
            hours_then[hour] >= std::max(kFewestDaysThen, kOftenNow * n) && hours_before[hour] < kNextToNever * days_before;
        if (is_new) evidence.new_hours |= 1U << hour;
    }
    const double level = reading.level_before(raised);
    for (std::size_t day = 0; day < kWeekdays; ++day) {
        const bool has_today = day == today && raised > 0;
        const double before = reading.days_on(day) - days_then[day] + (has_today ? 1 : 0);
        const double uses_before = reading.uses_on(day) - uses_then[day] + (has_today ? reading.day(0).uses : 0);
        const bool is_new = days_then[day] >= kFewestDaysThen && uses_then[day] >= kFewestDaysThen && before >= kFewestDaysThen &&
                            uses_before < kNextToNever * level * before;
        if (is_new) evidence.new_weekdays = static_cast<std::uint8_t>(evidence.new_weekdays | (1U << day));
    }
}

}  // namespace menshen::rules
