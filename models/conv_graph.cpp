#include "models/conv_graph.hpp"

#include <algorithm>
#include <stdexcept>

namespace menshen::models {
namespace {

constexpr std::size_t kMaxValue = std::size_t{1} << 24;  // Numbers in one value: 64 MB.
constexpr int kMaxSide = 4096;

struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
    throw Refused(fmt::format(format, std::forward<Args>(args)...));
}

/// What a tensor of the file stands for while the graph is built. The parts of a PReLU only mean something together.
struct Meaning {
    enum class What : std::uint8_t { nothing, value, relu, abs, minus_abs, scaled };
    What what = What::nothing;
    int value = 0;    ///< The value itself, or the one that the part is made of.
    int factors = 0;  ///< scaled: the tensor m of m (x - |x|).
};

class Builder {
public:
    explicit Builder(const TfliteFile& file) : file_(file), meanings_(file.tensors.size()) {}

    ConvGraph build() {
        const auto& input = tensor(file_.input);
        if (input.type != TfliteTensor::Type::float32 || input.shape.size() != 4) refuse("its input is no float picture");
        graph_.input = {input.shape[3], input.shape[1], input.shape[2]};
        check(graph_.input);
        meanings_[static_cast<std::size_t>(file_.input)] = {Meaning::What::value, 0, 0};
        for (const auto& op : file_.operators) take(op);
        const int output = value_of(file_.output);
        // What comes after it leads nowhere.
        graph_.nodes.resize(static_cast<std::size_t>(output));
        if (graph_.nodes.empty()) refuse("it does nothing");
        return std::move(graph_);
    }

private:
    using Kind = TfliteOperator::Kind;
    using What = Meaning::What;

    [[nodiscard]] const TfliteTensor& tensor(int index) const { return file_.tensors.at(static_cast<std::size_t>(index)); }
    [[nodiscard]] Meaning& meaning(int index) { return meanings_.at(static_cast<std::size_t>(index)); }

    static void check(const ConvShape& shape) {
        const bool fits = shape.channels > 0 && shape.height > 0 && shape.width > 0 && shape.channels <= kMaxSide &&
                          shape.height <= kMaxSide && shape.width <= kMaxSide && shape.elements() <= kMaxValue;
        if (!fits) refuse("a value has {} x {} x {} numbers", shape.channels, shape.height, shape.width);
    }

    int append(ConvNode node) {
        check(node.out);
        weights_ += node.weights.size();
        if (weights_ > kMaxGraphWeights) refuse("it has more than {} weights", kMaxGraphWeights);
        graph_.nodes.push_back(std::move(node));
        return static_cast<int>(graph_.nodes.size());
    }

    int append_prelu(int input, std::vector<float> slopes) {
        ConvNode node;
        node.kind = ConvNode::Kind::prelu;
        node.input = input;
        node.out = graph_.shape(input);
        node.slopes = std::move(slopes);
        if (node.slopes.size() != static_cast<std::size_t>(node.out.channels))
            refuse("{} slopes for {} channels", node.slopes.size(), node.out.channels);
        return append(std::move(node));
    }

    int append_relu(int input) {
        return append_prelu(input, std::vector<float>(static_cast<std::size_t>(graph_.shape(input).channels)));
    }

    /// The value of a tensor; a relu that turns out to be no part of a PReLU is one with slope 0.
    int value_of(int index) {
        auto& found = meaning(index);
        if (found.what == What::relu) found = {What::value, append_relu(found.value), 0};
        if (found.what != What::value) refuse("tensor {} is a constant or half a PReLU where a value belongs", index);
        return found.value;
    }

    [[nodiscard]] std::vector<float> constant(int index, std::size_t count) const {
        const auto& found = tensor(index);
        if (!found.is_constant() || found.type != TfliteTensor::Type::float32 || found.data.size() != 4 * count)
            refuse("tensor {} is not {} constant floats", index, count);
        return found.floats();
    }

    void take(const TfliteOperator& op) {
        auto& made = meaning(op.output);
        const int first = op.inputs.front();
        switch (op.kind) {
            case Kind::conv_2d:
            case Kind::depthwise_conv_2d:
                made = {What::value, convolution(op), 0};
                return;
            case Kind::relu:
                made = {What::relu, value_of(first), 0};
                return;
            case Kind::abs:
                made = {What::abs, value_of(first), 0};
                return;
            case Kind::sub:
                made = minus_abs(op);
                return;
            case Kind::mul:
                made = scaled(op);
                return;
            case Kind::add:
                made = {What::value, sum(op), 0};
                return;
            case Kind::reshape:
                made = {What::value, flattened(op), 0};
                return;
        }
    }

    Meaning minus_abs(const TfliteOperator& op) {
        const int left = value_of(op.inputs[0]);
        const auto& right = meaning(op.inputs[1]);
        if (right.what != What::abs || right.value != left) refuse("a difference is not x - |x|");
        return {What::minus_abs, left, 0};
    }

    Meaning scaled(const TfliteOperator& op) {
        for (const auto& [factors, other] : {std::pair{op.inputs[0], op.inputs[1]}, std::pair{op.inputs[1], op.inputs[0]}})
            if (tensor(factors).is_constant() && meaning(other).what == What::minus_abs)
                return {What::scaled, meaning(other).value, factors};
        refuse("a product is not m (x - |x|)");
    }

    int sum(const TfliteOperator& op) {
        const auto& a = meaning(op.inputs[0]);
        const auto& b = meaning(op.inputs[1]);
        for (const auto& [relu, part] : {std::pair{a, b}, std::pair{b, a}}) {
            if (relu.what != What::relu || part.what != What::scaled || relu.value != part.value) continue;
            auto slopes = constant(part.factors, static_cast<std::size_t>(graph_.shape(part.value).channels));
            for (float& slope : slopes) slope *= 2;
            return append_prelu(part.value, std::move(slopes));
        }
        ConvNode node;
        node.kind = ConvNode::Kind::add;
        node.input = value_of(op.inputs[0]);
        node.other = value_of(op.inputs[1]);
        node.out = graph_.shape(node.input);
        if (node.out != graph_.shape(node.other)) refuse("a sum of values of different shapes");
        return append(std::move(node));
    }

    /// Only numbers without a place may be given another shape: else rows and channels would be taken for each other.
    int flattened(const TfliteOperator& op) {
        const int value = value_of(op.inputs.front());
        const auto& shape = graph_.shape(value);
        if (shape.height != 1 || shape.width != 1) refuse("a picture of {} x {} is reshaped", shape.width, shape.height);
        return value;
    }

    struct Side {
        int out = 0, before = 0, after = 0;
    };
    /// How SAME and VALID are defined: SAME gives ceil(in / stride) places and puts the odd zero at the end.
    static Side side_of(int in, int size, int stride, TfliteOperator::Padding padding) {
        if (padding == TfliteOperator::Padding::valid) {
            if (in < size) refuse("a filter of {} over {} pixels", size, in);
            return {(in - size) / stride + 1, 0, 0};
        }
        const int out = (in + stride - 1) / stride;
        const int zeros = std::max((out - 1) * stride + size - in, 0);
        return {out, zeros / 2, zeros - zeros / 2};
    }

    int convolution(const TfliteOperator& op) {
        ConvNode node;
        node.input = value_of(op.inputs[0]);
        node.depthwise = op.kind == Kind::depthwise_conv_2d;
        node.stride_x = op.stride_x;
        node.stride_y = op.stride_y;
        const ConvShape in = graph_.shape(node.input);
        const auto& filter = tensor(op.inputs[1]);
        if (filter.shape.size() != 4) refuse("a filter has {} sides", filter.shape.size());
        node.size_y = filter.shape[1];
        node.size_x = filter.shape[2];
        if (node.size_y > 64 || node.size_x > 64) refuse("a filter of {} x {}", node.size_x, node.size_y);
        const int outputs = node.depthwise ? in.channels : filter.shape[0];
        const bool fits =
            node.depthwise ? filter.shape[0] == 1 && filter.shape[3] == in.channels : filter.shape[3] == in.channels;
        if (!fits) refuse("a filter does not fit {} channels", in.channels);
        const auto y = side_of(in.height, node.size_y, node.stride_y, op.padding);
        const auto x = side_of(in.width, node.size_x, node.stride_x, op.padding);
        node.top = y.before;
        node.bottom = y.after;
        node.left = x.before;
        node.right = x.after;
        node.out = {outputs, y.out, x.out};
        check(node.out);
        node.weights = transposed(constant(op.inputs[1], filter.elements()), node, in.channels);
        node.biases = constant(op.inputs[2], static_cast<std::size_t>(outputs));
        const int made = append(std::move(node));
        return op.activation == TfliteOperator::Activation::relu ? append_relu(made) : made;
    }

    /// The file has outputs x y x x inputs, depthwise 1 x y x x channels.
    static std::vector<float> transposed(const std::vector<float>& from, const ConvNode& node, int channels) {
        const auto area = static_cast<std::size_t>(node.size_y) * static_cast<std::size_t>(node.size_x);
        const auto inputs = static_cast<std::size_t>(channels);
        std::vector<float> out(from.size());
        const std::size_t filters = node.depthwise ? 1 : static_cast<std::size_t>(node.out.channels);
        for (std::size_t f = 0; f < filters; ++f)
            for (std::size_t c = 0; c < inputs; ++c)
                for (std::size_t i = 0; i < area; ++i) out[(f * inputs + c) * area + i] = from[(f * area + i) * inputs + c];
        return out;
    }

    const TfliteFile& file_;
    std::vector<Meaning> meanings_;
    ConvGraph graph_;
    std::size_t weights_ = 0;
};

/// How many nodes read each value; the output counts as read.
std::vector<int> readers_of(const ConvGraph& graph) {
    std::vector<int> out(graph.nodes.size() + 1);
    for (const auto& node : graph.nodes) {
        ++out.at(static_cast<std::size_t>(node.input));
        if (node.kind == ConvNode::Kind::add) ++out.at(static_cast<std::size_t>(node.other));
    }
    ++out.back();
    return out;
}

/// The second convolution after the first as one.
ConvNode product(const ConvNode& first, const ConvNode& second, int channels) {
    ConvNode out = second;
    out.input = first.input;
    const auto inputs = static_cast<std::size_t>(channels);
    const auto between = static_cast<std::size_t>(first.out.channels);
    const auto outputs = static_cast<std::size_t>(second.out.channels);
    out.weights.assign(outputs * inputs, 0);
    std::vector<double> row(inputs);
    for (std::size_t o = 0; o < outputs; ++o) {
        std::fill(row.begin(), row.end(), 0.0);
        double bias = second.biases[o];
        for (std::size_t b = 0; b < between; ++b) {
            const double weight = second.weights[o * between + b];
            bias += weight * first.biases[b];
            for (std::size_t i = 0; i < inputs; ++i) row[i] += weight * first.weights[b * inputs + i];
        }
        for (std::size_t i = 0; i < inputs; ++i) out.weights[o * inputs + i] = static_cast<float>(row[i]);
        out.biases[o] = static_cast<float>(bias);
    }
    return out;
}

/// Removes a node that nobody reads any more.
void remove_node(ConvGraph& graph, std::size_t index) {
    graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(index));
    const int value = static_cast<int>(index) + 1;
    for (auto& node : graph.nodes) {
        if (node.input > value) --node.input;
        if (node.other > value) --node.other;
    }
}

}  // namespace

bool ConvNode::is_pointwise() const {
    return kind == Kind::convolve && !depthwise && size_y == 1 && size_x == 1 && stride_y == 1 && stride_x == 1 && top == 0 &&
           left == 0 && bottom == 0 && right == 0;
}

const ConvShape& ConvGraph::shape(int value) const {
    return value == 0 ? input : nodes.at(static_cast<std::size_t>(value) - 1).out;
}

std::uint64_t ConvGraph::multiplications() const {
    std::uint64_t out = 0;
    for (const auto& node : nodes)
        if (node.kind == ConvNode::Kind::convolve)
            out += static_cast<std::uint64_t>(node.weights.size()) * static_cast<std::uint64_t>(node.out.height) *
                   static_cast<std::uint64_t>(node.out.width);
    return out;
}

Result<ConvGraph> conv_graph(const TfliteFile& file) {
    try {
        return Builder(file).build();
    } catch (const Refused& refused) {
        return fail("the network cannot be used: {}", refused.what());
    }
}

void merge_linear(ConvGraph& graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        auto& second = graph.nodes[i];
        if (!second.is_pointwise() || second.input == 0) continue;
        const auto before = static_cast<std::size_t>(second.input) - 1;
        const auto& first = graph.nodes[before];
        if (!first.is_pointwise() || readers_of(graph)[before + 1] != 1) continue;
        const int channels = graph.shape(first.input).channels;
        const auto merged = static_cast<std::size_t>(channels) * static_cast<std::size_t>(second.out.channels);
        if (merged > first.weights.size() + second.weights.size()) continue;
        second = product(first, second, channels);
        remove_node(graph, before);
        i = 0;  // The result may have a neighbour of its own.
    }
}

}  // namespace menshen::models
