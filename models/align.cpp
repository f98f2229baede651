#include "models/align.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace menshen::models {
namespace {

constexpr int kMaxSamples = 6;  // On a side, for a pixel of the square: more would cost time and change nothing that is seen.

using Colour = std::array<float, 3>;

/// Adds the colour at a place between pixels.
void add_at(const Image& picture, Point at, Colour& sum) {
    const float left = std::floor(at.x), top = std::floor(at.y);
    // Written so that a place that is no number is outside, too.
    if (!(left >= -1 && top >= -1 && left < static_cast<float>(picture.width) && top < static_cast<float>(picture.height)))
        return;
    const int x = static_cast<int>(left), y = static_cast<int>(top);
    const float right = at.x - left, below = at.y - top;
    const std::array<float, 4> share = {(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below};
    for (int i = 0; i < 4; ++i) {
        const int px = x + i % 2, py = y + i / 2;
        if (px < 0 || py < 0 || px >= picture.width || py >= picture.height) continue;
        const auto* pixel = picture.rgb.data() + (static_cast<std::size_t>(py) * picture.width + px) * 3;
        for (std::size_t c = 0; c < 3; ++c) sum[c] += share[static_cast<std::size_t>(i)] * static_cast<float>(pixel[c]);
    }
}

}  // namespace

Similarity Similarity::inverse() const {
    const float length = a * a + b * b;
    if (length < 1e-12F) return {};
    const float ia = a / length, ib = -b / length;
    return {ia, ib, -(ia * dx - ib * dy), -(ib * dx + ia * dy)};
}

Similarity similarity(std::span<const Point> from, std::span<const Point> to) {
    const auto count = static_cast<double>(from.size());
    double fx = 0, fy = 0, tx = 0, ty = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        fx += from[i].x / count;
        fy += from[i].y / count;
        tx += to[i].x / count;
        ty += to[i].y / count;
    }
    double along = 0, across = 0, spread = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const double x = from[i].x - fx, y = from[i].y - fy, u = to[i].x - tx, v = to[i].y - ty;
        along += x * u + y * v;
        across += x * v - y * u;
        spread += x * x + y * y;
    }
    const double a = spread > 0 ? along / spread : 0, b = spread > 0 ? across / spread : 0;
    return {static_cast<float>(a), static_cast<float>(b), static_cast<float>(tx - (a * fx - b * fy)),
            static_cast<float>(ty - (b * fx + a * fy))};
}

Similarity similarity_for(const FacePoints& points, const Alignment& alignment) {
    if (alignment.to.size() == points.all.size()) return similarity(points.all, alignment.to);
    const std::array<Point, 3> three = {points.left_eye(), points.right_eye(), points.nose()};
    return similarity(three, std::span(alignment.to).first(3));
}

Image cut_out(const Image& picture, const Similarity& to_square, int side) {
    const auto size = static_cast<std::size_t>(side);
    Image out{side, side, std::vector<std::uint8_t>(size * size * 3)};
    const auto back = to_square.inverse();
    const float pixels = std::hypot(back.a, back.b);  // Of the picture, for one of the square.
    const int samples = static_cast<int>(std::clamp(std::ceil(pixels - 0.25F), 1.0F, static_cast<float>(kMaxSamples)));
    auto* to = out.rgb.data();
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            Colour sum{};
            for (int i = 0; i < samples * samples; ++i) {
                const float step = static_cast<float>(samples);
                const Point part = {static_cast<float>(x) + (static_cast<float>(i % samples) + 0.5F) / step - 0.5F,
                                    static_cast<float>(y) + (static_cast<float>(i / samples) + 0.5F) / step - 0.5F};
                add_at(picture, back(part), sum);
            }
            for (const float value : sum)
                *to++ = static_cast<std::uint8_t>(std::clamp(value / static_cast<float>(samples * samples) + 0.5F, 0.0F, 255.0F));
        }
    }
    return out;
}

}  // namespace menshen::models
