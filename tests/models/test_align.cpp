#include "models/align.hpp"

#include <array>
#include <cmath>

#include "tests/support/catch.hpp"

using namespace menshen::models;

namespace {

/// A red slope from left to right and a green one from top to bottom.
Image slopes(int width, int height) {
    Image out{width, height, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (const int value : {x, y, 7}) out.rgb.push_back(static_cast<std::uint8_t>(value));
    return out;
}

std::array<int, 3> at(const Image& image, int x, int y) {
    const auto* pixel = image.rgb.data() + (static_cast<std::size_t>(y) * image.width + x) * 3;
    return {pixel[0], pixel[1], pixel[2]};
}

}  // namespace

TEST_CASE("a similarity is found again from points that it moved, and undone by its inverse", "[unit]") {
    const Similarity known{0.8F, 0.6F, 10, -3};
    const std::array<Point, 4> from = {{{1, 2}, {50, 7}, {20, 60}, {33, 21}}};
    std::array<Point, 4> to{};
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = known(from[i]);
    const auto found = similarity(from, to);
    CHECK(found.a == Approx(known.a).margin(1e-5));
    CHECK(found.b == Approx(known.b).margin(1e-5));
    CHECK(found.dx == Approx(known.dx).margin(1e-4));
    CHECK(found.dy == Approx(known.dy).margin(1e-4));
    const auto back = found.inverse()(to[2]);
    CHECK(back.x == Approx(20).margin(1e-3));
    CHECK(back.y == Approx(60).margin(1e-3));
}

TEST_CASE("least squares: what one point is wrong by is shared", "[unit]") {
    const std::array<Point, 4> from = {{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
    auto to = from;
    to[0].x -= 0.4F;
    const auto found = similarity(from, to);
    CHECK(found.dx == Approx(-0.1).margin(1e-6));
    CHECK(found.a == Approx(1.1).margin(1e-6));
    CHECK(found.b == Approx(0).margin(1e-6));
}

TEST_CASE("points on one spot give no numbers that are none", "[unit]") {
    const std::array<Point, 3> spot = {{{5, 5}, {5, 5}, {5, 5}}};
    const std::array<Point, 3> to = {{{1, 1}, {9, 1}, {5, 7}}};
    const auto found = similarity(spot, to);
    CHECK(found.a == 0);
    const auto chip = cut_out(slopes(20, 20), found, 8);
    CHECK(chip.rgb.size() == 8u * 8 * 3);
    const float none = std::nanf("");
    for (const Similarity& odd : {Similarity{none, 0, 0, 0}, Similarity{0.1F, 0, none, 0}, Similarity{1e-5F, 0, 1e30F, 0}})
        CHECK(cut_out(slopes(20, 20), odd, 8).rgb.size() == 8u * 8 * 3);
}

TEST_CASE("three points take the middles of the eyes, five take all", "[unit]") {
    FacePoints points;
    points.all = {{{80, 40}, {60, 40}, {20, 40}, {40, 40}, {50, 70}}};
    const auto three = similarity_for(points, {112, {{30, 40}, {70, 40}, {50, 70}}});
    CHECK(three.a == Approx(1));
    CHECK(three.b == Approx(0).margin(1e-6));
    CHECK(three.dx == Approx(0).margin(1e-4));
    const auto five = similarity_for(points, {112, {{160, 80}, {120, 80}, {40, 80}, {80, 80}, {100, 140}}});
    CHECK(five.a == Approx(2));
    CHECK(five.dx == Approx(0).margin(1e-4));
}

TEST_CASE("a cut shows the places it says, between pixels too, and black outside", "[unit]") {
    const auto picture = slopes(100, 80);
    const auto same = cut_out(picture, {}, 16);
    CHECK(at(same, 5, 9) == std::array<int, 3>{5, 9, 7});
    const auto moved = cut_out(picture, {1, 0, -20.5F, -30}, 16);
    CHECK(at(moved, 3, 4) == std::array<int, 3>{24, 34, 7});  // 23.5, rounded
    const auto beyond = cut_out(picture, {1, 0, 10, 10}, 16);
    CHECK(at(beyond, 3, 3) == std::array<int, 3>{0, 0, 0});
    CHECK(at(beyond, 12, 13) == std::array<int, 3>{2, 3, 7});
}

TEST_CASE("a finer picture is averaged, not sampled", "[unit]") {
    // Black and white columns turn about: every pixel of a picture of half the size is grey.
    Image stripes{64, 64, {}};
    for (int i = 0; i < 64 * 64; ++i)
        for (int c = 0; c < 3; ++c) stripes.rgb.push_back(i % 2 == 0 ? 0 : 200);
    const auto chip = cut_out(stripes, {0.5F, 0, -0.25F, -0.25F}, 24);
    for (int x = 1; x < 23; ++x) CHECK(std::abs(at(chip, x, 12)[0] - 100) <= 1);
}

TEST_CASE("halving does not move a face", "[unit]") {
    const auto picture = slopes(250, 200);
    for (const float scale : {0.7F, 0.45F, 0.3F, 0.13F}) {
        // Around (120, 100), turned a little; far enough from the edges.
        const float a = scale * 0.98F, b = scale * 0.199F;
        const Similarity to_square{a, b, 8 - (a * 120 - b * 100), 8 - (b * 120 + a * 100)};
        const auto chip = cut_out(picture, to_square, 16);
        for (const auto& [x, y] : {std::pair{8, 8}, std::pair{3, 5}, std::pair{12, 10}}) {
            const auto place = to_square.inverse()({static_cast<float>(x), static_cast<float>(y)});
            CAPTURE(scale, x, y);
            CHECK(std::abs(static_cast<float>(at(chip, x, y)[0]) - place.x) <= 1.5F);
            CHECK(std::abs(static_cast<float>(at(chip, x, y)[1]) - place.y) <= 1.5F);
        }
    }
}
