#pragma once
/// Reads a TensorFlow Lite file (a flatbuffer, schema version 3: tensorflow/lite/schema/schema.fbs), as far as a float network of
/// convolutions needs it. Pure. Nothing in the bytes is trusted: every offset is checked, and all is bounded.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace menshen::models {

struct TfliteTensor {
    enum class Type : std::uint8_t { float32, int32, other };
    Type type = Type::other;
    std::vector<int> shape;              ///< At most kMaxDims numbers from 1 to 2^20; their product is at most kMaxElements.
    std::span<const std::uint8_t> data;  ///< Into the file; empty when the tensor is computed. Else it fits shape and type.

    static constexpr std::size_t kMaxDims = 6;
    static constexpr std::size_t kMaxElements = std::size_t{1} << 26;
    [[nodiscard]] std::size_t elements() const;
    [[nodiscard]] bool is_constant() const { return !data.empty(); }
    /// The numbers of a constant of float32; the bytes need not be aligned.
    [[nodiscard]] std::vector<float> floats() const;
};

struct TfliteOperator {
    enum class Kind : std::uint8_t { add, conv_2d, depthwise_conv_2d, mul, relu, reshape, sub, abs };
    enum class Padding : std::uint8_t { same, valid };
    enum class Activation : std::uint8_t { none, relu };
    Kind kind = Kind::add;
    std::vector<int> inputs;  ///< Tensors: constants, the file's inputs, or made by an operator before this one.
    int output = 0;           ///< A tensor that no other operator makes.
    Padding padding = Padding::same;
    Activation activation = Activation::none;  ///< Applied to the output.
    int stride_x = 1, stride_y = 1;            ///< 1 to 64.
};

struct TfliteFile {
    std::vector<TfliteTensor> tensors;
    std::vector<TfliteOperator> operators;  ///< In the order in which they run.
    int input = 0, output = 0;              ///< The one input and the one output.
};

inline constexpr std::size_t kMaxTfliteTensors = 4096;
inline constexpr std::size_t kMaxTfliteOperators = 4096;

/// The network in `bytes`, which must outlive it. Refuses, saying what: another format, a damaged file, more than one network,
/// input or output, an operator that is not in TfliteOperator::Kind, dilation, quantised tensors where floats belong.
[[nodiscard]] Result<TfliteFile> read_tflite(std::string_view bytes);

}  // namespace menshen::models
