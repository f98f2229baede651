#include "models/align.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace menshen::models {
namespace {

// From so many pixels of the picture for one of the square the picture is halved first: single pixels of a fine picture are
// noise.
constexpr float kFine = 1.6F;

/// Rows of pixels, of the picture or of a part of it that was halved; `at` goes from the picture to them.
struct Pixels {
    const std::uint8_t* rgb = nullptr;
    int width = 0, height = 0;
    Similarity at;
};

/// The colour at a place between pixels, written to `to`.
void sample(const Pixels& from, Point place, std::uint8_t* to) {
    const float left = std::floor(place.x), top = std::floor(place.y);
    // Written so that a place that is no number is outside, too.
    if (!(left >= -1 && top >= -1 && left < static_cast<float>(from.width) && top < static_cast<float>(from.height))) return;
    const int x = static_cast<int>(left), y = static_cast<int>(top);
    const float right = place.x - left, below = place.y - top;
    const std::array<float, 4> share = {(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below};
    std::array<float, 3> sum = {0.5F, 0.5F, 0.5F};  // Rounds.
    for (int i = 0; i < 4; ++i) {
        const int px = x + i % 2, py = y + i / 2;
        if (px < 0 || py < 0 || px >= from.width || py >= from.height) continue;
        const auto* pixel = from.rgb + (static_cast<std::size_t>(py) * static_cast<std::size_t>(from.width) + px) * 3;
        for (std::size_t c = 0; c < 3; ++c) sum[c] += share[static_cast<std::size_t>(i)] * static_cast<float>(pixel[c]);
    }
    for (std::size_t c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>(sum[c]);
}

struct Area {
    int left, top, right, bottom;  ///< right and bottom: behind the last.
};

/// What of the picture the square shows, with a margin for the places between pixels.
Area shown(const Pixels& from, const Similarity& back, int side) {
    float left = 1e9F, top = 1e9F, right = -1e9F, bottom = -1e9F;
    const auto end = static_cast<float>(side);
    for (const Point corner : {Point{0, 0}, Point{end, 0}, Point{0, end}, Point{end, end}}) {
        const auto place = from.at(back(corner));
        left = std::min(left, place.x);
        top = std::min(top, place.y);
        right = std::max(right, place.x);
        bottom = std::max(bottom, place.y);
    }
    // What is no number is not in the picture.
    const auto within = [](float value, int limit) {
        if (!(value > 0)) return 0;
        return value < static_cast<float>(limit) ? static_cast<int>(value) : limit;
    };
    return {within(left - 2, from.width), within(top - 2, from.height), within(right + 3, from.width),
            within(bottom + 3, from.height)};
}

/// The area at half its size, each pixel the mean of four. An odd last row or column is left out: it is in the margin.
Pixels halved(const Pixels& from, const Area& area, std::vector<std::uint8_t>& kept) {
    const int width = (area.right - area.left) / 2, height = (area.bottom - area.top) / 2;
    std::vector<std::uint8_t> out(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    const std::size_t row = static_cast<std::size_t>(from.width) * 3;
    auto* to = out.data();
    for (int y = 0; y < height; ++y) {
        const auto* pixel = from.rgb + (static_cast<std::size_t>(area.top) + 2 * static_cast<std::size_t>(y)) * row +
                            3 * static_cast<std::size_t>(area.left);
        for (int x = 0; x < width; ++x, pixel += 6)
            for (int c = 0; c < 3; ++c)
                *to++ = static_cast<std::uint8_t>((pixel[c] + pixel[c + 3] + pixel[row + c] + pixel[row + c + 3] + 2) / 4);
    }
    kept = std::move(out);
    // The middle of the first new pixel is between the first two old ones.
    const auto& at = from.at;
    return {kept.data(),
            width,
            height,
            {at.a / 2, at.b / 2, (at.dx - static_cast<float>(area.left) - 0.5F) / 2,
             (at.dy - static_cast<float>(area.top) - 0.5F) / 2}};
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
    Pixels from{picture.rgb.data(), picture.width, picture.height, {}};
    std::vector<std::uint8_t> kept;
    for (float fine = std::hypot(back.a, back.b); fine > kFine; fine /= 2) {
        const auto area = shown(from, back, side);
        if (area.right - area.left < 4 || area.bottom - area.top < 4) break;  // Hardly in the picture at all.
        from = halved(from, area, kept);
    }
    auto* to = out.rgb.data();
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x, to += 3) sample(from, from.at(back({static_cast<float>(x), static_cast<float>(y)})), to);
    return out;
}

}  // namespace menshen::models
