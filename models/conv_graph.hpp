#pragma once
/// A network of convolutions as data: what every back end that runs one is made from. Pure, and exact to the bit on every
/// machine.

#include <cstdint>
#include <vector>

#include "core/result.hpp"
#include "models/tflite_file.hpp"

namespace menshen::models {

/// Channels first: channels x height x width.
struct ConvShape {
    int channels = 0, height = 0, width = 0;
    bool operator==(const ConvShape&) const = default;
    [[nodiscard]] std::size_t elements() const { return static_cast<std::size_t>(channels) * height * width; }
};

/// One step. It reads values that were made before it: value 0 is the network's input, and node i makes value i + 1.
struct ConvNode {
    enum class Kind : std::uint8_t { convolve, prelu, add };
    Kind kind = Kind::convolve;
    int input = 0;
    int other = 0;  ///< The second summand of an add.
    ConvShape out;

    /// Of a convolution: zeros are added around the input, not always as many on both sides.
    int size_y = 1, size_x = 1, stride_y = 1, stride_x = 1;
    int top = 0, left = 0, bottom = 0, right = 0;
    bool depthwise = false;      ///< Each channel by itself.
    std::vector<float> weights;  ///< Outputs x inputs x size_y x size_x; depthwise: channels x 1 x size_y x size_x.
    std::vector<float> biases;   ///< One for each output.

    std::vector<float> slopes;  ///< Of a prelu, one for each channel: x when x > 0, else slope * x.

    /// Whether it is a matrix product at every pixel, and nothing else.
    [[nodiscard]] bool is_pointwise() const;
};

struct ConvGraph {
    ConvShape input;
    std::vector<ConvNode> nodes;  ///< The last one makes the output.

    [[nodiscard]] const ConvShape& shape(int value) const;
    [[nodiscard]] const ConvShape& output() const { return shape(static_cast<int>(nodes.size())); }
    /// Multiplications for one input: what a matrix product of the same cost would need.
    [[nodiscard]] std::uint64_t multiplications() const;
};

inline constexpr std::size_t kMaxGraphWeights = std::size_t{1} << 24;

/// The network of a TensorFlow Lite file for a batch of one. relu(x) + m (x - |x|) becomes the prelu of slope 2 m that it is.
/// Refuses what is no such network, saying where.
[[nodiscard]] Result<ConvGraph> conv_graph(const TfliteFile& file);

/// Joins two convolutions of size 1 with nothing in between, where that saves work: a product of two matrices is a matrix.
void merge_linear(ConvGraph& graph);

/// Makes the output `dim` numbers instead of more, losing as little as can be lost: projects it onto the `dim` strongest left
/// singular vectors of the last layer's weights and biases (Jacobi's method, double precision). Lengths and angles stay when the
/// rest is negligible. Refuses when the last node is not a convolution of one pixel to more than `dim` numbers.
[[nodiscard]] Result<void> project_output(ConvGraph& graph, int dim);

}  // namespace menshen::models
