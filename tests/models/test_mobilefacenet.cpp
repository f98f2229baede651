// The default embedder as its file in the cache holds it.
#include <algorithm>
#include <cmath>
#include <random>

#include "models/cache.hpp"
#include "models/conv_graph.hpp"
#include "models/face_net.hpp"
#include "models/tflite_file.hpp"
#include "tests/models/sample_photos.hpp"
#include "tests/models/tflite_reference.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

const ModelFile& mobilefacenet() { return *manifest().model("mobilefacenet-192"); }

/// Slopes with some noise: every value of a pixel occurs, and so do edges. Only whole numbers, so that it is the same everywhere.
Image square(unsigned seed) {
    std::mt19937 random(seed);
    Image out{112, 112, {}};
    for (unsigned y = 0; y < 112; ++y)
        for (unsigned x = 0; x < 112; ++x)
            for (const auto value : {2 * x + random() % 30, 2UL * y + x * seed % 64, (x * y >> 5) + random() % 60})
                out.rgb.push_back(static_cast<std::uint8_t>(value));
    return out;
}

std::vector<float> by_pixel(const std::vector<float>& channels_first) {
    const auto area = channels_first.size() / 3;
    std::vector<float> out;
    for (std::size_t i = 0; i < area; ++i)
        for (std::size_t c = 0; c < 3; ++c) out.push_back(channels_first[c * area + i]);
    return out;
}

float cosine_of(const std::vector<float>& a, const std::vector<float>& b) {
    double both = 0, x = 0, y = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        both += static_cast<double>(a[i]) * b[i];
        x += static_cast<double>(a[i]) * a[i];
        y += static_cast<double>(b[i]) * b[i];
    }
    return static_cast<float>(both / std::sqrt(x * y));
}

struct Loaded {
    std::string bytes;
    TfliteFile file;
};

std::optional<Loaded> load() {
    const auto cache = test::filled_cache();
    if (!cache) return std::nullopt;
    auto bytes = load_verified(*cache, mobilefacenet());
    REQUIRE(bytes);
    Loaded out{std::move(*bytes), {}};
    auto file = read_tflite(out.bytes);
    REQUIRE(file);
    out.file = std::move(*file);
    return out;
}

}  // namespace

TEST_CASE("MobileFaceNet in OpenCV is the network of the file, to 1e-5", "[models]") {
    const auto loaded = load();
    if (!loaded) return;
    auto graph = conv_graph(loaded->file);
    REQUIRE(graph);
    CHECK(graph->output() == ConvShape{192, 1, 1});
    merge_linear(*graph);
    const auto net = make_cv_net(*graph);
    for (unsigned seed = 1; seed <= 4; ++seed) {
        const auto input = input_of(square(seed), *mobilefacenet().input);
        const auto expected = test::run_reference(loaded->file, by_pixel(input));
        const auto made = net->run(input);
        REQUIRE(made.size() == expected.size());
        double length = 0, most = 0;
        for (std::size_t i = 0; i < made.size(); ++i) {
            length += static_cast<double>(expected[i]) * expected[i];
            most = std::max(most, static_cast<double>(std::abs(made[i] - expected[i])));
        }
        CAPTURE(seed, most, length);
        CHECK(length > 25);  // Not normalised, and not zeros against zeros.
        CHECK(most / std::sqrt(length) < 1e-5);
    }
}

TEST_CASE("oneDNN gives what OpenCV gives, to 1e-4, with one thread and with two", "[models]") {
    const auto loaded = load();
    if (!loaded) return;
    if (!has_dnnl()) {
        WARN("SKIPPED: built without oneDNN");
        return;
    }
    const auto slow = open_net(loaded->bytes, mobilefacenet(), {NetBackend::opencv, 1});
    const auto fast = open_net(loaded->bytes, mobilefacenet(), {NetBackend::fastest, GENERATE(1, 2)});
    REQUIRE(slow);
    REQUIRE(fast);
    CHECK((*fast)->describe() != (*slow)->describe());
    // Twice over: sums are added where another value lies, and the second run must not find the first one's.
    for (const unsigned seed : {1U, 2U, 1U}) {
        const auto input = input_of(square(seed), *mobilefacenet().input);
        const auto expected = (*slow)->run(input), made = (*fast)->run(input);
        REQUIRE(made.size() == expected.size());
        double length = 0, most = 0;
        for (std::size_t i = 0; i < made.size(); ++i) {
            length += static_cast<double>(expected[i]) * expected[i];
            most = std::max(most, static_cast<double>(std::abs(made[i] - expected[i])));
        }
        CAPTURE(seed, most, length);
        CHECK(length > 25);
        CHECK(most < 1e-4);
    }
}

TEST_CASE("64 numbers say what the network's 192 say", "[models]") {
    const auto loaded = load();
    if (!loaded) return;
    auto graph = conv_graph(loaded->file);
    REQUIRE(graph);
    const auto whole = make_cv_net(*graph);
    const auto kept = open_net(loaded->bytes, mobilefacenet(), {});
    REQUIRE(kept);
    std::vector<std::vector<float>> all, fewer;
    for (unsigned seed = 1; seed <= 8; ++seed) {
        const auto input = input_of(square(seed), *mobilefacenet().input);
        all.push_back(whole->run(input));
        fewer.push_back((*kept)->run(input));
        CHECK(fewer.back().size() == 64);
    }
    float most = 0;
    for (std::size_t a = 0; a < all.size(); ++a)
        for (std::size_t b = 0; b < a; ++b)
            most = std::max(most, std::abs(cosine_of(all[a], all[b]) - cosine_of(fewer[a], fewer[b])));
    CAPTURE(most);
    CHECK(most < 1e-3F);
}

TEST_CASE("the embedding of a generated picture is pinned", "[models]") {
    const auto loaded = load();
    if (!loaded) return;
    const auto net = open_net(loaded->bytes, mobilefacenet(), {});
    REQUIRE(net);
    const auto made = (*net)->run(input_of(square(1), *mobilefacenet().input));
    // The first 16 numbers, as the first run gave them; the test above holds the same network against the plain loops.
    const std::vector<float> pinned = {-7.0296F, 11.2859F, -0.7017F, -0.0146F, -4.2724F, 5.0896F,  6.0266F, 3.3595F,
                                       0.0872F,  -1.9127F, 2.5355F,  2.1688F,  -1.0248F, -0.4645F, 1.6387F, -0.6397F};
    REQUIRE(made.size() == 64);
    for (std::size_t i = 0; i < pinned.size(); ++i) {
        CAPTURE(i);
        CHECK(made[i] == Approx(pinned[i]).margin(2e-4));
    }
}

TEST_CASE("with the mirrored view a face and its mirror image are one", "[models]") {
    const auto loaded = load();
    if (!loaded) return;
    const auto net = open_net(loaded->bytes, mobilefacenet(), {});
    REQUIRE(net);
    auto how = *mobilefacenet().input;
    const auto picture = square(3);
    auto mirrored = picture;
    for (std::size_t y = 0; y < 112; ++y)
        for (std::size_t x = 0; x < 112; ++x)
            for (std::size_t c = 0; c < 3; ++c) mirrored.rgb[(y * 112 + x) * 3 + c] = picture.rgb[(y * 112 + 111 - x) * 3 + c];
    how.views = Preprocessing::Views::one;
    const auto one = run_on(**net, picture, how), other = run_on(**net, mirrored, how);
    CHECK(cosine_of(one, other) < 0.99F);
    how.views = Preprocessing::Views::mirrored_too;
    const auto both = run_on(**net, picture, how);
    CHECK(cosine_of(both, run_on(**net, mirrored, how)) > 0.99999F);
    for (std::size_t i = 0; i < both.size(); ++i) CHECK(both[i] == Approx(one[i] + other[i]).margin(1e-4));
}

TEST_CASE("a file that is another network than the manifest says is refused", "[models]") {
    const auto loaded = load();
    if (!loaded) return;
    auto model = mobilefacenet();
    model.input->numbers = 128;
    const auto refused = open_net(loaded->bytes, model, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("another size") != std::string::npos);
    CHECK_FALSE(open_net(loaded->bytes.substr(0, loaded->bytes.size() / 2), mobilefacenet(), {}));
}
