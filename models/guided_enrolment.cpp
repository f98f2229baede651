#include "models/guided_enrolment.hpp"

#include <cmath>

#include "models/enrolment.hpp"

namespace menshen::models {

namespace {

/// A face at least half as wide as the largest stands before the camera too; smaller ones pass behind.
bool is_alone(std::span<const FoundFace> faces) { return faces.size() < 2 || faces[1].box.width * 2 < faces[0].box.width; }

}  // namespace

/// Empty when the head is turned as the next picture needs it.
std::string GuidedEnrolment::pose_wanted(float yaw) const {
    switch (faces_.size()) {
        case 2:
            return std::abs(yaw) >= kSideYaw ? "" : "turn your head a little to one side";
        case 3:
            return yaw * first_side_ <= -kSideYaw ? "" : "now a little to the other side";
        default:
            return std::abs(yaw) <= kFrontYaw ? "" : "look straight into the camera";
    }
}

bool GuidedEnrolment::wants(std::span<const FoundFace> faces) {
    if (is_done()) return false;
    if (faces.empty()) {
        advice_ = "stand before the camera";
        return false;
    }
    if (!is_alone(faces)) {
        advice_ = "one person alone, please";
        return false;
    }
    const auto& quality = faces.front().quality;
    advice_ = models::advice(quality, Purpose::enrol);
    if (!advice_.empty()) return false;
    ++waited_;
    advice_ = pose_wanted(quality.yaw);
    if (!advice_.empty() && waited_ < kPatience) return false;
    yaw_ = quality.yaw;
    return true;
}

void GuidedEnrolment::add(Template face) {
    const float loosest = calibration_.one_to_one.empty() ? -1.0F : calibration_.one_to_one.front().cosine;
    for (const auto& held : faces_) {
        if (cosine(held, face) < loosest) {
            advice_ = "one person alone, please";
            return;
        }
        if (is_same_picture(held, face, calibration_)) {
            advice_ = "move your head a little";
            return;
        }
    }
    if (faces_.size() == 2) first_side_ = yaw_ < 0 ? -1.0F : 1.0F;
    faces_.push_back(std::move(face));
    waited_ = 0;
    advice_ = is_done()            ? "thank you"
              : faces_.size() == 2 ? "turn your head a little to one side"
                                   : "look straight into the camera";
    if (faces_.size() == 3) advice_ = "now a little to the other side";
}

}  // namespace menshen::models
