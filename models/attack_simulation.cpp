#include "models/attack_simulation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "models/face_points.hpp"

namespace menshen::models {
namespace {

using Colour = std::array<float, 3>;

/// Numbers that are the same with every standard library.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : engine_(seed) {}
    /// From -1 to 1.
    float either_way() { return static_cast<float>(engine_() >> 11U) / static_cast<float>(1ULL << 53U) * 2 - 1; }

private:
    std::mt19937_64 engine_;
};

/// How the picture is held in one frame: a plane before a pinhole camera. Lengths are in units of the photograph's half width.
struct Pose {
    float yaw = 0, pitch = 0, roll = 0;  ///< Radians.
    float distance = 4, x = 0, y = 0;
};

/// Where the plane is hit by what the camera sees at (u, v), -1 to 1 in the picture; the camera sees as far as 0.45 to the side.
Point on_plane(const Pose& pose, float u, float v) {
    const float cy = std::cos(pose.yaw), sy = std::sin(pose.yaw), cp = std::cos(pose.pitch), sp = std::sin(pose.pitch);
    const float cr = std::cos(pose.roll), sr = std::sin(pose.roll);
    // The plane's axes and its normal, in the camera's room: yaw about the upright axis, then pitch.
    const std::array<float, 3> right{cy, sy * sp, -sy * cp}, down{0, cp, sp}, normal{sy, -cy * sp, cy * cp};
    const std::array<float, 3> ray{u * 0.45F, v * 0.45F, 1}, origin{pose.x, pose.y, pose.distance};
    const auto dot = [](const std::array<float, 3>& a, const std::array<float, 3>& b) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    };
    const float reach = dot(origin, normal) / dot(ray, normal);
    const std::array<float, 3> hit{ray[0] * reach - origin[0], ray[1] * reach - origin[1], ray[2] * reach - origin[2]};
    const float a = dot(hit, right), b = dot(hit, down);
    return {a * cr + b * sr, b * cr - a * sr};
}

Colour sample(const Image& picture, float x, float y) {
    const auto at = [&](int px, int py) {
        return &picture.rgb[3 * (static_cast<std::size_t>(std::clamp(py, 0, picture.height - 1)) * picture.width +
                                 std::clamp(px, 0, picture.width - 1))];
    };
    const float fx = x - 0.5F, fy = y - 0.5F;
    const int left = static_cast<int>(std::floor(fx)), top = static_cast<int>(std::floor(fy));
    const float right_share = fx - static_cast<float>(left), lower_share = fy - static_cast<float>(top);
    Colour out{};
    for (std::size_t c = 0; c < 3; ++c) {
        const float upper =
            static_cast<float>(at(left, top)[c]) * (1 - right_share) + static_cast<float>(at(left + 1, top)[c]) * right_share;
        const float lower = static_cast<float>(at(left, top + 1)[c]) * (1 - right_share) +
                            static_cast<float>(at(left + 1, top + 1)[c]) * right_share;
        out[c] = upper + lower_share * (lower - upper);
    }
    return out;
}

/// Ink on paper under room light: neither black nor white.
void as_print(Colour& colour) {
    for (auto& one : colour) one = 38 + 170 * std::pow(one / 255, 1.15F);
    colour[2] *= 0.94F;
}

/// A grid of pixels that is nearly the camera's own, a glare in one corner, and a white that is blue.
void as_screen(Colour& colour, Point on, Point in) {
    const float beat = 1 + 0.07F * std::sin(61 * on.x + 23 * in.y) * std::sin(67 * on.y - 19 * in.x);
    const float glare = 45 * std::exp(-4 * ((on.x - 0.6F) * (on.x - 0.6F) + (on.y + 0.6F) * (on.y + 0.6F)));
    for (auto& one : colour) one = 8 + 247 * std::pow(one / 255, 0.85F) * beat + glare;
    colour[0] *= 0.93F;
    colour[2] *= 1.06F;
}

struct Scene {
    const Image& photograph;
    SimulatedView view;
    Pose pose;
};

Colour seen_at(const Scene& scene, Point in) {
    const auto& photo = scene.photograph;
    const Point on = on_plane(scene.pose, in.x, in.y);
    const float tall = static_cast<float>(photo.height) / static_cast<float>(photo.width);
    const float out_x = std::abs(on.x) - 1, out_y = std::abs(on.y) - tall;
    const float outside = std::max(out_x, out_y);
    const float half = static_cast<float>(photo.width) / 2;
    // A person has no rim: the edge of the photograph goes on.
    if (outside <= 0 || scene.view == SimulatedView::person) {
        auto colour = sample(photo, (on.x + 1) * half, (on.y + tall) * half);
        if (scene.view == SimulatedView::print) as_print(colour);
        if (scene.view == SimulatedView::screen) as_screen(colour, on, in);
        return colour;
    }
    constexpr float kRim = 0.12F;
    if (outside < kRim) return scene.view == SimulatedView::print ? Colour{205, 203, 196} : Colour{14, 14, 16};
    const float wall = 105 + 25 * in.y;
    return {wall, wall * 0.98F, wall * 0.93F};
}

Image frame_of(const Scene& scene, int width, Chance& chance) {
    Image out{width, width, {}};
    out.rgb.reserve(static_cast<std::size_t>(3) * width * width);
    for (int y = 0; y < width; ++y)
        for (int x = 0; x < width; ++x) {
            const auto size = static_cast<float>(width);
            const auto colour =
                seen_at(scene, {(static_cast<float>(x) + 0.5F) / size * 2 - 1, (static_cast<float>(y) + 0.5F) / size * 2 - 1});
            const float noise = 2.5F * (chance.either_way() + chance.either_way());  // Of the sensor.
            for (const float one : colour) out.rgb.push_back(static_cast<std::uint8_t>(std::clamp(one + noise, 0.0F, 255.0F)));
        }
    return out;
}

}  // namespace

std::vector<Image> simulate_clip(const Image& photograph, const Simulation& how) {
    std::vector<Image> out;
    if (photograph.width < 1 || photograph.height < 1) return out;
    Chance chance(how.seed);
    const int frames = std::clamp(how.frames, 1, 64), width = std::clamp(how.width, 64, 1280);
    const bool is_held = how.view != SimulatedView::person;
    const float slant = 0.45F * (0.5F + std::abs(chance.either_way())), phase = 3 * chance.either_way();
    for (int i = 0; i < frames; ++i) {
        const float time = static_cast<float>(i) / static_cast<float>(frames);
        Pose pose;
        pose.distance = (is_held ? 3.4F : 2.6F) - 0.5F * time;
        pose.x = 0.05F * chance.either_way();
        pose.y = 0.05F * chance.either_way();
        pose.roll = 0.03F * chance.either_way();
        if (is_held) {
            pose.yaw = slant * std::sin(phase + 7 * time);
            pose.pitch = 0.6F * slant * std::sin(2 * phase + 5 * time);
        }
        out.push_back(frame_of({photograph, how.view, pose}, width, chance));
    }
    return out;
}

}  // namespace menshen::models
