#pragma once
/// What looking at a frame gives for each face in it, before anything is embedded. Pure.

#include "models/face_points.hpp"
#include "models/quality.hpp"

namespace menshen::models {

/// A face that was found, not yet embedded.
struct FoundFace {
    Box box;
    FacePoints points;
    float detection = 0;  ///< The detector's own score; more is surer.
    FaceQuality quality;
};

}  // namespace menshen::models
