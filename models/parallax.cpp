#include "models/parallax.hpp"

#include <algorithm>
#include <cmath>

namespace menshen::models {
namespace {

constexpr float kSmallestEyes =
    22;                           ///< Pixels between the eyes of a face of about 55 pixels; below, a pixel of noise is too much.
constexpr double kNoise = 0.006;  ///< Of the eye corners' place, in eye distances.

}  // namespace

void Parallax::add(const FacePoints& points, float nearness) {
    if (!(nearness <= kNearest)) return;
    const Point left = points.left_eye(), right = points.right_eye();
    const float x = right.x - left.x, y = right.y - left.y, length = x * x + y * y;
    if (!(length >= kSmallestEyes * kSmallestEyes) || !std::isfinite(length)) return;
    // In units of the distance between the eyes, along their line: free of place, size and tilt in the picture.
    const auto along = [&](float dx, float dy) { return (dx * x + dy * y) / length; };
    const auto& all = points.all;
    const Point outer{(all[0].x + all[2].x) / 2, (all[0].y + all[2].y) / 2},
        inner{(all[1].x + all[3].x) / 2, (all[1].y + all[3].y) / 2};
    const Point middle{(outer.x + inner.x) / 2, (outer.y + inner.y) / 2};
    const Sample sample{along(all[4].x - middle.x, all[4].y - middle.y), along(inner.x - outer.x, inner.y - outer.y)};
    if (!std::isfinite(sample.nose) || !std::isfinite(sample.corners)) return;
    if (seen_++ % every_ != 0) return;
    if (samples_.size() == kFrames) {
        for (std::size_t i = 0; 2 * i < kFrames; ++i) samples_[i] = samples_[2 * i];
        samples_.resize(kFrames / 2);
        every_ *= 2;
    }
    samples_.push_back(sample);
}

ParallaxEvidence Parallax::evidence() const {
    ParallaxEvidence out;
    out.frames = static_cast<int>(samples_.size());
    if (out.frames < 3) return out;
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    const double n = out.frames;
    for (const auto& one : samples_) mean_x += one.nose / n, mean_y += one.corners / n;
    for (const auto& one : samples_) {
        const double dx = one.nose - mean_x, dy = one.corners - mean_y;
        xx += dx * dx, xy += dx * dy, yy += dy * dy;
    }
    out.movement = static_cast<float>(std::sqrt(xx / n));
    if (xx <= 0) return out;
    const double slope = xy / xx;
    out.slope = static_cast<float>(slope);
    // Frames follow each other closely and share their error: no residual is believed that is smaller than the landmarks' own.
    const double noise = std::max(kNoise * kNoise, std::max(0.0, yy - slope * xy) / (n - 2));
    out.error = static_cast<float>(std::sqrt(noise / xx));
    return out;
}

LivenessFinding Parallax::finding() const {
    const auto seen = evidence();
    if (seen.frames < kLeast || seen.movement < kMovement) return LivenessFinding::unknown;
    if (seen.slope - 3 * seen.error > kHead) return LivenessFinding::live;
    if (seen.slope + 3 * seen.error < kFlat) return LivenessFinding::suspect;
    return LivenessFinding::unknown;
}

}  // namespace menshen::models
