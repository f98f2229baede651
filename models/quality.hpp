#pragma once
/// How good a picture of a face is. Pure.

#include <algorithm>

namespace menshen::models {

struct FaceQuality {
    float width = 0;       ///< Of the face's box, in pixels.
    float sharpness = 0;   ///< Variance of the Laplacian on the aligned face; below about 30 it is blurred.
    float frontality = 0;  ///< 1: the nose is midway between the eyes; 0: it is below one of them.
};

/// 0 to 1: the least of what can be wrong with a face. Full marks: 120 pixels wide, a Laplacian of 150, the nose within a quarter
/// of the middle.
[[nodiscard]] inline float score(const FaceQuality& quality) {
    return std::clamp(std::min({quality.width / 120.0F, quality.sharpness / 150.0F, quality.frontality / 0.5F}), 0.0F, 1.0F);
}

}  // namespace menshen::models
