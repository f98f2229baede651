#include "models/fit_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "models/verification.hpp"

namespace menshen::models {
namespace {

constexpr double kConfidence = 0.95;
constexpr double kKept = 0.05;            // Of all comparisons: above the loosest rate asked for and twice that.
constexpr double kTailExceedances = 300;  // A tail is fitted to so many scores: fewer say little, more begin too early.
constexpr double kSearchTail = 0.05;      // A gallery's tail is fitted to so large a share of the searches.
constexpr std::size_t kMinPersons = 20;

using Replicates = std::vector<std::vector<float>>;

/// Up, to the four digits that a table has.
float rounded_up(double cosine) { return static_cast<float>(std::ceil(cosine * 1e4 - 1e-6) / 1e4); }

/// What the tail says beyond the counted: the fit itself, and one for each replicate.
struct FittedTail {
    ExponentialTail fit;
    std::vector<ExponentialTail> replicates;

    FittedTail(const ScoreTail& tail, double share, const Replicates& weights) {
        fit = fit_tail(tail, share, {});
        for (const auto& one : weights) replicates.push_back(fit_tail(tail, share, one));
    }
    /// No confidence on top: a fit that errs, errs to the safe side, and a threshold for the worst of all replicates would
    /// recognise nobody.
    [[nodiscard]] float threshold_at(double rate) const { return rounded_up(fit.threshold_at(rate)); }
    /// `of` turns the rate of one comparison into the one that is asked for.
    template <class F>
    [[nodiscard]] Rate rate_at(float threshold, F of) const {
        std::vector<double> rates;
        for (const auto& one : replicates) rates.push_back(of(one.rate_at(threshold)));
        return with_replicates(of(fit.rate_at(threshold)), rates);
    }
};

/// A gallery that is k times as large is like k galleries asked at once. Were their answers independent, the rate would be this;
/// scores of one picture hang together, so that errors heap up on few pictures and the true rate is lower (Jensen's inequality),
/// never higher.
double rate_of_several(double rate_of_one, double times) {
    return -std::expm1(times * std::log1p(-std::clamp(rate_of_one, 0.0, 0.999999)));
}

std::size_t persons_above(const ScoreTail& tail, float threshold) {
    std::set<std::uint32_t> out;
    for (const auto& one : tail.high) {
        if (one.score < threshold) break;
        out.insert(one.probe);
        out.insert(one.target);
    }
    return out.size();
}

GalleryPlan gallery_of(const CalibrationPlan& plan) {
    return {.pictures = plan.pictures, .with_probes = false, .fusion = plan.fusion, .margin = plan.margin, .seed = plan.seed};
}

/// Thresholds for false match rates, counted where there are errors enough to count and by the tail beyond.
struct PairThresholds {
    FittedTail tail;
    std::vector<float> cosine;
    std::vector<bool> measured;
};

PairThresholds thresholds_of(const ScoreTail& scores, const std::vector<double>& fmrs, const Replicates& replicates) {
    const double comparisons = scores.comparisons();
    PairThresholds out{FittedTail(scores, std::clamp(kTailExceedances / comparisons, 1e-6, kKept / 2), replicates), {}, {}};
    const auto counted = held_thresholds(scores, fmrs, replicates);
    for (std::size_t i = 0; i < fmrs.size(); ++i) {
        // Ten pairs of two persons would be two persons' word: six persons at least.
        out.measured.push_back(fmrs[i] * comparisons >= kMinPairsInError &&
                               persons_above(scores, threshold_at(scores, fmrs[i])) >= 2 * kMinStrangersInError);
        out.cosine.push_back(out.measured[i] ? counted[i] : out.tail.threshold_at(fmrs[i]));
    }
    return out;
}

std::vector<Calibration::OneToOne> fit_one_to_one(const FaceSet& fit, const CalibrationPlan& plan, const Replicates& replicates) {
    // As it is used: a picture against a whole enrolment. An enrolment from a single picture must hold too, so pictures against
    // pictures, of which there are more, have their say: the higher threshold counts.
    const auto persons = person_scores(fit, gallery_of(plan), kKept);
    const auto pictures = all_pairs(fit, kKept);
    const auto by_person = thresholds_of(persons.impostors, plan.fmrs, replicates);
    const auto by_picture = thresholds_of(pictures.impostors, plan.fmrs, replicates);
    std::vector<Calibration::OneToOne> out;
    float floor = -1;
    for (std::size_t i = 0; i < plan.fmrs.size(); ++i) {
        Calibration::OneToOne entry{.fmr = plan.fmrs[i], .behind = fit.persons.size()};
        entry.measured = by_person.measured[i] && by_picture.measured[i];
        entry.cosine = floor = std::max({floor, by_person.cosine[i], by_picture.cosine[i]});
        entry.rate = entry.measured ? rate_with_interval(persons.impostors, entry.cosine, replicates)
                                    : by_person.tail.rate_at(entry.cosine, [](double rate) { return rate; });
        if (!persons.genuine.empty()) entry.fnmr = fnmr_with_interval(persons, entry.cosine, replicates);
        out.push_back(entry);
    }
    return out;
}

class OneToManyFit {
public:
    OneToManyFit(const FaceSet& fit, const CalibrationPlan& plan, const Replicates& replicates)
        : fit_(fit), plan_(plan), replicates_(replicates) {}

    /// Galleries from small to large.
    void add(std::size_t persons) {
        auto gallery = gallery_of(plan_);
        gallery.persons = persons;
        if (persons <= enrollable(fit_, gallery)) {
            auto found = search_rounds(fit_, gallery, plan_.rounds);
            if (found.stranger_searches() > 0) drawn_.emplace_back(persons, std::move(found), replicates_);
        }
        if (drawn_.empty()) return;
        const auto& drawn = drawn_.back();
        const auto counted = held_thresholds(drawn.searches.strangers(), plan_.fpirs, replicates_);
        for (std::size_t i = 0; i < plan_.fpirs.size(); ++i) add_entry(persons, i, drawn, counted[i]);
    }
    [[nodiscard]] std::vector<Calibration::OneToMany> take() && { return std::move(entries_); }

private:
    /// A gallery that could be drawn.
    struct Drawn {
        std::size_t persons;
        SearchResults searches;
        FittedTail tail;
        Drawn(std::size_t count, SearchResults found, const Replicates& replicates)
            : persons(count), searches(std::move(found)), tail(searches.strangers(), kSearchTail, replicates) {}
    };

    void add_entry(std::size_t persons, std::size_t column, const Drawn& drawn, float counted) {
        const double fpir = plan_.fpirs[column], times = static_cast<double>(persons) / static_cast<double>(drawn.persons);
        Calibration::OneToMany out{.persons = persons, .fpir = fpir, .behind = drawn.searches.stranger_persons()};
        const bool is_drawn = drawn.persons == persons;
        out.measured = is_drawn && fpir * static_cast<double>(out.behind) >= kMinStrangersInError;
        out.cosine = out.measured ? counted : drawn.tail.threshold_at(rate_of_several(fpir, 1 / times));
        // Neither a larger gallery nor a stricter target may ask for less.
        if (column > 0) out.cosine = std::max(out.cosine, entries_.back().cosine);
        if (entries_.size() >= plan_.fpirs.size())
            out.cosine = std::max(out.cosine, entries_[entries_.size() - plan_.fpirs.size()].cosine);
        out.rate = out.measured ? rate_with_interval(drawn.searches.strangers(), out.cosine, replicates_)
                                : drawn.tail.rate_at(out.cosine, [&](double rate) { return rate_of_several(rate, times); });
        if (is_drawn && drawn.searches.resident_searches() > 0) out.tpir = drawn.searches.tpir_at(out.cosine, replicates_);
        entries_.push_back(out);
    }

    const FaceSet& fit_;
    const CalibrationPlan& plan_;
    const Replicates& replicates_;
    std::vector<Drawn> drawn_;
    std::vector<Calibration::OneToMany> entries_;
};

}  // namespace

std::vector<float> held_thresholds(const ScoreTail& tail, const std::vector<double>& rates, const Replicates& replicates) {
    std::vector<double> wider;
    for (const double rate : rates) wider.push_back(rate * kHeldWithin);
    const auto resampled = replicate_thresholds(tail, wider, replicates);
    std::vector<float> out;
    for (std::size_t i = 0; i < rates.size(); ++i)
        out.push_back(rounded_up(std::max<double>(threshold_at(tail, rates[i]), quantile(resampled[i], kConfidence))));
    return out;
}

SearchResults search_rounds(const FaceSet& set, const GalleryPlan& plan, std::size_t rounds) {
    SearchResults out(set.persons.size(), plan.margin);
    for (std::size_t round = 0; round < rounds; ++round) out.add(search_round(set, plan, round));
    out.finish();
    return out;
}

Result<void> enough_to_fit(const CalibrationPlan& plan, std::size_t persons, std::size_t with_pictures) {
    if (persons >= kMinPersons && with_pictures >= 2) return {};
    return fail("{} persons to fit thresholds to, {} of them with {} pictures or more: at least {} and 2 are needed; add persons",
                persons, with_pictures, plan.pictures, kMinPersons);
}

Result<Calibration> fit_calibration(const FaceSet& fit, const CalibrationPlan& plan) {
    const auto enough = fit.persons_with(plan.pictures);
    if (auto ok = enough_to_fit(plan, fit.persons.size(), enough); !ok) return tl::unexpected(ok.error());
    const auto replicates = person_weights(fit.persons.size(), plan.replicates, plan.seed);
    Calibration out;
    out.persons = fit.persons.size();
    out.pictures = fit.pictures();
    out.margin = plan.margin;
    out.fusion = plan.fusion;
    out.one_to_one = fit_one_to_one(fit, plan, replicates);
    auto sizes = std::set<std::size_t>(plan.galleries.begin(), plan.galleries.end());
    sizes.insert(enough);  // As far as can be measured.
    OneToManyFit table(fit, plan, replicates);
    for (const auto size : sizes) table.add(size);
    out.one_to_many = std::move(table).take();
    return out;
}

}  // namespace menshen::models
