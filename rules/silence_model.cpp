#include "rules/silence_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "rules/bytes.hpp"

// Three steps, each from the literature of survival times and of extremes, put together for this purpose:
//
// 1. The hazard that a silence ends, by the hour of the day and by its age: an occurrence/exposure rate in each cell,
// gamma-shrunk to
//    the rate of that age at all hours, and that to a hazard that falls as 1/age. The chance that a silence outlasts a time is
//    the product of the cells' posterior predictive (Lomax) survivals, so that a cell of which little is known promises little.
// 2. A score of a silence: minus the logarithm of that chance, corrected so that a delay of an hour costs the same at every hour
//    of the day. Its level is what an alert is raised at.
// 3. The level for a budget: peaks over threshold on the scores that past silences reached, each scored before it was learned.
//    Whatever the hazards get wrong, the level answers for what the score has really done.
//
// Only +, -, *, / and the library's exp, log and pow are used, and results are rounded up to the minute: machines agree.

namespace menshen::rules {

namespace {

constexpr double kMsPerHour = 3'600'000;
constexpr std::int64_t kMsPerMinute = 60'000;
constexpr Millis kBurst = std::chrono::minutes{10};
constexpr double kBurstHours = 1.0 / 6;
/// What goes on after three days teaches nothing about the hours of a day.
constexpr double kLongestHours = 72;

constexpr std::array kBandFrom{kBurstHours, 0.5, 1.0, 2.0, 4.0, 8.0};
constexpr std::array kBandMiddle{0.3, 0.7, 1.4, 2.8, 5.6, 24.0};  ///< The age for which the band's prior hazard is taken.

constexpr float kKeptPerDay = 0.983471454F;  ///< exp(-1/60): after two months a day counts for a third.
constexpr float kColdDays = 5;
constexpr double kLeastScoredHours = 1;
constexpr double kUsualScore = 2.995732274;  ///< -ln(1/20)

// Step 1.
constexpr double kPriorEnds = 2;                                         ///< The prior hazard is this over the age.
constexpr double kPriorWeight = 2;                                       ///< In endings, of the prior in a band.
constexpr double kBandWeight = 0.7;                                      ///< In endings, of the band in each of its cells.
constexpr std::array kNear{1.0, 0.882496903, 0.606530660, 0.324652467};  ///< Gaussian of 2 h, for hazards.
constexpr std::array kNearBegin{1.0, 0.800737403, 0.411112291, 0.135335283};
constexpr double kBeginWeight = 3;

// Step 2.
constexpr double kTilt = 0.5;
constexpr double kPerHour = 0.3;

// Step 3.
constexpr double kLowestScore = -3;
constexpr double kBinWidth = 0.3;
constexpr double kPeaksPerDay = 0.5;
constexpr double kFewestPeaks = 4;
constexpr double kPriorPeaks = 6;
constexpr double kPriorExcess = 1;
constexpr double kHalfPeak = 0.5;
constexpr double kTailShape = 0.25;
constexpr double kSpent = 0.9;  ///< Of the budget; the rest is for habits that change.
constexpr double kRecordAlerts = 0.2;
constexpr float kFaded = 0.1F;  ///< A silence of four and a half months ago is no record any more.

/// Calls `visit(hour, weight)` for the hours around `h`, round the clock.
template <std::size_t N, class Visit>
void for_near(const std::array<double, N>& weights, std::size_t h, Visit visit) {
    constexpr std::size_t hours = 24;
    visit(h, weights[0]);
    for (std::size_t d = 1; d < N; ++d) {
        visit((h + d) % hours, weights[d]);
        visit((h + hours - d) % hours, weights[d]);
    }
}

double hours_of(Millis span) { return static_cast<double>(span.count()) / kMsPerHour; }

Millis up_to_minute(double hours) {
    const auto minutes = static_cast<std::int64_t>(std::ceil(hours * 60 - 1e-6));
    return Millis{minutes * kMsPerMinute};
}

}  // namespace

/// The gamma posterior of each hazard: `ends` in `hours`; and how long a silence that begins in an hour lasts in the mean. Only
/// what is asked for is reckoned: most silences end in the first bands, and the model is mostly out of the cache.
class SilenceModel::Hazards {
public:
    struct Cell {
        double ends = 0;
        double hours = 0;
    };
    explicit Hazards(const SilenceModel& model) : model_(model) {}

    /// Bands are asked for one after the other.
    [[nodiscard]] Cell at(std::size_t hour, std::size_t band) {
        if (band != band_) enter(band);
        const auto& ends = model_.ends_[band];
        Cell cell = prior_;
        for_near(kNear, hour, [&](std::size_t near, double weight) {
            cell.ends += weight * ends[near].count;
            cell.hours += weight * ends[near].hours;
        });
        return cell;
    }
    /// Between the middles of the hours.
    [[nodiscard]] double mean_at(double hour) const {
        double count = 1;
        double hours = 1;
        for (const auto& begin : model_.begins_) {
            count += begin.count;
            hours += begin.hours;
        }
        const auto mean = [&](std::size_t h) {
            double near_count = kBeginWeight;
            double near_hours = kBeginWeight * hours / count;
            for_near(kNearBegin, h, [&](std::size_t near, double weight) {
                near_count += weight * model_.begins_[near].count;
                near_hours += weight * model_.begins_[near].hours;
            });
            return near_hours / near_count;
        };
        const double place = hour + kHours - 0.5;
        const double whole = std::floor(place);
        const double part = place - whole;
        const auto h = static_cast<std::size_t>(whole) % kHours;
        return mean(h) * (1 - part) + mean((h + 1) % kHours) * part;
    }

private:
    void enter(std::size_t band) {
        band_ = band;
        double ends = kPriorWeight;
        double hours = kPriorWeight * kBandMiddle[band] / kPriorEnds;
        for (const auto& hour : model_.ends_[band]) {
            ends += hour.count;
            hours += hour.hours;
        }
        prior_ = {kBandWeight, kBandWeight * hours / ends};
    }

    const SilenceModel& model_;
    std::size_t band_ = kBands;
    Cell prior_;  ///< Of the cells of the band.
};

/// Goes through a silence piece by piece, each in one hour of the day and one band of age.
class SilenceModel::Walk {
public:
    Walk(const Stamp& since, double until) : hour_(hours_of(since.time_of_day())), until_(until) {}

    /// False at the end.
    [[nodiscard]] bool next() {
        from = to;
        if (from >= until_ - 1e-9) return false;
        const double clock = std::floor(hour_ + from + 1e-9);
        h = static_cast<std::size_t>(clock) % kHours;
        while (band + 1 < kBandFrom.size() && from + 1e-9 >= kBandFrom[band + 1]) ++band;
        const double band_end = band + 1 < kBandFrom.size() ? kBandFrom[band + 1] : until_;
        to = std::min({until_, clock + 1 - hour_, band_end});
        return true;
    }

    std::size_t h = 0;
    std::size_t band = 0;
    double from = 0;
    double to = kBurstHours;

private:
    double hour_;
    double until_;
};

/// The score of a silence that goes on, piece by piece.
class SilenceModel::Scores {
public:
    Scores(const SilenceModel& model, const Stamp& since, double until)
        : known_(model), walk_(since, until), begin_(kTilt * std::log(known_.mean_at(hours_of(since.time_of_day())))) {}

    [[nodiscard]] bool next() {
        outlasted_ += piece_;
        if (!walk_.next()) return false;
        cell_ = known_.at(walk_.h, walk_.band);
        offset_ = begin_ - kTilt * std::log(cell_.ends / cell_.hours);
        piece_ = lasts(walk_.to);
        return true;
    }
    [[nodiscard]] double at_end() const { return outlasted_ + piece_ + offset_ + kPerHour * walk_.to; }
    /// Where in this piece, at whose end the score is not below it, the score comes to `limit`.
    [[nodiscard]] double reaches(double limit) const {
        double low = walk_.from;
        double high = walk_.to;
        for (int i = 0; i < 14; ++i) {  // 1 h to below a second
            const double middle = (low + high) / 2;
            const bool is_there = outlasted_ + lasts(middle) + offset_ + kPerHour * middle >= limit;
            (is_there ? high : low) = middle;
        }
        return high;
    }

private:
    [[nodiscard]] double lasts(double to) const { return cell_.ends * std::log1p((to - walk_.from) / cell_.hours); }

    Hazards known_;
    Walk walk_;
    double begin_;
    Hazards::Cell cell_;
    double offset_ = 0;
    double outlasted_ = 0;  ///< -ln of the chance to outlast the pieces before.
    double piece_ = 0;      ///< And of this one.
};

void SilenceModel::begin_day(std::int64_t day) {
    day_ = day;
    for (auto& band : ends_) {
        for (auto& cell : band) {
            cell.count *= kKeptPerDay;
            cell.hours *= kKeptPerDay;
        }
    }
    for (auto& begin : begins_) {
        begin.count *= kKeptPerDay;
        begin.hours *= kKeptPerDay;
    }
    for (auto& bin : scores_) bin *= kKeptPerDay;
    // Days without a sign of life are no days of this person: a month in hospital makes no rate smaller.
    days_ = days_ * kKeptPerDay + 1;
}

bool SilenceModel::is_cold() const { return days_ < kColdDays; }

void SilenceModel::restart(const Stamp& at) {
    const auto day = at.local_day();
    if (day == day_) return;
    // A wall clock that was set back shows days that have been counted.
    if (day_ == kNoDay || day > day_) return begin_day(day);
    day_ = day;
}

void SilenceModel::add_mark(const Stamp& at, Millis silence) {
    restart(at);
    if (silence < kBurst) return;
    const Stamp since{at.time - silence, at.offset};
    const double length = std::min(hours_of(silence), kLongestHours);
    if (length >= kLeastScoredHours) bin_of(score(since, length)) += 1;

    Walk walk(since, length);
    Tally* last = nullptr;
    while (walk.next()) {
        last = &ends_[walk.band][walk.h];
        last->hours += static_cast<float>(walk.to - walk.from);
    }
    if (last == nullptr) last = &ends_[walk.band][walk.h];
    last->count += 1;
    auto& begin = begins_[static_cast<std::size_t>(hours_of(since.time_of_day()))];
    begin.count += 1;
    begin.hours += static_cast<float>(length);
}

// An alert of silences that begin at one hour is worth its cost when, at the threshold, the chance S that a silence lasts so long
// times its hazard, over the mean length m of such silences (the time that is watched so), is the same at every hour: then no
// budget moved from one hour to another would shorten the mean delay. So the score is -ln S - ln hazard + ln m, of which half is
// taken, since hazard and m are uncertain. kPerHour adds time itself: a person whose rhythm suddenly breaks is away for a time
// that has no rhythm.
double SilenceModel::score(const Stamp& since, double length) const {
    Scores scores(*this, since, length);
    double most = kLowestScore;
    while (scores.next()) most = std::max(most, scores.at_end());
    return most;
}

float& SilenceModel::bin_of(double score) {
    const double bin = std::clamp((score - kLowestScore) / kBinWidth, 0.0, kScoreBins - 1.0);
    return scores_[static_cast<std::size_t>(bin)];
}

// The tail above the score that is reached kPeaksPerDay times a day is a generalized Pareto one with a fixed, heavy shape and a
// scale that is the mean excess, shrunk to that of an ideal score: the scores of a few weeks cannot tell a shape, and a light one
// breaks small budgets. Where the budget would not even have allowed a fifth of an alert in all the time that is known, no tail
// is trusted to lie below the highest score seen: the chance that n days hold a score above the highest of the N days before them
// is n / (N + n), whatever the tail.
double SilenceModel::limit_score(double alerts_per_day) const {
    const double wanted = std::max(kPeaksPerDay * days_, kFewestPeaks);
    double peaks = 0;
    double above = 0;   // the sum of all peaks' distances from the lower edge of bin i
    double excess = 0;  // the same, of the lowest bin that holds any
    std::size_t bin = 0;
    for (std::size_t i = kScoreBins; i-- > 0 && peaks < wanted;) {
        above += (peaks + scores_[i] / 2) * kBinWidth;
        peaks += scores_[i];
        if (scores_[i] < kFaded / 4) continue;
        bin = i;
        excess = above;
    }
    const double base = kLowestScore + static_cast<double>(bin) * kBinWidth;
    const double floor = alerts_per_day * days_ < kRecordAlerts ? std::max(base, record_score()) : base;
    const double per_day = (peaks + kHalfPeak) / days_;
    if (per_day <= alerts_per_day) return floor;
    const double scale = (excess + kPriorPeaks * kPriorExcess) / (peaks + kPriorPeaks) * (1 - kTailShape);
    return std::max(floor, base + scale / kTailShape * (std::pow(per_day / alerts_per_day, kTailShape) - 1));
}

double SilenceModel::record_score() const {
    const auto it = std::find_if(scores_.rbegin(), scores_.rend(), [](float bin) { return bin > kFaded; });
    return kLowestScore + static_cast<double>(scores_.rend() - it) * kBinWidth;
}

Millis SilenceModel::usual_until(const Stamp& since, const SilenceBudget& budget) const {
    if (is_cold() || !(budget.alerts_per_30d > 0)) return budget.at_most;
    const double limit = limit_score(kSpent * budget.alerts_per_30d / 30);
    Scores scores(*this, since, std::min(hours_of(budget.at_most), kLongestHours));
    while (scores.next()) {
        if (scores.at_end() < limit) continue;
        return std::clamp(up_to_minute(scores.reaches(limit)), budget.at_least, std::max(budget.at_least, budget.at_most));
    }
    return budget.at_most;
}

Millis SilenceModel::usual_silence(const Stamp& since) const {
    if (is_cold()) return Millis{0};
    Hazards known(*this);
    double left = kUsualScore;
    Walk walk(since, kLongestHours);
    while (walk.next()) {
        const auto cell = known.at(walk.h, walk.band);
        const double hazard = cell.ends / cell.hours;
        const double risk = (walk.to - walk.from) * hazard;
        if (risk >= left) return up_to_minute(walk.from + left / hazard);
        left -= risk;
    }
    return up_to_minute(kLongestHours);
}

template <class Archive>
void transfer(Archive& archive, SilenceModel& model) {
    const auto exact = [&](float& value) {
        auto bits = std::bit_cast<std::uint32_t>(value);
        archive.number(bits);
        value = std::bit_cast<float>(bits);
        // Nothing that was learned is negative or infinite; one such value would spread to all.
        if (Archive::kReads && !(value >= 0 && value < std::numeric_limits<float>::infinity())) value = 0;
    };
    for (std::size_t hour = 0; hour < model.kHours; ++hour) {
        for (auto& band : model.ends_) {
            exact(band[hour].count);
            exact(band[hour].hours);
        }
    }
    for (auto& begin : model.begins_) {
        exact(begin.count);
        exact(begin.hours);
    }
    for (auto& bin : model.scores_) exact(bin);
    exact(model.days_);
    archive.number(model.day_);
}

template void transfer(ByteWriter& archive, SilenceModel& model);
template void transfer(ByteReader& archive, SilenceModel& model);

}  // namespace menshen::rules
