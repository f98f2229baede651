// The reader of TensorFlow Lite files and what is made of them, on small networks that the test writes itself.
#include "models/tflite_file.hpp"

#include <algorithm>
#include <cmath>

#include "models/conv_graph.hpp"
#include "models/embed_net.hpp"
#include "tests/models/tflite_maker.hpp"
#include "tests/models/tflite_reference.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using test::NetworkMaker;

namespace {

std::vector<float> some_input(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<float> out(count);
    for (float& value : out) value = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
    return out;
}

/// From rows, columns, channels to channels first.
std::vector<float> channels_first(const std::vector<float>& from, const ConvShape& shape) {
    std::vector<float> out;
    const auto area = static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width);
    for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c)
        for (std::size_t i = 0; i < area; ++i) out.push_back(from[i * static_cast<std::size_t>(shape.channels) + c]);
    return out;
}

float most_apart(const std::vector<float>& a, const std::vector<float>& b) {
    REQUIRE(a.size() == b.size());
    float out = 0;
    for (std::size_t i = 0; i < a.size(); ++i) out = std::max(out, std::abs(a[i] - b[i]));
    return out;
}

ConvGraph graph_of(const std::string& bytes) {
    const auto file = read_tflite(bytes);
    if (!file) FAIL(file.error().message);
    auto graph = conv_graph(*file);
    if (!graph) FAIL(graph.error().message);
    return *graph;
}

std::string refusal(const std::string& bytes) {
    const auto file = read_tflite(bytes);
    if (!file) return file.error().message;
    const auto graph = conv_graph(*file);
    return graph ? "" : graph.error().message;
}

}  // namespace

TEST_CASE("a network gives in OpenCV what its operators mean", "[unit]") {
    const auto bytes = test::small_network();
    const auto file = read_tflite(bytes);
    REQUIRE(file);
    auto graph = graph_of(bytes);
    CHECK(graph.input == ConvShape{3, 9, 8});
    CHECK(graph.output() == ConvShape{10, 1, 1});
    const auto nodes = graph.nodes.size();
    const auto net = make_cv_net(graph);
    merge_linear(graph);
    CHECK(graph.nodes.size() == nodes - 1);  // The two linear layers are one.
    const auto merged = make_cv_net(graph);
    for (unsigned seed = 1; seed <= 5; ++seed) {
        const auto input = some_input(graph.input.elements(), seed);
        const auto expected = test::run_reference(*file, input);
        CHECK(std::abs(*std::max_element(expected.begin(), expected.end())) > 0.1F);
        const auto first = channels_first(input, graph.input);
        CHECK(most_apart(net->run(first), expected) < 1e-5F);
        CHECK(most_apart(merged->run(first), expected) < 1e-5F);
        if (has_dnnl()) CHECK(most_apart(make_dnnl_net(graph, 1)->run(first), expected) < 1e-5F);
    }
}

TEST_CASE("a projection keeps what the output holds, and nothing where nothing is lost", "[unit]") {
    // Ten numbers of a layer that reads eight: with its biases they span nine directions, so nine of them hold all.
    auto graph = graph_of(test::small_network());
    auto nine = graph, two = graph;
    REQUIRE(project_output(nine, 9));
    REQUIRE(project_output(two, 2));
    const auto whole = make_cv_net(graph), kept = make_cv_net(nine), cut = make_cv_net(two);
    const auto products = [](EmbedNet& net, const std::vector<float>& a, const std::vector<float>& b) {
        const auto x = net.run(a), y = net.run(b);
        float sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
        return sum;
    };
    float lost = 0;
    for (unsigned seed = 1; seed <= 6; ++seed) {
        const auto a = some_input(graph.input.elements(), seed), b = some_input(graph.input.elements(), seed + 100);
        const float all = products(*whole, a, b);
        CHECK(products(*kept, a, b) == Approx(all).epsilon(1e-4).margin(1e-4));
        lost = std::max(lost, std::abs(products(*cut, a, b) - all));
    }
    CHECK(lost > 0.01F);
    CHECK(kept->run(some_input(graph.input.elements(), 1)).size() == 9);
    CHECK_FALSE(project_output(graph, 10));
    CHECK_FALSE(project_output(graph, 0));
    graph.nodes.pop_back();
    CHECK_FALSE(project_output(graph, 2));  // It ends in a depthwise layer now.
}

TEST_CASE("a file cut anywhere is refused", "[unit]") {
    const auto bytes = test::small_network();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        // The last bytes may be padding that nobody misses; the weights before them are missed.
        const auto cut = read_tflite(std::string_view(bytes).substr(0, size));
        if (cut) REQUIRE(size + 4 > bytes.size());
    }
}

TEST_CASE("what is no such network is refused with the reason", "[unit]") {
    const auto says = [](const std::string& bytes, const std::string& words) {
        const auto message = refusal(bytes);
        CAPTURE(message);
        CHECK(message.find(words) != std::string::npos);
    };
    says("", "ends inside");
    says(std::string(64, '\0'), "not a TensorFlow Lite file");

    NetworkMaker strange({1, 4, 4, 1});
    says(strange.file(strange.op(static_cast<NetworkMaker::Code>(9), {0}, {})), "operator of kind 9");
    NetworkMaker dilated({1, 4, 4, 1});
    const int filter = dilated.constant({1, 3, 3, 1}), bias = dilated.constant({1});
    says(dilated.file(dilated.op(NetworkMaker::conv, {0, filter, bias},
                                 {{1, {std::int32_t{1}}}, {2, {std::int32_t{1}}}, {4, {std::int32_t{2}}}})),
         "dilated");
    NetworkMaker unmade({1, 4, 4, 1});
    says(unmade.file(unmade.op(NetworkMaker::relu, {7}, {})), "tensor 7 of 2");
    NetworkMaker early({1, 4, 4, 1});
    says(early.file(early.op(NetworkMaker::relu, {1}, {})), "before it is made");
    NetworkMaker half({1, 4, 4, 1});
    says(half.file(half.op(NetworkMaker::abs, {0}, {})), "half a PReLU");
    NetworkMaker wide({1, 4, 4, 1});
    says(wide.file(wide.convolve(0, 2, {3})), "does not fit");
    NetworkMaker flat({1, 4, 4, 1});
    says(flat.file(flat.op(NetworkMaker::reshape, {0}, {})), "4 x 4 is reshaped");
    NetworkMaker narrow({1, 4, 4, 1});
    says(narrow.file(narrow.convolve(0, 1, {1, 5, 5, 1, false})), "filter of 5");
    NetworkMaker huge({1, 1 << 19, 1 << 19, 1});
    says(huge.file(huge.op(NetworkMaker::relu, {0}, {})), "elements");
    NetworkMaker stride({1, 4, 4, 1});
    says(stride.file(stride.convolve(0, 1, {1, 3, 3, 0})), "stride of 0");
}

TEST_CASE("two shapes of sums and products that are no PReLU", "[unit]") {
    NetworkMaker scaled({1, 4, 4, 1});
    const int positive = scaled.op(NetworkMaker::relu, {0}, {});
    CHECK(refusal(scaled.file(scaled.op(NetworkMaker::mul, {scaled.constant({1}), positive}, {}))).find("no") !=
          std::string::npos);
    // A difference of two other values.
    NetworkMaker apart({1, 4, 4, 1});
    const int other = apart.convolve(0, 1, {1});
    const int magnitude = apart.op(NetworkMaker::abs, {other}, {});
    CHECK(refusal(apart.file(apart.op(NetworkMaker::sub, {0, magnitude}, {}))).find("x - |x|") != std::string::npos);
}
