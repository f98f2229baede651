#pragma once
/// People before a camera, made for a test: boxes, points and templates in virtual time.

#include <cmath>
#include <random>

#include "models/walk_up.hpp"
#include "tests/models/vectors.hpp"

namespace menshen::models::test {

inline Now at(Millis time) { return {MonoTime{time}, Stamp{WallTime{Millis(1'790'000'000'000) + time}, {}}, true, 1}; }

/// A face that passes every gate.
inline FaceQuality good() {
    FaceQuality out;
    out.width = 120, out.sharpness = 100, out.brightness = 120, out.contrast = 40;
    return out;
}

/// A head by its five points in millimetres (x to the picture's right, y down, z towards the camera), turned by `yaw` and
/// `pitch` degrees and seen from afar. The depths are such that the slope of models/parallax.hpp is that of real faces with
/// dlib's points; a head is deeper, but its landmarks tell less of it.
struct Head {
    float depth = 1;  ///< 0: a print of it.
    [[nodiscard]] FacePoints seen(float yaw, float pitch, float scale, Point middle) const {
        constexpr float kPlaces[5][3] = {{45, 0, -4}, {17, 0, 0}, {-45, 0, -4}, {-17, 0, 0}, {0, 48, 20}};
        const float cy = std::cos(yaw / 57.3F), sy = std::sin(yaw / 57.3F), cp = std::cos(pitch / 57.3F),
                    sp = std::sin(pitch / 57.3F);
        FacePoints out;
        for (std::size_t i = 0; i < 5; ++i) {
            const float x = kPlaces[i][0], y = kPlaces[i][1], z = kPlaces[i][2] * depth;
            const float turned_x = x * cy + z * sy, turned_z = z * cy - x * sy;
            out.all[i] = {middle.x + scale * turned_x, middle.y + scale * (y * cp + turned_z * sp)};
        }
        return out;
    }
};

inline FoundFace face_at(int x, int y, int width, FaceQuality quality = good()) {
    const float scale = static_cast<float>(width) / 130.0F;
    const Point eyes{static_cast<float>(x) + static_cast<float>(width) / 2,
                     static_cast<float>(y) + static_cast<float>(width) / 3};
    quality.width = static_cast<float>(width);
    return {{x, y, width, width}, Head{}.seen(0, 0, scale, eyes), 1, quality};
}

/// Compares with persons who stand at multiples of 60 degrees: "p0", "p60" and so on; accepted from a cosine of 0.9.
inline Comparison compare_by_angle(const Template& face) {
    Comparison out;
    for (int degrees = 0; degrees < 360; degrees += 60) {
        const float score = cosine(face, turned(degrees));
        if (score > out.best_score) {
            out.second_score = out.best_score;
            out.best_score = score;
            out.best = PersonId("p" + std::to_string(degrees));
        } else {
            out.second_score = std::max(out.second_score, score);
        }
    }
    out.accepted = out.best_score >= 0.9F;
    return out;
}

}  // namespace menshen::models::test
