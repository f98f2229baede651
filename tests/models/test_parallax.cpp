// Heads that turn and prints that are moved, generated; the rates here are of the generator, not of people.
#include "models/parallax.hpp"

#include <random>

#include "tests/models/walking.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::models;

namespace {

constexpr float kFar = 0.02F;

struct Walk {
    float depth = 1;     ///< 1: a head; 0: a print of it.
    float turn = 15;     ///< Degrees, either way.
    float noise = 0.8F;  ///< Standard deviation of each point, in pixels.
    int frames = 40;
};

/// 62 mm between the eyes are 50 pixels at first and 75 at last.
Parallax walk(const Walk& how, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> noise(0, how.noise);
    std::uniform_real_distribution<float> any(0, 6.28F);
    const float yaw_from = any(random), pitch_from = any(random), size = 0.9F + 0.2F * any(random) / 6.28F;
    Parallax out;
    for (int i = 0; i < how.frames; ++i) {
        const float time = static_cast<float>(i) / static_cast<float>(how.frames);
        const float yaw = how.turn * std::sin(yaw_from + 9 * time), pitch = how.turn / 2 * std::sin(pitch_from + 7 * time);
        const test::Head head{how.depth * size};
        auto points = head.seen(yaw, pitch, 0.8F * (1 + 0.5F * time), {300, 200});
        for (auto& point : points.all) point.x += noise(random), point.y += noise(random);
        out.add(points, kFar);
    }
    return out;
}

/// A print that is tilted about an axis aslant, which moves the nose between the eyes as turning does.
Parallax slanted_print(unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> noise(0, 0.8F);
    Parallax out;
    const auto flat = test::Head{0}.seen(0, 0, 1, {0, 0});
    for (int i = 0; i < 40; ++i) {
        const float shrink = std::cos(0.9F * std::sin(static_cast<float>(i) / 5));
        const float slant = i % 2 == 0 ? 1.0F : -1.0F;
        const float a = (1 + shrink) / 2, b = slant * (1 - shrink) / 2;
        FacePoints points;
        for (std::size_t p = 0; p < 5; ++p)
            points.all[p] = {300 + a * flat.all[p].x + b * flat.all[p].y + noise(random),
                             200 + b * flat.all[p].x + a * flat.all[p].y + noise(random)};
        out.add(points, kFar);
    }
    return out;
}

struct Counts {
    int live = 0, unknown = 0, suspect = 0;
    void add(LivenessFinding finding) {
        live += finding == LivenessFinding::live ? 1 : 0;
        unknown += finding == LivenessFinding::unknown ? 1 : 0;
        suspect += finding == LivenessFinding::suspect ? 1 : 0;
    }
};

}  // namespace

TEST_CASE("a head that turns shows its depth", "[unit]") {
    Counts counts;
    for (unsigned seed = 1; seed <= 300; ++seed) counts.add(walk({1, 20, 0.4F, 40}, seed).finding());
    CAPTURE(counts.live, counts.unknown, counts.suspect);
    CHECK(counts.live >= 180);
    CHECK(counts.suspect == 0);
}

TEST_CASE("a print that is moved is never called live", "[unit]") {
    Counts turned, slanted;
    for (unsigned seed = 1; seed <= 300; ++seed) {
        turned.add(walk({0, 30, 0.4F, 40}, seed).finding());
        slanted.add(slanted_print(seed).finding());
    }
    CAPTURE(turned.live, turned.unknown, turned.suspect, slanted.live, slanted.unknown, slanted.suspect);
    CHECK(turned.live == 0);
    CHECK(turned.suspect >= 60);  // Mostly its nose stays between its eyes: there is no movement that could tell.
    CHECK(slanted.live <= 3);
    CHECK(slanted.suspect >= 200);
}

TEST_CASE("without movement, or with too few frames, nothing is said", "[unit]") {
    Parallax still;
    for (int i = 0; i < 40; ++i) still.add(test::Head{}.seen(0, 0, 1, {300, 200}), kFar);
    CHECK(still.finding() == LivenessFinding::unknown);
    CHECK(walk({1, 18, 0.5F, Parallax::kLeast - 1}, 1).finding() == LivenessFinding::unknown);
    Parallax nothing;
    CHECK(nothing.finding() == LivenessFinding::unknown);
    for (int i = 0; i < 40; ++i) nothing.add({}, kFar);
    CHECK(nothing.evidence().frames == 0);
    Parallax near;
    for (int i = 0; i < 40; ++i) near.add(test::Head{}.seen(static_cast<float>(i), 0, 1, {300, 200}), 0.05F);
    CHECK(near.evidence().frames == 0);
}

TEST_CASE("hours of standing take no memory and keep what was seen first", "[unit]") {
    const auto long_walk = walk({1, 20, 0.3F, 5000}, 3);
    CHECK(long_walk.evidence().frames <= static_cast<int>(Parallax::kFrames));
    CHECK(long_walk.finding() == LivenessFinding::live);
}

TEST_CASE("votes of the network count from the fourth on, and one witness who suspects is enough", "[unit]") {
    LivenessVotes votes;
    for (int i = 0; i < 3; ++i) votes.add(0.1F);
    CHECK(votes.finding() == LivenessFinding::unknown);
    votes.add(2.0F);
    votes.add(std::nanf(""));
    CHECK(votes.count() == 3);
    votes.add(0.1F);
    CHECK(votes.finding() == LivenessFinding::suspect);
    for (int i = 0; i < 20; ++i) votes.add(0.95F);
    CHECK(votes.finding() == LivenessFinding::live);
    using enum LivenessFinding;
    CHECK(both(live, suspect) == suspect);
    CHECK(both(suspect, unknown) == suspect);
    CHECK(both(live, unknown) == live);
    CHECK(both(unknown, unknown) == unknown);
}
