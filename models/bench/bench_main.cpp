// menshen-bench-faces [THREADS [EMBEDDER]]: one 640x480 frame from picture to embedding, against dlib's own way with OpenBLAS,
// turn about in one run and with the same number of threads; without arguments with one thread and with two. Then the embedding
// alone against a plain matrix product of as many multiplications. One JSON object a line.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "models/bench/frames.hpp"
#include "models/bench/stock_dlib.hpp"
#include "models/cache.hpp"
#include "models/conv_graph.hpp"
#include "models/pipeline.hpp"
#include "models/tflite_file.hpp"

namespace {

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::bench;

// Photographs of examples/faces and examples/johns: faces of 88 to 447 pixels on the frame.
constexpr std::array<const char*, 4> kFrames = {"faces/2008_001322.jpg", "faces/2008_002506.jpg",
                                                "johns/John_Salley/000190_02159501.jpg", "johns/John_Simm/000288_00470387.jpg"};
constexpr int kRounds = 25;
constexpr const char* kYardstick = "dlib-resnet-v1";

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

/// Both must find the same face, else the times say nothing; where both have the same network they must agree about it, too.
bool agree(const char* name, const Glance& ours, const std::optional<StockDlib::Reading>& theirs) {
    if (!ours.largest || !theirs) {
        fmt::print(stderr, "{}: no face found by {}\n", name, ours.largest ? "dlib" : "this pipeline");
        return false;
    }
    const double shared = overlap(ours.largest->box, theirs->box);
    const bool comparable = ours.face.model.id.starts_with(kYardstick);
    const float same = comparable ? cosine(ours.face, {ours.face.model, {theirs->values.begin(), theirs->values.end()}}) : 1.0F;
    fmt::print(stderr, "{}: faces {} and {} pixels wide, overlap {:.2f}", name, ours.largest->box.width, theirs->box.width,
               shared);
    fmt::print(stderr, "{}\n", comparable ? fmt::format(", cosine {:.4f}", same) : std::string());
    return shared > 0.4 && same > 0.95F;
}

extern "C" void sgemm_(const char*, const char*, const int*, const int*, const int*, const float*, const float*, const int*,
                       const float*, const int*, const float*, float*, const int*);

/// A product of two square matrices with that many multiplications.
double matrix_product_time(std::uint64_t multiplications) {
    const int side = static_cast<int>(std::lround(std::cbrt(static_cast<double>(multiplications))));
    const std::vector<float> a(static_cast<std::size_t>(side) * static_cast<std::size_t>(side), 0.5F), b = a;
    std::vector<float> c(a.size());
    const float one = 1, zero = 0;
    std::vector<double> times;
    for (int round = 0; round < 2 * kRounds; ++round)
        times.push_back(milliseconds(
            [&] { sgemm_("N", "N", &side, &side, &side, &one, a.data(), &side, b.data(), &side, &zero, c.data(), &side); }));
    return median(times);
}

/// How many multiplications an embedding takes; 0 when the network is not one that we read ourselves.
std::uint64_t multiplications_of(const std::string& dir, const ModelFile& model) {
    const auto bytes = load_verified(dir, model);
    if (!bytes || !model.file.ends_with(".tflite")) return 0;
    const auto file = read_tflite(*bytes);
    if (!file) return 0;
    auto graph = conv_graph(*file);
    if (!graph) return 0;
    merge_linear(*graph);
    return graph->multiplications() * (model.input->views == Preprocessing::Views::one ? 1 : 2);
}

struct Bench {
    std::string dir;
    int threads = 1;
    std::string embedder;  ///< Empty: the default.
};

void report_frames(Pipeline& pipeline, StockDlib& stock, const std::vector<Image>& frames, int threads) {
    std::vector<double> mine, theirs, my_detection, their_detection, embedding;
    for (int round = 0; round < kRounds; ++round) {
        for (const auto& frame : frames) {
            mine.push_back(milliseconds([&] { (void)glance(pipeline, frame); }));
            theirs.push_back(milliseconds([&] { (void)stock.read(frame); }));
            my_detection.push_back(milliseconds([&] { (void)pipeline.count(frame); }));
            their_detection.push_back(milliseconds([&] { (void)stock.detect(frame); }));
            const auto found = pipeline.find(frame);
            embedding.push_back(milliseconds([&] { (void)pipeline.embed(frame, found->front()); }));
        }
    }
    fmt::print(stderr, "{}; {} thread(s)\n", pipeline.describe(), threads);
    const auto line = [&](const char* name, double value, const char* unit) {
        figure(fmt::format("face.{}.{}_thread{}", name, threads, threads == 1 ? "" : "s").c_str(), value, unit);
    };
    line("frame.time_over_stock_dlib", median(mine) / median(theirs), "x");
    line("frame.time", median(mine), "ms");
    line("frame.stock_dlib_time", median(theirs), "ms");
    line("detect.time", median(my_detection), "ms");
    line("detect.stock_dlib_time", median(their_detection), "ms");
    line("embed.time", median(embedding), "ms");
}

int run(const Bench& bench) {
    if (!set_blas_threads(bench.threads))
        fmt::print(stderr, "warning: not OpenBLAS; dlib is at a disadvantage. Install libopenblas0-pthread.\n");
    const auto dat = load_verified(bench.dir, *manifest().model(kYardstick));
    const auto points = load_verified(bench.dir, *manifest().with_role("points"));
    auto pipeline = Pipeline::open({bench.dir, bench.threads, DetectorChoice::best, bench.embedder, {bench.embedder}});
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
        auto frame = frame_from(photos_dir(bench.dir) + "/" + name);
        if (!frame) {
            fmt::print(stderr, "menshen-bench-faces: {}\n", frame.error().message);
            return 1;
        }
        const auto ours = glance(*pipeline, *frame);
        if (!ours || !agree(name, *ours, stock.read(*frame))) return 1;
        frames.push_back(std::move(*frame));
    }
    report_frames(*pipeline, stock, frames, bench.threads);
    const auto name = pipeline->model().id.substr(0, pipeline->model().id.find('@'));
    if (const auto count = multiplications_of(bench.dir, *manifest().model(name)); count != 0)
        figure(fmt::format("face.embed.matrix_product_time.{}_thread{}", bench.threads, bench.threads == 1 ? "" : "s").c_str(),
               matrix_product_time(count), "ms");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::string embedder = argc > 2 ? argv[2] : "";
        if (argc > 1) return run({models_dir(), std::clamp(std::atoi(argv[1]), 1, 8), embedder});
        for (const int threads : {1, 2})
            if (const int status = run({models_dir(), threads, embedder}); status != 0) return status;
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "menshen-bench-faces: {}\n", error.what());
        return 1;
    }
}
