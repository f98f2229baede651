#pragma once
/// Where a face is in a picture, and where its eyes and its nose are. Pure.

#include <array>

namespace menshen::models {

/// In pixels from the upper left corner, between pixels too.
struct Point {
    float x = 0, y = 0;
};

/// Where in the picture, in pixels; may reach beyond its edges.
struct Box {
    int x = 0, y = 0, width = 0, height = 0;
};

/// The five points of dlib's landmark model, in its order: the outer and the inner corner of the eye on the picture's right (the
/// person's left one), the outer and the inner corner of the other eye, the base of the nose.
struct FacePoints {
    std::array<Point, 5> all;

    /// The middle of the eye that is on the picture's right.
    [[nodiscard]] Point right_eye() const { return {(all[0].x + all[1].x) / 2, (all[0].y + all[1].y) / 2}; }
    /// The middle of the eye that is on the picture's left.
    [[nodiscard]] Point left_eye() const { return {(all[2].x + all[3].x) / 2, (all[2].y + all[3].y) / 2}; }
    [[nodiscard]] Point nose() const { return all[4]; }
};

}  // namespace menshen::models
