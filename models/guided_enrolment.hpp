#pragma once
/// Enrolment at the door camera: one person stands before it and is told what to do, until there are enough varied pictures.
/// Pure; one thread at a time.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/calibration.hpp"
#include "models/found_face.hpp"
#include "models/template.hpp"

namespace menshen::models {

class GuidedEnrolment {
public:
    static constexpr std::size_t kWanted = 5;     ///< Pictures: two from the front, one to each side, one more.
    static constexpr float kFrontYaw = 12;        ///< Degrees: no more is from the front...
    static constexpr float kSideYaw = 10;         ///< ...and no less is to a side.
    static constexpr std::size_t kPatience = 40;  ///< Frames that waited for a pose; then any good picture will do.

    explicit GuidedEnrolment(Calibration calibration) : calibration_(std::move(calibration)) {}

    /// Whether the largest of these faces is to be embedded and given to add(). Else advice() says why not.
    [[nodiscard]] bool wants(std::span<const FoundFace> faces);
    /// The template of the picture that was wanted. One that adds nothing, or is somebody else's, is dropped.
    void add(Template face);

    /// What the person should do now: "look straight into the camera", "come closer", "one person alone, please".
    [[nodiscard]] const std::string& advice() const { return advice_; }
    [[nodiscard]] std::size_t taken() const { return faces_.size(); }
    [[nodiscard]] bool is_done() const { return faces_.size() >= kWanted; }
    [[nodiscard]] const std::vector<Template>& faces() const { return faces_; }

private:
    [[nodiscard]] std::string pose_wanted(float yaw) const;

    Calibration calibration_;
    std::vector<Template> faces_;
    std::string advice_ = "look straight into the camera";
    float yaw_ = 0;         ///< Of the picture that is being embedded.
    float first_side_ = 0;  ///< The side that was shown first: -1 or 1.
    std::size_t waited_ = 0;
};

}  // namespace menshen::models
