// What is wrong with a face, on pictures made for it; test_quality_photos.cpp has real ones.
#include "models/quality.hpp"

#include <cmath>

#include "tests/models/walking.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::models;

namespace {

constexpr Box kBox{100, 60, 120, 120};

struct Paint {
    float light = 1, side = 0;  ///< Times the light; more of it on the right.
    float blur = 1;             ///< Pixels of the finest detail.
    float wall = 120;           ///< Around the face.
    bool has_eyes = true, has_mouth = true;
};

FacePoints points(float yaw = 0, float pitch = 0) { return test::Head{}.seen(yaw, pitch, 0.9F, {160, 105}); }

/// An egg with two eyes, a mouth, some shading, and skin of some grain.
Image face(const Paint& how) {
    Image out{320, 240, {}};
    const auto seen = points();
    const auto spot = [](float x, float y, Point at, float wide, float high) {
        return std::exp(-((x - at.x) * (x - at.x) / (wide * wide) + (y - at.y) * (y - at.y) / (high * high)));
    };
    const Point mouth{seen.nose().x, seen.nose().y + 20};
    for (int py = 0; py < out.height; ++py)
        for (int px = 0; px < out.width; ++px) {
            const auto x = static_cast<float>(px), y = static_cast<float>(py);
            const bool is_face = std::hypot((x - 160) / 62, (y - 125) / 80) < 1;
            float grey = how.wall;
            if (is_face) {
                grey = 150 + 24 * std::cos((y - 105) / 16) +
                       18 * std::sin(x * 1.9F / how.blur) * std::sin(y * 1.7F / how.blur) / how.blur;
                if (how.has_eyes) grey -= 100 * (spot(x, y, seen.left_eye(), 9, 4) + spot(x, y, seen.right_eye(), 9, 4));
                if (how.has_mouth) grey -= 90 * spot(x, y, mouth, 16, 4);
                if (!how.has_mouth && y > seen.nose().y + 4) grey = 150;  // Something smooth before it.
                grey *= how.light * (1 + how.side * (x - 160) / 62);
            }
            for (const float colour : {1.0F, 0.85F, 0.75F})
                out.rgb.push_back(static_cast<std::uint8_t>(std::clamp(grey * colour, 0.0F, 255.0F)));
        }
    return out;
}

FaceQuality measured(const Paint& how) { return measure_quality(face(how), kBox, points()); }

}  // namespace

TEST_CASE("a good face passes every gate", "[unit]") {
    const auto quality = measured({});
    CAPTURE(quality.sharpness, quality.yaw, quality.pitch, quality.brightness, quality.contrast, quality.side_light,
            quality.occlusion, quality.backlight);
    for (const auto purpose : {Purpose::recognise, Purpose::enrol}) CHECK(advice(quality, purpose).empty());
    CHECK(score(quality) > 0.5F);
    CHECK(std::abs(quality.yaw) < 3);
    CHECK(std::abs(quality.roll) < 1);
    CHECK(quality.side_light < 0.05F);
    CHECK(quality.nearness == Approx(0.9F * 62 / 320).margin(0.01));
}

TEST_CASE("each fault has its advice, and costs score", "[unit]") {
    struct Case {
        Paint how;
        const char* advice;
    };
    const auto one = GENERATE(Case{{.light = 0.2F}, "too dark"}, Case{{.light = 0.4F, .wall = 250}, "light from behind"},
                              Case{{.light = 2.6F}, "too bright"}, Case{{.blur = 12}, "hold still"},
                              Case{{.has_eyes = false}, "uncover your face"}, Case{{.has_mouth = false}, "uncover your face"},
                              Case{{.side = 1.2F}, "light from one side"});
    const auto quality = measured(one.how);
    CAPTURE(one.advice, quality.sharpness, quality.brightness, quality.contrast, quality.dark, quality.burnt, quality.side_light,
            quality.occlusion, quality.backlight);
    CHECK(advice(quality, Purpose::enrol) == one.advice);
    CHECK(score(quality) < score(measured({})));
}

TEST_CASE("size and pose have limits for each purpose", "[unit]") {
    auto quality = test::good();
    quality.width = 65;
    CHECK(advice(quality, Purpose::recognise).empty());
    CHECK(advice(quality, Purpose::enrol) == "come closer");
    quality = test::good();
    quality.yaw = -35;
    CHECK(advice(quality, Purpose::recognise).empty());
    CHECK(advice(quality, Purpose::enrol) == "face the camera");
    quality.yaw = 45;
    CHECK(advice(quality, Purpose::recognise) == "face the camera");
    quality = test::good();
    quality.width = std::nanf("");
    CHECK(advice(quality, Purpose::recognise) == "come closer");
    for (const auto purpose : {Purpose::recognise, Purpose::enrol}) CHECK_FALSE(advice({}, purpose).empty());
}

TEST_CASE("the pose follows the head", "[unit]") {
    const auto picture = face({});
    float last = -90;
    for (int yaw = -30; yaw <= 30; yaw += 10) {
        const auto quality = measure_quality(picture, kBox, points(static_cast<float>(yaw)));
        CAPTURE(yaw, quality.yaw);
        CHECK(quality.yaw > last + 3);
        CHECK(std::abs(quality.yaw - static_cast<float>(yaw)) < 10);
        last = quality.yaw;
    }
    CHECK(measure_quality(picture, kBox, points(0, 25)).pitch > measure_quality(picture, kBox, points(0, -25)).pitch + 20);
}

TEST_CASE("points that cannot be a face pass no gate and do no harm", "[unit]") {
    const auto picture = face({});
    FacePoints beside = points();
    for (auto& point : beside.all) point.x += 5000;
    FacePoints upside_down = points();
    upside_down.all[4].y = 20;
    FacePoints broken = points();
    broken.all[2].x = std::nanf("");
    FacePoints huge = points();
    for (auto& point : huge.all) point.x *= 1e5F, point.y *= 1e5F;
    for (const auto& one : {FacePoints{}, beside, upside_down, broken, huge}) {
        const auto quality = measure_quality(picture, kBox, one);
        CHECK(quality.occlusion == 1);
        CHECK_FALSE(advice(quality, Purpose::recognise).empty());
    }
    CHECK(measure_quality({}, kBox, points()).occlusion == 1);
    CHECK(measure_quality(Image{1, 1, {9, 9, 9}}, kBox, points()).occlusion == 1);
}
