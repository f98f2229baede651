// menshen-bench-idle: a camera before which nobody stands, 1280x720 as JPEG at 15 frames a second: what share of a core the face
// engine takes for it and how much memory, as menshend loads it; then the same with every frame looked at. One JSON object a
// line.
#include <sys/resource.h>
#include <time.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "models/load_face_engine.hpp"

#include <fmt/format.h>

namespace {

using namespace menshen;
using namespace menshen::models;

constexpr int kWidth = 1280, kHeight = 720;
constexpr int kFramesASecond = 15;
constexpr int kPictures = 45;        // Shown again and again; the noise of one is not that of the next.
constexpr int kQuality = 85;         // Some 250 KB a frame: a USB camera sends less.
constexpr double kPixelNoise = 5;    // Grey levels, as of a small sensor in the shade.
constexpr double kMostShare = 40;    // Percent of a core.
constexpr double kMostMemory = 250;  // MB.

struct Figure {
    const char* name;
    double value = 0;
    const char* unit;
    double limit = 0;  ///< 0: none.
};

void print(const Figure& figure) {
    const auto limit = figure.limit > 0 ? fmt::format(", \"limit\": {:g}", figure.limit) : "";
    fmt::print("{{\"figure\": \"{}\", \"value\": {:.3f}, \"unit\": \"{}\"{}}}\n", figure.name, figure.value, figure.unit, limit);
}

/// A house front without anybody: walls, windows, a hedge with much texture.
std::vector<double> empty_scene(std::mt19937& random) {
    std::uniform_real_distribution<double> leaf(-25, 25);
    std::vector<double> out;
    for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
            double level = 150 - 0.06 * y + 0.02 * x;
            if (x % 320 > 120 && x % 320 < 220 && y > 80 && y < 260) level = 60;  // A window.
            if (y > 520) level = 80 + leaf(random);                               // The hedge.
            if (y > 300 && y < 312) level = 200;                                  // A ledge.
            out.push_back(level);
        }
    }
    return out;
}

std::shared_ptr<const std::vector<std::uint8_t>> as_jpeg(const std::vector<std::uint8_t>& rgb) {
    const tjhandle jpeg = tjInitCompress();
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    // 4:2:2, as USB cameras send it.
    if (tjCompress2(jpeg, rgb.data(), kWidth, 0, kHeight, TJPF_RGB, &bytes, &size, TJSAMP_422, kQuality, 0) != 0) std::abort();
    auto out = std::make_shared<const std::vector<std::uint8_t>>(bytes, bytes + size);
    tjFree(bytes);
    tjDestroy(jpeg);
    return out;
}

/// The same scene in the noise of each frame.
std::vector<Frame> noisy_frames() {
    std::mt19937 random(1);
    const auto scene = empty_scene(random);
    std::normal_distribution<double> noise(0, kPixelNoise);
    std::vector<Frame> out;
    std::vector<std::uint8_t> rgb(scene.size() * 3);
    for (int i = 0; i < kPictures; ++i) {
        for (std::size_t p = 0; p < scene.size(); ++p) {
            const double level = scene[p] + noise(random);
            for (std::size_t c = 0; c < 3; ++c)
                rgb[3 * p + c] = static_cast<std::uint8_t>(std::clamp(level - 8.0 * static_cast<double>(c), 0.0, 255.0));
        }
        out.push_back({DeviceId("cam"), FrameFormat::encoded, 0, 0, as_jpeg(rgb)});
    }
    return out;
}

/// Of this process, all threads together.
double cpu_seconds() {
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + 1e-9 * static_cast<double>(spent.tv_nsec);
}

double resident_mb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
    return 0;
}

struct Idle {
    double core_share = 0;  ///< Percent.
    double looked_at = 0;   ///< Frames a second.
};

/// So many seconds of event time, as fast as they can be had, after the first five, in which the gate learns the scene.
Result<Idle> watch(FaceEngine& engine, const std::vector<Frame>& frames, int seconds) {
    constexpr int kLearn = 5 * kFramesASecond;
    int looked_at = 0;
    double begun = 0;
    for (int i = 0; i < kLearn + seconds * kFramesASecond; ++i) {
        if (i == kLearn) begun = cpu_seconds();
        const Now now{.mono = {Millis(3'600'000) + Millis(1000) * i / kFramesASecond}, .wall = {}};
        const auto result = engine.look(frames[static_cast<std::size_t>(i) % frames.size()], now, StrangersWanted::no);
        if (!result) return tl::unexpected(result.error());
        if (result->faces > 0) return fail("there is a face in a scene without anybody");
        if (i >= kLearn && !result->was_still) ++looked_at;
    }
    return Idle{100 * (cpu_seconds() - begun) / seconds, static_cast<double>(looked_at) / seconds};
}

Result<void> run() {
    const auto frames = noisy_frames();
    double bytes = 0;
    for (const auto& frame : frames) bytes += static_cast<double>(frame.bytes->size());
    fmt::print(stderr, "{} frames of {:.0f} KB each\n", frames.size(), bytes / 1000 / static_cast<double>(frames.size()));
    for (const auto look_at : {LookAt::when_moving, LookAt::every_frame}) {
        FaceSettings settings;
        settings.look_at = look_at;
        const auto engine = load_face_engine(settings);
        if (!engine) return tl::unexpected(engine.error());
        const bool is_gated = look_at == LookAt::when_moving;
        const auto idle = watch(**engine, frames, is_gated ? 120 : 20);
        if (!idle) return tl::unexpected(idle.error());
        if (is_gated) {
            print({"vision.idle_camera.core_share", idle->core_share, "%", kMostShare});
            print({"vision.idle_camera.looks", idle->looked_at, "1/s"});
            print({"vision.idle_camera.rss", resident_mb(), "MB", kMostMemory});
        } else {
            print({"vision.idle_camera.core_share_without_gate", idle->core_share, "%"});
        }
    }
    return {};
}

}  // namespace

int main() {
    const auto done = run();
    if (done) return 0;
    fmt::print(stderr, "menshen-bench-idle: {}\n", done.error().message);
    return 1;
}
