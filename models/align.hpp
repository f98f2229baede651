#pragma once
/// A face turned upright and brought to size, as an embedder wants it. Pure.

#include <span>
#include <vector>

#include "models/face_points.hpp"
#include "models/image.hpp"

namespace menshen::models {

/// Turning, scaling and shifting: (x, y) goes to (a x - b y + dx, b x + a y + dy).
struct Similarity {
    float a = 1, b = 0, dx = 0, dy = 0;
    [[nodiscard]] Point operator()(Point at) const { return {a * at.x - b * at.y + dx, b * at.x + a * at.y + dy}; }
    /// Its reverse; of a similarity that shrinks everything to a point, the one that does nothing.
    [[nodiscard]] Similarity inverse() const;
};

/// The similarity that brings `from` nearest to `to`, by least squares (Umeyama 1991, in the plane). Both have as many points, at
/// least two; when all of `from` are one point, the result shrinks everything to a point.
[[nodiscard]] Similarity similarity(std::span<const Point> from, std::span<const Point> to);

/// Where the points of a face belong in a square picture.
struct Alignment {
    int side = 0;  ///< Pixels.
    /// Three: the eye on the picture's left, the eye on its right, the nose. Five: dlib's, in its order (face_points.hpp).
    std::vector<Point> to;
};

/// The similarity from the picture to the square.
[[nodiscard]] Similarity similarity_for(const FacePoints& points, const Alignment& alignment);

/// A square of `side` pixels; the pixel at (x, y) in it shows the place in the picture that `to_square` brings there. Between
/// pixels it interpolates; a picture that is much finer than the square is halved first, so that a near face looks like a far
/// one. Outside of the picture is black.
[[nodiscard]] Image cut_out(const Image& picture, const Similarity& to_square, int side);

}  // namespace menshen::models
