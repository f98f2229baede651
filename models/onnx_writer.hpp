#pragma once
/// Just enough of ONNX's protobuf to write a network of convolutions (onnx.proto, IR version 7, operator set 9). Private to
/// models/.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace menshen::models {

/// Collects nodes and weights, then gives the file. Names of tensors are numbered; the newest is what the next node reads.
class OnnxWriter {
public:
    struct Shape {
        int channels = 0, height = 0, width = 0;
    };
    struct Ints {
        std::string_view name;
        std::vector<std::int64_t> values;
    };

    /// Adds a node and returns the name of its output.
    std::string node(std::string_view op, std::span<const std::string> inputs, std::span<const Ints> attributes);
    /// Adds a constant and returns its name.
    std::string constant(std::span<const std::int64_t> dims, std::span<const float> values);
    /// Adds a node that renames its input: the network's output.
    void output(const std::string& from, std::string_view name);

    /// The whole file. `input` and `output_name` are 1 x shape.
    [[nodiscard]] std::string file(std::string_view input, Shape input_shape, std::string_view output_name,
                                   Shape output_shape) const;

private:
    std::string nodes_;
    std::string constants_;
    int next_ = 0;
};

}  // namespace menshen::models
