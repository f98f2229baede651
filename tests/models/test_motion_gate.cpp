// Still and moving scenes before a camera, generated: noise, exposure, flicker, people far and near.
#include "models/motion_gate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <random>

#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using Answer = MotionGate::Answer;

namespace {

constexpr int kWidth = 160, kHeight = 90;
constexpr Millis kFrame{67};  // 15 a second

/// Somebody, or a part of them, in cells; `levels` brighter than what is behind.
struct Patch {
    double x = 0, y = 0, width = 5, height = 5, levels = 12;
    [[nodiscard]] double cover(int column, int row) const {
        const double across = std::min(column + 1.0, x + width) - std::max<double>(column, x);
        const double down = std::min(row + 1.0, y + height) - std::max<double>(row, y);
        return std::clamp(across, 0.0, 1.0) * std::clamp(down, 0.0, 1.0);
    }
};

/// What the light and the camera do to a frame.
struct Light {
    double gain = 1;
    double flicker = 0;  ///< Share of the light, in bands across the picture.
    double phase = 0;
};

/// A path with walls, bushes and a lamp, and a camera with noise.
class Path {
public:
    explicit Path(double noise, unsigned seed = 1) : noise_(noise), random_(seed) {
        std::mt19937 shape(7);
        for (int y = 0; y < kHeight; ++y)
            for (int x = 0; x < kWidth; ++x)
                levels_.push_back(40 + y + (x / 20 % 2) * 25.0 + std::uniform_real_distribution(0.0, 30.0)(shape));
        std::normal_distribution<double> normal(0, 1);
        for (auto& value : normals_) value = normal(random_);
    }

    [[nodiscard]] GreyPicture frame(const std::optional<Patch>& patch = {}, const Light& light = {}) {
        GreyPicture out{kWidth, kHeight, {}};
        std::size_t next = random_();
        for (int y = 0; y < kHeight; ++y) {
            const double row = light.gain * (1 + light.flicker * std::sin(light.phase + y * 0.14));
            for (int x = 0; x < kWidth; ++x) {
                double level = levels_[static_cast<std::size_t>(y) * kWidth + x];
                if (patch) level += patch->levels * patch->cover(x, y);
                level = level * row + noise_ * normals_[next++ % normals_.size()];
                out.levels.push_back(static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0)));
            }
        }
        return out;
    }

private:
    double noise_;
    std::mt19937 random_;
    std::vector<double> levels_;
    std::vector<double> normals_ = std::vector<double>(100'003);
};

/// A gate and its clock; counts what it lets pass.
struct Watch {
    MotionGate gate;
    Millis time = 1h;
    int frames = 0, looks = 0;
    Millis longest_gap{};  ///< Between two frames that were looked at.
    Millis last_look = time;

    Answer see(const GreyPicture& picture) {
        time += kFrame;
        const auto answer = gate.see(picture, MonoTime{time});
        ++frames;
        longest_gap = std::max(longest_gap, time - last_look);
        if (answer == Answer::look) ++looks, last_look = time;
        return answer;
    }
    /// Until nothing but the look of every second is left.
    void settle(Path& path) {
        for (int i = 0; i < 15 * 5; ++i) see(path.frame());
        frames = looks = 0;
        longest_gap = 0ms;
    }
    /// How many frames of so many seconds were looked at.
    int looks_in(std::chrono::seconds span, const std::function<GreyPicture(double seconds)>& frame) {
        const int before = looks;
        for (int i = 0; i < 15 * span.count(); ++i) see(frame(i / 15.0));
        return looks - before;
    }
};

/// The look of every second and nothing else: with frames every 67 ms it falls on each 15th.
bool only_each_second(int looks, std::chrono::seconds span) { return looks <= span.count() + 1; }

}  // namespace

TEST_CASE("noise does not wake the gate, and a look comes every second all the same", "[unit]") {
    // Of a cell, that is the mean of 64 pixels: 0.5 by day, 3 at night with the gain turned up.
    const auto noise = GENERATE(0.0, 0.5, 1.0, 2.0, 3.0);
    CAPTURE(noise);
    Path path(noise);
    Watch watch;
    watch.settle(path);
    const auto looks = watch.looks_in(120s, [&](double) { return path.frame(); });
    CAPTURE(looks);
    CHECK(only_each_second(looks, 120s));
    CHECK(looks >= 115);
    CHECK(watch.longest_gap <= 1000ms + kFrame);
}

TEST_CASE("an exposure that adjusts itself and a lamp that flickers do not wake the gate", "[unit]") {
    Path path(0.8);
    Watch watch;
    watch.settle(path);
    const auto drift = watch.looks_in(60s, [&](double s) { return path.frame({}, {1 + 0.4 * std::sin(s / 2), 0, 0}); });
    CHECK(only_each_second(drift, 60s));
    const auto step = watch.looks_in(10s, [&](double s) {
        return path.frame({}, {static_cast<int>(s) % 2 == 0 ? 1.0 : 1.3, 0, 0});
    });
    CHECK(only_each_second(step, 10s));
    const auto flicker = watch.looks_in(60s, [&](double s) { return path.frame({}, {1, 0.08, s * 11}); });
    CHECK(only_each_second(flicker, 60s));
}

TEST_CASE("dusk does not wake the gate", "[unit]") {
    Path path(0.8);
    Watch watch;
    watch.settle(path);
    // Two minutes, and the wall on the left loses its sun: 30 levels in parts of the picture, 70 % of the whole.
    const auto looks = watch.looks_in(120s, [&](double s) {
        return path.frame(Patch{0, 0, 60, 90, -30 * s / 120}, {1 - 0.7 * s / 120, 0, 0});
    });
    CHECK(only_each_second(looks, 120s));
}

TEST_CASE("a far face that is there in one step is looked at in the same frame", "[unit]") {
    const auto noise = GENERATE(0.5, 1.0, 2.0);
    const auto levels = GENERATE(-25.0, -12.0, 12.0, 25.0);
    CAPTURE(noise, levels);
    std::mt19937 random(99);
    for (int i = 0; i < 20; ++i) {
        Path path(noise, static_cast<unsigned>(i + 1));
        Watch watch;
        watch.settle(path);
        // 40 pixels of 1,280, on or between the cells: less than the 60 pixels from which on a face is compared.
        const double x = std::uniform_real_distribution(0.0, kWidth - 5.0)(random);
        const double y = std::uniform_real_distribution(0.0, kHeight - 5.0)(random);
        CAPTURE(i, x, y);
        REQUIRE(watch.see(path.frame(Patch{x, y, 5, 5, levels})) == Answer::look);
        CHECK(watch.see(path.frame()) == Answer::look);  // awake from now on
        CHECK(watch.see(path.frame()) == Answer::look);
    }
}

TEST_CASE("a near face in one step is looked at in the same frame, also when it fills the picture", "[unit]") {
    const auto width = GENERATE(20, 70, 100, 140);
    CAPTURE(width);
    Path path(1.0);
    Watch watch;
    watch.settle(path);
    const Patch near{(kWidth - width) / 2.0, 5, static_cast<double>(width), 80, 30};
    CHECK(watch.see(path.frame(near)) == Answer::look);
    CHECK(watch.see(path.frame(near)) == Answer::look);
}

TEST_CASE("a slow walker is looked at all the way", "[unit]") {
    const auto cells_a_second = GENERATE(0.5, 2.0, 20.0);
    CAPTURE(cells_a_second);
    Path path(1.0);
    Watch watch;
    watch.settle(path);
    const auto looks = watch.looks_in(20s, [&](double s) {
        return path.frame(Patch{std::fmod(10 + cells_a_second * s, kWidth - 5.0), 30, 4, 12, 15});
    });
    CAPTURE(looks, watch.frames);
    CHECK(looks == watch.frames);
}

TEST_CASE("whoever stops is looked at for some seconds, then once a second, and at once on moving again", "[unit]") {
    Path path(1.0);
    Watch watch;
    watch.settle(path);
    const Patch stands{70, 30, 10, 30, 20};
    CHECK(watch.looks_in(3s, [&](double) { return path.frame(stands); }) == 45);
    watch.looks_in(30s, [&](double) { return path.frame(stands); });
    const auto later = watch.looks_in(20s, [&](double) { return path.frame(stands); });
    CHECK(only_each_second(later, 20s));
    CHECK(watch.longest_gap <= 1000ms + kFrame);
    Patch nods = stands;
    nods.y += 0.7;
    CHECK(watch.looks_in(3s, [&](double) { return path.frame(nods); }) == 45);
}

TEST_CASE("whoever leaves a place the background has taken for its own is noticed", "[unit]") {
    Path path(1.0);
    Watch watch;
    watch.settle(path);
    watch.looks_in(60s, [&](double) { return path.frame(Patch{70, 30, 10, 30, 20}); });
    CHECK(watch.looks_in(2s, [&](double) { return path.frame(); }) == 30);
}

TEST_CASE("a first frame, another size, a pause and a clock that went back begin a scene that is awake", "[unit]") {
    const auto what = GENERATE(0, 1, 2, 3);
    CAPTURE(what);
    Path path(1.0);
    Watch watch;
    if (what > 0) watch.settle(path);
    GreyPicture other{100, 50, std::vector<std::uint8_t>(5000, 90)};
    if (what == 2) watch.time += 2001ms;
    if (what == 3) watch.time -= 10s;
    const auto frame = [&](double) { return what == 1 ? other : path.frame(); };
    CHECK(watch.looks_in(3s, frame) == 45);
    CHECK(only_each_second(watch.looks_in(10s, frame), 10s));
}

TEST_CASE("frames at one a second are all looked at", "[unit]") {
    Path path(1.0);
    MotionGate gate;
    for (int i = 0; i < 100; ++i) CHECK(gate.see(path.frame(), MonoTime{1h + 1000ms * i}) == Answer::look);
}

TEST_CASE("after frames that were looked at anyway the scene begins anew", "[unit]") {
    Path path(1.0);
    Watch watch;
    watch.settle(path);
    for (int i = 0; i < 100; ++i) watch.gate.look_anyway(MonoTime{watch.time += kFrame});
    CHECK(watch.looks_in(3s, [&](double) { return path.frame(); }) == 45);
    CHECK(only_each_second(watch.looks_in(10s, [&](double) { return path.frame(); }), 10s));
}

TEST_CASE("pictures too small for a window are looked at once a second", "[unit]") {
    MotionGate gate;
    const GreyPicture tiny{1, 1, {7}};
    int looks = 0;
    for (int i = 0; i < 150; ++i) looks += gate.see(tiny, MonoTime{1h + kFrame * i}) == Answer::look ? 1 : 0;
    CHECK(looks >= 45 + 6);
}
