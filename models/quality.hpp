#pragma once
/// How good a picture of a face is, and what its owner can do about it. Pure: the same picture gives the same numbers on every
/// machine of one floating-point behaviour.
///
/// All that needs pixels is measured on a chip of its own, where the eyes are 32 pixels apart whatever the size of the picture,
/// so that the numbers mean the same for every camera and do not depend on the embedder.

#include <array>
#include <cstdint>
#include <string_view>

#include "models/face_points.hpp"
#include "models/image.hpp"

namespace menshen::models {

struct FaceQuality {
    float width = 0;  ///< Of the face's box, in pixels.
    float nearness =
        0;  ///< Distance between the eyes over the picture's width: 0.03 is a face at about 1.5 m from a usual camera.
    float sharpness = 0;  ///< Variance of the Laplacian on the chip, in squared grey levels; a sharp face has 50 and more.

    /// The head's pose in degrees, from the five points and a mean head: yaw is good to about 10 degrees; pitch only tells a face
    /// that looks far up or down from one that does not, for noses differ more in length.
    float yaw = 0;    ///< Turned to the picture's right: positive.
    float pitch = 0;  ///< Looking down: positive.
    float roll = 0;   ///< Tilted clockwise in the picture: positive.

    float brightness = 0;  ///< Mean grey level of the face, 0 to 255.
    float contrast = 0;    ///< Standard deviation of the face's grey levels.
    float dark = 0;        ///< Share of the face's pixels with nothing left in the shadows (grey level below 16).
    float burnt = 0;       ///< Share of the face's pixels that are clipped (any colour at 250 or above, and bright).
    float side_light = 0;  ///< Difference of the two halves' mean over their sum, 0 to 1.
    float backlight = 0;   ///< By how many grey levels the surroundings are brighter than the face; negative when darker.

    float occlusion = 0;  ///< 0: nothing covers the face; 1: something surely does. docs/walk-up.md says how well it is told.
};

/// What a face is wanted for: a template that is kept has to be better than a glance. (Of strangers the best faces of a walk-up
/// are kept; see score() and models/strangers.hpp.)
enum class Purpose : std::uint8_t { recognise, enrol };

/// The worst that passes.
struct QualityLimits {
    float width, sharpness;       ///< At least.
    float yaw, pitch, roll;       ///< At most, in either direction.
    float darkest, brightest;     ///< Brightness within.
    float contrast;               ///< At least.
    float dark, burnt;            ///< At most.
    float side_light, backlight;  ///< At most; backlight counts only when the face is also darker than 90.
    float occlusion;              ///< At most.
};
[[nodiscard]] const QualityLimits& limits_of(Purpose purpose);

/// Measures a face in its picture. A face whose points lie on each other, or outside the picture, gets no sharpness and full
/// occlusion: it passes no gate.
[[nodiscard]] FaceQuality measure_quality(const Image& picture, const Box& box, const FacePoints& points);

/// What to do, most important first: "come closer", "light from behind", "too dark", "too bright", "face the camera",
/// "hold still", "uncover your face", "clean the camera", "light from one side". Empty when the face is good enough.
[[nodiscard]] std::string_view advice(const FaceQuality& quality, Purpose purpose);

/// 0 to 1, the weight of a vote: the least of what can be wrong with a face.
[[nodiscard]] float score(const FaceQuality& quality);

/// The face upright at a fixed size: the eyes at (32, 36) and (64, 36). Grey levels and colour, row by row.
struct QualityChip {
    static constexpr int kSide = 96;
    std::array<std::uint8_t, 3 * kSide * kSide> rgb;
    std::array<float, kSide * kSide> grey;
    bool inside = false;  ///< From the brows to the mouth at least nine tenths lie in the picture.
};
/// Cut out by the similarity that fits eyes and nose best (least squares), averaged when the face is larger.
[[nodiscard]] QualityChip quality_chip(const Image& picture, const FacePoints& points);

}  // namespace menshen::models
