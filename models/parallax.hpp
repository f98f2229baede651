#pragma once
/// Motion parallax: a head that turns or nods shows its depth, a picture of one does not. Pure.
///
/// Method. Anything flat, seen from some distance (weak perspective), moves from frame to frame by one affine map, however it is
/// tilted, and an affine map keeps the ratios of what lies on one line, as the eye corners do; a head does not. In units of the
/// distance between the eyes and along their line, the nose stands aside of the eyes' middle by about 0.35 tan(turn), because it
/// lies before them, and the middle of the inner eye corners stands aside of the middle of the outer ones, because those lie
/// behind. In a flat picture the second movement does not follow the first one. So the slope of the second on the first, over the
/// frames of a walk-up, tells a head from a picture. (Affine structure from motion: Koenderink and van Doorn 1991.)
///
/// With dlib's points: 0.177 (standard error 0.003) over 1,400 photographs of real faces, residual 0.013; 0.03 to 0.14 for
/// simulated prints held 2 m away, for the landmark model believes in heads; and as much as for a head or more for prints at
/// 0.5 m, where perspective moves the eye corners of anything flat too. So near faces do not count, and the limits leave a wide
/// middle: most walk-ups end as `unknown`. It is a weak witness; docs/liveness.md has the figures.
///
/// What it cannot see at all: a film of a turning head on a screen moves as the head did.

#include <cstdint>
#include <vector>

#include "models/face_points.hpp"
#include "models/liveness.hpp"

namespace menshen::models {

/// What the movement showed.
struct ParallaxEvidence {
    int frames = 0;      ///< That count.
    float movement = 0;  ///< Standard deviation of the nose's place between the eyes, in eye distances.
    float slope = 0;     ///< How far the eye corners follow it; see above.
    float error = 1;     ///< Standard error of `slope`.
};

/// The points of one walk-up. At most kFrames are kept: every second one is dropped when they are full.
class Parallax {
public:
    static constexpr std::size_t kFrames = 64;
    static constexpr int kLeast = 8;           ///< Frames below which nothing is said.
    static constexpr float kMovement = 0.04F;  ///< Movement below which nothing is said: a turn of about 6 degrees either way.
    static constexpr float kHead = 0.12F;      ///< `live` when the slope is above this by three standard errors.
    static constexpr float kFlat = 0.06F;      ///< `suspect` when it is below this by as much.
    static constexpr float kNearest = 0.035F;  ///< FaceQuality::nearness from which perspective makes anything look deep.

    /// One frame; `nearness` as in FaceQuality. Counts when the eyes are 22 pixels apart or more and the face is not too near.
    void add(const FacePoints& points, float nearness);
    [[nodiscard]] ParallaxEvidence evidence() const;
    [[nodiscard]] LivenessFinding finding() const;

private:
    struct Sample {
        float nose = 0, corners = 0;
    };
    std::vector<Sample> samples_;
    std::uint32_t seen_ = 0;
    std::uint32_t every_ = 1;
};

}  // namespace menshen::models
