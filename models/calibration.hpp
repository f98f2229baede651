#pragma once
/// What a cosine means, model by model. The numbers were measured; docs/models.md says on what and how.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace menshen::models {

/// Thresholds of one model.
struct Calibration {
    /// A match threshold for galleries of up to so many persons.
    struct Step {
        int persons;
        float threshold;
    };
    std::string_view model;            ///< The manifest's name: "dlib-resnet-v1".
    std::span<const Step> thresholds;  ///< Ascending in persons; beyond the last the last holds.
    float margin = 0;                  ///< By which the best person must lead the second-best.
    float stranger_ceiling = 0;        ///< A face this near to a person is no stranger, though it may be nobody either.
    float stranger_join = 0;           ///< Cosine to a stranger's centroid from which a face is that stranger.
    float stranger_new = 0;            ///< Below this to every centroid it is a new one; in between it counts for none.

    [[nodiscard]] float threshold_for(std::size_t persons) const;
};

/// The numbers of a model, or nothing when it was never calibrated: such a model must not decide anything.
[[nodiscard]] std::optional<Calibration> calibration_of(std::string_view model);

}  // namespace menshen::models
