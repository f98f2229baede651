#include "models/calibration.hpp"

#include <array>

namespace menshen::models {
namespace {

// dlib-resnet-v1 by cosine, HOG and five points. Read off half of 630 persons (731 pictures, 273,564 pairs of different persons)
// of Labeled Faces in the Wild with `menshen-measure-faces`; the other half only checked them. All pairs: a false match rate of
// 1e-4 at 0.938, of 1e-5 at 0.946. A gallery of N persons asks N questions at once, so the threshold rises with N. With three
// pictures each and these numbers 0.2 to 2 strangers in a thousand are taken for somebody on the half they come from, and up
// to 5.5 on the other. docs/models.md has the table.
constexpr std::array<Calibration::Step, 4> kResnetThresholds = {
    {{20, 0.941F}, {100, 0.946F}, {300, 0.950F}, {1'000'000, 0.955F}}};

constexpr std::array<Calibration, 1> kCalibrations = {{
    {
        .model = "dlib-resnet-v1",
        .thresholds = kResnetThresholds,
        // Two residents this close together cannot be told apart in that picture, whatever the threshold says.
        .margin = 0.01F,
        // A resident with three templates stays below it in 2 % of the pictures; most strangers do.
        .stranger_ceiling = 0.92F,
        // Nobody checks an identity by hand, so it takes a false match rate of 1e-5 to join one. To be a new one it takes being
        // unlike all that are known: someone split in two would never come "three days running". Of faces in random order 16 %
        // then got no identity, 1.8 % of the identities held two persons, and a person had 1.08 identities.
        .stranger_join = 0.945F,
        .stranger_new = 0.925F,
    },
}};

}  // namespace

float Calibration::threshold_for(std::size_t persons) const {
    for (const auto& step : thresholds)
        if (persons <= static_cast<std::size_t>(step.persons)) return step.threshold;
    return thresholds.empty() ? 2.0F : thresholds.back().threshold;  // 2: no cosine reaches it.
}

std::optional<Calibration> calibration_of(std::string_view model) {
    for (const auto& one : kCalibrations)
        if (one.model == model) return one;
    return std::nullopt;
}

}  // namespace menshen::models
