#pragma once
/// From faces of known persons to a table of thresholds. Pure; deterministic for a seed; seconds for a few hundred persons,
/// minutes for thousands. docs/face-accuracy.md explains the rules.

#include <cstdint>
#include <string>
#include <vector>

#include "models/calibration.hpp"
#include "models/identification.hpp"

namespace menshen::models {

struct CalibrationPlan {
    std::vector<double> fmrs = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6};                                   ///< Descending.
    std::vector<double> fpirs = {5e-2, 2e-2, 1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 1e-4};                ///< Descending.
    std::vector<std::size_t> galleries = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10'000};  ///< Ascending.
    std::size_t pictures = 3;                                                                    ///< An enrolment has.
    Fusion fusion = Fusion::mean;
    float margin = 0;
    std::size_t rounds = 20;       ///< Galleries drawn of each size.
    std::size_t replicates = 200;  ///< Of the bootstrap over persons.
    std::uint64_t seed = 1;
};

/// An entry is measured when so many strangers are expected to be in error behind it (of the rule of three: with fewer, "none
/// seen" would be as likely as not at a rate well above the target)...
inline constexpr double kMinStrangersInError = 3;
/// ...and of pairs, which share persons, so many.
inline constexpr double kMinPairsInError = 10;
/// A target is held when, with 95 % confidence over the persons behind it, the rate is at most so many times the target.
inline constexpr double kHeldWithin = 2;

/// Whether `persons`, `with_pictures` of them with plan.pictures or more, can say anything: what fit_calibration() asks first. An
/// error says what is needed.
[[nodiscard]] Result<void> enough_to_fit(const CalibrationPlan& plan, std::size_t persons, std::size_t with_pictures);

/// Fits thresholds to all persons of `fit`: give it one half and keep the other. Model, weights, source, pipeline, preparation
/// and the strangers' numbers are the caller's to fill in. Fails when there are too few persons to say anything.
[[nodiscard]] Result<Calibration> fit_calibration(const FaceSet& fit, const CalibrationPlan& plan);

/// For each of `rates` (descending) the lowest threshold that meets it on the scores at hand and, with 95 % confidence over the
/// persons behind them, kHeldWithin times the rate on others; rounded up to four digits.
[[nodiscard]] std::vector<float> held_thresholds(const ScoreTail& tail, const std::vector<double>& rates,
                                                 const std::vector<std::vector<float>>& replicates);

/// All rounds of one gallery.
[[nodiscard]] SearchResults search_rounds(const FaceSet& set, const GalleryPlan& plan, std::size_t rounds);

}  // namespace menshen::models
