// menshen-bench-faces [THREADS]: one 640x480 frame from picture to embedding, against dlib's own way with OpenBLAS, turn about in
// one run and with the same number of threads. One JSON object a line.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "models/bench/frames.hpp"
#include "models/bench/stock_dlib.hpp"
#include "models/cache.hpp"
#include "models/pipeline.hpp"

namespace {

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::bench;

// Photographs of examples/faces and examples/johns: faces of 88 to 447 pixels on the frame.
constexpr std::array<const char*, 4> kFrames = {"faces/2008_001322.jpg", "faces/2008_002506.jpg",
                                                "johns/John_Salley/000190_02159501.jpg", "johns/John_Simm/000288_00470387.jpg"};
constexpr int kRounds = 25;

double milliseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

double overlap(const Box& a, const Box& b) {
    const int width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const int height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    if (width <= 0 || height <= 0) return 0;
    const double both = static_cast<double>(width) * height;
    return both / (static_cast<double>(a.width) * a.height + static_cast<double>(b.width) * b.height - both);
}

void figure(const char* name, double value, const char* unit) {
    fmt::print("{{\"figure\": \"{}\", \"value\": {:.3f}, \"unit\": \"{}\"}}\n", name, value, unit);
}

/// What a frame at the door needs: every face found, the largest embedded.
struct Glance {
    std::optional<FoundFace> largest;
    Template face;
};

Result<Glance> glance(Pipeline& pipeline, const Image& frame) {
    const auto found = pipeline.find(frame);
    if (!found) return tl::unexpected(found.error());
    if (found->empty()) return Glance{};
    auto face = pipeline.embed(frame, found->front());
    if (!face) return tl::unexpected(face.error());
    return Glance{found->front(), std::move(*face)};
}

/// Both must find the same face and agree about whose it is; else the times say nothing.
bool agree(const char* name, const Glance& ours, const std::optional<StockDlib::Reading>& theirs) {
    if (!ours.largest || !theirs) {
        fmt::print(stderr, "{}: no face found by {}\n", name, ours.largest ? "dlib" : "this pipeline");
        return false;
    }
    const auto& mine = ours.face;
    const float same = cosine(mine, {mine.model, theirs->values});
    const double shared = overlap(ours.largest->box, theirs->box);
    fmt::print(stderr, "{}: faces {} and {} pixels wide, overlap {:.2f}, cosine {:.4f}\n", name, ours.largest->box.width,
               theirs->box.width, shared, same);
    return shared > 0.4 && same > 0.95F;
}

int run(int threads) {
    if (!set_blas_threads(threads))
        fmt::print(stderr, "warning: not OpenBLAS; dlib is at a disadvantage. Install libopenblas0-pthread.\n");
    const auto dir = models_dir();
    const auto dat = load_verified(dir, *manifest().model("dlib-resnet-v1"));
    const auto points = load_verified(dir, *manifest().with_role("points"));
    auto pipeline = Pipeline::open({dir, threads});
    if (!dat || !points || !pipeline) {
        fmt::print(stderr, "menshen-bench-faces: {}\n",
                   !dat      ? dat.error().message
                   : !points ? points.error().message
                             : pipeline.error().message);
        return 1;
    }
    StockDlib stock(*dat, *points);
    std::vector<Image> frames;
    for (const auto* name : kFrames) {
        auto frame = frame_from(photos_dir(dir) + "/" + name);
        if (!frame) {
            fmt::print(stderr, "menshen-bench-faces: {}\n", frame.error().message);
            return 1;
        }
        const auto ours = glance(*pipeline, *frame);
        if (!ours || !agree(name, *ours, stock.read(*frame))) return 1;
        frames.push_back(std::move(*frame));
    }
    std::vector<double> mine, theirs, my_detection, their_detection;
    for (int round = 0; round < kRounds; ++round) {
        for (const auto& frame : frames) {
            mine.push_back(milliseconds([&] { (void)glance(*pipeline, frame); }));
            theirs.push_back(milliseconds([&] { (void)stock.read(frame); }));
            my_detection.push_back(milliseconds([&] { (void)pipeline->count(frame); }));
            their_detection.push_back(milliseconds([&] { (void)stock.detect(frame); }));
        }
    }
    fmt::print(stderr, "{}; {} thread(s)\n", pipeline->describe(), threads);
    figure("face.frame.speed_over_stock_dlib", median(theirs) / median(mine), "x");
    figure("face.frame.time", median(mine), "ms");
    figure("face.frame.stock_dlib_time", median(theirs), "ms");
    figure("face.detect.time", median(my_detection), "ms");
    figure("face.detect.stock_dlib_time", median(their_detection), "ms");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc > 1 ? std::clamp(std::atoi(argv[1]), 1, 8) : 1);
    } catch (const std::exception& error) {
        fmt::print(stderr, "menshen-bench-faces: {}\n", error.what());
        return 1;
    }
}
