#include "models/quality.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace menshen::models {
namespace {

constexpr int kSide = QualityChip::kSide;
constexpr float kDegrees = 57.29578F;

// Where eyes and nose belong on the chip: the median of some hundred frontal faces, with dlib's five points.
constexpr Point kLeftEye{32, 36}, kRightEye{64, 36}, kNose{48, 62};

/// A rectangle of the chip; the far edges are not part of it.
struct Part {
    int left, top, right, bottom;
};
constexpr Part kCore{20, 28, 76, 80};  ///< From the brows to the mouth: without it nothing can be told of a face.

/// From the chip into the picture: x = a u - b v + x0, y = b u + a v + y0.
struct Placement {
    float a = 0, b = 0, x0 = 0, y0 = 0;
    [[nodiscard]] Point at(float u, float v) const { return {a * u - b * v + x0, b * u + a * v + y0}; }
    [[nodiscard]] float scale() const { return std::hypot(a, b); }
};

Placement fit(const FacePoints& points) {
    const std::array<Point, 3> chip = {kLeftEye, kRightEye, kNose};
    const std::array<Point, 3> seen = {points.left_eye(), points.right_eye(), points.nose()};
    float u = 0, v = 0, x = 0, y = 0;
    for (std::size_t i = 0; i < 3; ++i) u += chip[i].x / 3, v += chip[i].y / 3, x += seen[i].x / 3, y += seen[i].y / 3;
    float along = 0, across = 0, length = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const float cu = chip[i].x - u, cv = chip[i].y - v, sx = seen[i].x - x, sy = seen[i].y - y;
        along += cu * sx + cv * sy, across += cu * sy - cv * sx, length += cu * cu + cv * cv;
    }
    const float a = along / length, b = across / length;
    return {a, b, x - a * u + b * v, y - b * u - a * v};
}

bool is_finite(const FacePoints& points) {
    return std::all_of(points.all.begin(), points.all.end(), [](const Point& p) {
        return std::isfinite(p.x) && std::isfinite(p.y) && std::abs(p.x) < 1e6F && std::abs(p.y) < 1e6F;
    });
}

/// The pixel that holds a place, the nearest one at the picture's edge.
const std::uint8_t* pixel(const Image& picture, Point place) {
    const int x = std::clamp(static_cast<int>(place.x), 0, picture.width - 1);
    const int y = std::clamp(static_cast<int>(place.y), 0, picture.height - 1);
    return &picture.rgb[3 * (static_cast<std::size_t>(y) * picture.width + x)];
}

bool contains(const Image& picture, Point place) {
    return place.x >= 0 && place.y >= 0 && place.x < static_cast<float>(picture.width) &&
           place.y < static_cast<float>(picture.height);
}

using Colour = std::array<float, 3>;

/// Between four pixels, whose centres lie at halves; beyond the edge the picture goes on as it ends.
void add_between(const Image& picture, Point place, Colour& sum) {
    const float x = place.x - 0.5F, y = place.y - 0.5F;
    const int left = static_cast<int>(x) - (x < 0 ? 1 : 0), top = static_cast<int>(y) - (y < 0 ? 1 : 0);
    const float fx = x - static_cast<float>(left), fy = y - static_cast<float>(top);
    const auto column = [&](int at) { return 3 * static_cast<std::size_t>(std::clamp(at, 0, picture.width - 1)); };
    const auto row = [&](int at) {
        return picture.rgb.data() + 3 * static_cast<std::size_t>(std::clamp(at, 0, picture.height - 1)) * picture.width;
    };
    const std::size_t west = column(left), east = column(left + 1);
    const std::uint8_t *north = row(top), *south = row(top + 1);
    const float nw = (1 - fx) * (1 - fy), ne = fx * (1 - fy), sw = (1 - fx) * fy, se = fx * fy;
    for (std::size_t c = 0; c < 3; ++c)
        sum[c] += nw * north[west + c] + ne * north[east + c] + sw * south[west + c] + se * south[east + c];
}

// Rec. 601, as everybody's grey.
float grey_of(const std::uint8_t* rgb) { return 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2]; }

}  // namespace

QualityChip quality_chip(const Image& picture, const FacePoints& points) {
    QualityChip chip{};
    if (picture.width < 1 || picture.height < 1 || !is_finite(points)) return chip;
    const Placement map = fit(points);
    // More than three samples a side would not be seen: a face of a thousand pixels is as sharp as one of three hundred.
    const int samples = std::clamp(static_cast<int>(std::ceil(map.scale())), 1, 3);
    const float share = 1.0F / static_cast<float>(samples * samples);
    std::array<float, 3> offsets{};
    for (int i = 0; i < samples; ++i) offsets[i] = (static_cast<float>(i) + 0.5F) / static_cast<float>(samples);
    int inside = 0;
    for (int v = 0; v < kSide; ++v)
        for (int u = 0; u < kSide; ++u) {
            const auto at = static_cast<std::size_t>(v * kSide + u);
            const float cu = static_cast<float>(u), cv = static_cast<float>(v);
            const bool is_core = u >= kCore.left && u < kCore.right && v >= kCore.top && v < kCore.bottom;
            if (is_core && contains(picture, map.at(cu + 0.5F, cv + 0.5F))) ++inside;
            Colour sum{};
            for (int i = 0; i < samples * samples; ++i)
                add_between(picture, map.at(cu + offsets[i % samples], cv + offsets[i / samples]), sum);
            for (std::size_t c = 0; c < 3; ++c) chip.rgb[3 * at + c] = static_cast<std::uint8_t>(sum[c] * share + 0.5F);
            chip.grey[at] = grey_of(&chip.rgb[3 * at]);
        }
    chip.inside = inside * 10 >= (kCore.right - kCore.left) * (kCore.bottom - kCore.top) * 9;
    return chip;
}

namespace {

constexpr Part kFace{20, 20, 76, 90}, kLeftHalf{20, 20, 48, 90}, kRightHalf{48, 20, 76, 90};
constexpr Part kLeftEyePart{22, 30, 42, 43}, kRightEyePart{54, 30, 74, 43}, kMouth{34, 68, 62, 84}, kGlasses{20, 28, 76, 46};
constexpr Part kLeftLid{24, 30, 40, 42}, kRightLid{56, 30, 72, 42};
constexpr Part kLeftCheek{26, 48, 40, 58}, kRightCheek{56, 48, 70, 58}, kJaw{34, 66, 62, 86};

template <class Visit>
void each(const Part& part, Visit visit) {
    for (int y = part.top; y < part.bottom; ++y)
        for (int x = part.left; x < part.right; ++x) visit(static_cast<std::size_t>(y * kSide + x));
}

struct Spread {
    float mean = 0, deviation = 0;
};
Spread grey_in(const QualityChip& chip, const Part& part) {
    double sum = 0, squares = 0;
    int count = 0;
    each(part, [&](std::size_t at) {
        const double grey = chip.grey[at];
        sum += grey, squares += grey * grey, ++count;
    });
    const double mean = sum / count;
    return {static_cast<float>(mean), static_cast<float>(std::sqrt(std::max(0.0, squares / count - mean * mean)))};
}

float sharpness_in(const QualityChip& chip) {
    double sum = 0, squares = 0;
    int count = 0;
    each(kFace, [&](std::size_t at) {
        const double edge =
            chip.grey[at - 1] + chip.grey[at + 1] + chip.grey[at - kSide] + chip.grey[at + kSide] - 4 * chip.grey[at];
        sum += edge, squares += edge * edge, ++count;
    });
    return static_cast<float>(squares / count - (sum / count) * (sum / count));
}

/// Red's and green's share of the light: what colour a part has, however bright it is.
Point chroma_of(const QualityChip& chip, const Part& part) {
    float red = 0, green = 0, all = 0;
    each(part, [&](std::size_t at) {
        const auto* rgb = &chip.rgb[3 * at];
        red += rgb[0], green += rgb[1], all += static_cast<float>(rgb[0] + rgb[1] + rgb[2]) + 15;  // Black has no colour.
    });
    return {red / all, green / all};
}
float apart(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// 0 where a value is as usual, 1 where hardly any uncovered face has it.
float beyond(float value, float usual, float rare) { return std::clamp((value - usual) / (rare - usual), 0.0F, 1.0F); }

/// Eyes and a mouth have texture, the eyes alike; cheeks, eyes and jaw have one colour. `usual` and `rare` are about the 2 % and
/// 0.5 % quantiles of 300 uncovered faces. What did not tell: how far the landmarks move when the box does, and the likeness of
/// the mirrored halves.
float occlusion_in(const QualityChip& chip, float brightness) {
    const float left = grey_in(chip, kLeftEyePart).deviation, right = grey_in(chip, kRightEyePart).deviation;
    const float mouth = grey_in(chip, kMouth).deviation;
    const float cheek_light = (grey_in(chip, kLeftCheek).mean + grey_in(chip, kRightCheek).mean) / 2;
    const float light = std::max(brightness, 1.0F);
    const Point cheek_left = chroma_of(chip, kLeftCheek), cheek_right = chroma_of(chip, kRightCheek);
    const Point cheeks{(cheek_left.x + cheek_right.x) / 2, (cheek_left.y + cheek_right.y) / 2};
    return std::max({
        beyond(std::min(left, right) / light, 0.13F, 0.05F),
        beyond(std::min(left, right) / std::max({left, right, 1.0F}), 0.55F, 0.35F),
        beyond(grey_in(chip, kGlasses).mean / std::max(cheek_light, 1.0F), 0.50F, 0.35F),
        beyond(mouth / light, 0.08F, 0.045F),
        beyond(apart(chroma_of(chip, kJaw), cheeks), 0.06F, 0.10F),
        beyond(apart(cheek_left, cheek_right), 0.07F, 0.12F),
        beyond(apart(chroma_of(chip, kLeftLid), chroma_of(chip, kRightLid)), 0.06F, 0.12F),
    });
}

void measure_pose(const FacePoints& points, FaceQuality& out) {
    const Point left = points.left_eye(), right = points.right_eye(), nose = points.nose();
    const float x = right.x - left.x, y = right.y - left.y, length = x * x + y * y;
    const float along = ((nose.x - left.x) * x + (nose.y - left.y) * y) / length;
    const float down = ((nose.y - left.y) * x - (nose.x - left.x) * y) / length;
    out.roll = std::atan2(y, x) * kDegrees;
    // The eyes of a mean head are 62 mm apart and the base of its nose is 22 mm before them: seen from an angle, the nose moves
    // sideways by sin(yaw) * 22 mm while the eyes come nearer to each other by cos(yaw).
    const float yaw = std::atan((along - 0.5F) * 62.0F / 22.0F);
    out.yaw = yaw * kDegrees;
    // Level, the nose is 0.775 eye distances below the eyes (the median); it moves by 22 / 62 of them for a radian.
    out.pitch = std::clamp((down * std::cos(yaw) - 0.775F) * 62.0F / 22.0F * kDegrees, -90.0F, 90.0F);
}

/// Mean grey level around the face: a frame as wide as half the box on either side, and above it.
std::optional<float> surroundings(const Image& picture, const Box& box) {
    constexpr int kSteps = 24;
    double sum = 0;
    int count = 0;
    for (int i = 0; i < kSteps; ++i)
        for (int j = 0; j < kSteps; ++j) {
            const float u = -0.6F + 2.2F * static_cast<float>(i) / (kSteps - 1),
                        v = -0.7F + 1.7F * static_cast<float>(j) / (kSteps - 1);
            // Hair, ears and neck are within.
            if (u > -0.25F && u < 1.25F && v > -0.4F) continue;
            const Point place{static_cast<float>(box.x) + u * static_cast<float>(box.width),
                              static_cast<float>(box.y) + v * static_cast<float>(box.height)};
            if (!contains(picture, place)) continue;
            sum += grey_of(pixel(picture, place)), ++count;
        }
    if (count < kSteps) return std::nullopt;
    return static_cast<float>(sum / count);
}

void measure_light(const Image& picture, const Box& box, const QualityChip& chip, FaceQuality& out) {
    const auto face = grey_in(chip, kFace);
    out.brightness = face.mean;
    out.contrast = face.deviation;
    int all = 0, dark = 0, burnt = 0;
    each(kFace, [&](std::size_t at) {
        const auto* rgb = &chip.rgb[3 * at];
        ++all;
        dark += chip.grey[at] < 16 ? 1 : 0;
        burnt += chip.grey[at] > 200 && std::max({rgb[0], rgb[1], rgb[2]}) >= 250 ? 1 : 0;
    });
    out.dark = static_cast<float>(dark) / static_cast<float>(all);
    out.burnt = static_cast<float>(burnt) / static_cast<float>(all);
    const float left = grey_in(chip, kLeftHalf).mean, right = grey_in(chip, kRightHalf).mean;
    out.side_light = std::abs(left - right) / std::max(left + right, 1.0F);
    if (const auto around = surroundings(picture, box)) out.backlight = *around - face.mean;
}

bool have_room(const FacePoints& points) {
    const Point left = points.left_eye(), right = points.right_eye(), nose = points.nose();
    const float eyes = std::hypot(right.x - left.x, right.y - left.y);
    const float area = (right.x - left.x) * (nose.y - left.y) - (right.y - left.y) * (nose.x - left.x);
    return eyes >= 4 && area > 0.1F * eyes * eyes;
}

constexpr float kBacklitFace = 90;  ///< Below this brightness a bright background is what is wrong.

}  // namespace

FaceQuality measure_quality(const Image& picture, const Box& box, const FacePoints& points) {
    FaceQuality out;
    out.width = static_cast<float>(std::max(box.width, 0));
    out.occlusion = 1;
    if (picture.width < 1 || picture.height < 1 || !is_finite(points) || !have_room(points)) return out;
    const Point left = points.left_eye(), right = points.right_eye();
    out.nearness = std::hypot(right.x - left.x, right.y - left.y) / static_cast<float>(picture.width);
    measure_pose(points, out);
    const auto chip = quality_chip(picture, points);
    measure_light(picture, box, chip, out);
    if (!chip.inside) return out;
    out.sharpness = sharpness_in(chip);
    out.occlusion = occlusion_in(chip, out.brightness);
    return out;
}

const QualityLimits& limits_of(Purpose purpose) {
    //                                 width sharp  yaw pitch roll  dark bright contr dark  burnt side  back occlusion
    static constexpr QualityLimits kRecognise{60, 30, 40, 45, 35, 40, 225, 10, 0.40F, 0.35F, 0.50F, 90, 0.80F};
    static constexpr QualityLimits kEnrol{80, 40, 30, 38, 25, 50, 215, 14, 0.30F, 0.25F, 0.35F, 80, 0.60F};
    return purpose == Purpose::recognise ? kRecognise : kEnrol;
}

std::string_view advice(const FaceQuality& quality, Purpose purpose) {
    const auto& limits = limits_of(purpose);
    // Each line can only be judged when those above it are well: a small face is blurred, a dark one has no texture.
    if (!(quality.width >= limits.width)) return "come closer";
    const bool is_dark = quality.brightness < limits.darkest || quality.dark > limits.dark;
    if (quality.backlight > limits.backlight && quality.brightness < kBacklitFace) return "light from behind";
    if (is_dark) return "too dark";
    if (quality.brightness > limits.brightest || quality.burnt > limits.burnt) return "too bright";
    const bool is_turned =
        std::abs(quality.yaw) > limits.yaw || std::abs(quality.pitch) > limits.pitch || std::abs(quality.roll) > limits.roll;
    if (is_turned) return "face the camera";
    if (quality.sharpness < limits.sharpness) return "hold still";
    if (quality.occlusion > limits.occlusion) return "uncover your face";
    // Sharp, lit, and grey all the same: a veil lies before the lens.
    if (quality.contrast < limits.contrast) return "clean the camera";
    if (quality.side_light > limits.side_light) return "light from one side";
    return {};
}

float score(const FaceQuality& quality) {
    const auto& worst = limits_of(Purpose::recognise);
    const float turned = std::max({std::abs(quality.yaw) / 60, std::abs(quality.pitch) / 90, std::abs(quality.roll) / 60});
    const float least = std::min({
        quality.width / 120,
        quality.sharpness / 120,
        1.2F - turned,
        quality.brightness / 90,
        (255 - quality.brightness) / 60,
        1.2F - quality.side_light / worst.side_light,
        1.2F - quality.occlusion,
    });
    return std::clamp(least, 0.0F, 1.0F);
}

}  // namespace menshen::models
