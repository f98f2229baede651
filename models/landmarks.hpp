#pragma once
/// The five points of a face by dlib's landmark model (Kazemi and Sullivan 2014, an ensemble of regression trees). dlib finds
/// the same points, but rounds them to whole pixels, and a face that is aligned to whole pixels is recognised less often.

#include <memory>
#include <string>

#include "models/face_points.hpp"
#include "models/image.hpp"

namespace menshen::models {

/// How hard to look. A tree sees single pixels, so that one look is noisy: looks from boxes that are shifted a little and then
/// the mean of what they found are steadier.
struct LandmarkEffort {
    int passes = 1;        ///< After the first, the box is set by the points of the pass before. 1 to 4.
    int looks = 1;         ///< Boxes in a pass, 1 to 25: the middle one, and others around it.
    float spread = 0.05F;  ///< How far they are shifted, as a share of the box's side.
};

class Landmarks {
public:
    /// From the content of a five-point model of dlib. Throws what dlib throws, and std::runtime_error for another model.
    explicit Landmarks(const std::string& dat);
    ~Landmarks();
    Landmarks(Landmarks&&) noexcept;
    Landmarks& operator=(Landmarks&&) noexcept;

    /// The points of the face in `box`, a square as dlib's face detector draws it.
    [[nodiscard]] FacePoints find(const Image& picture, const Box& box, const LandmarkEffort& effort) const;

private:
    struct Model;
    std::unique_ptr<Model> model_;
};

}  // namespace menshen::models
