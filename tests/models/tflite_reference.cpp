#include "tests/models/tflite_reference.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace menshen::models::test {
namespace {

using Op = TfliteOperator;

/// A value with its shape of one picture.
struct Value {
    int height = 1, width = 1, channels = 1;
    std::vector<float> numbers;
};

/// Of SAME padding: how many zeros are before the first pixel.
int zeros_before(int in, int size, int stride, Op::Padding padding) {
    if (padding == Op::Padding::valid) return 0;
    const int places = (in + stride - 1) / stride;
    return std::max((places - 1) * stride + size - in, 0) / 2;
}
int places(int in, int size, int stride, Op::Padding padding) {
    return padding == Op::Padding::valid ? (in - size + stride) / stride : (in + stride - 1) / stride;
}

class Interpreter {
public:
    Interpreter(const TfliteFile& file, std::span<const float> input) : file_(file), values_(file.tensors.size()) {
        for (std::size_t i = 0; i < values_.size(); ++i)
            if (file.tensors[i].is_constant() && file.tensors[i].type == TfliteTensor::Type::float32)
                values_[i].numbers = file.tensors[i].floats();
        const auto& shape = file.tensors.at(static_cast<std::size_t>(file.input)).shape;
        values_.at(static_cast<std::size_t>(file.input)) = {shape.at(1), shape.at(2), shape.at(3), {input.begin(), input.end()}};
    }

    std::vector<float> run() {
        for (const auto& op : file_.operators) values_.at(static_cast<std::size_t>(op.output)) = result_of(op);
        return values_.at(static_cast<std::size_t>(file_.output)).numbers;
    }

private:
    [[nodiscard]] const Value& in(const Op& op, std::size_t which) const {
        return values_.at(static_cast<std::size_t>(op.inputs.at(which)));
    }

    Value result_of(const Op& op) const {
        switch (op.kind) {
            case Op::Kind::conv_2d:
                return convolve(op);
            case Op::Kind::depthwise_conv_2d:
                return convolve(op);
            case Op::Kind::reshape:
                return in(op, 0);
            case Op::Kind::relu:
                return each(op, [](float a, float) { return a > 0 ? a : 0; });
            case Op::Kind::abs:
                return each(op, [](float a, float) { return std::abs(a); });
            case Op::Kind::add:
                return each(op, [](float a, float b) { return a + b; });
            case Op::Kind::sub:
                return each(op, [](float a, float b) { return a - b; });
            case Op::Kind::mul:
                return each(op, [](float a, float b) { return a * b; });
        }
        throw std::logic_error("no such operator");
    }

    /// Element by element; the smaller input is one row of channels, repeated.
    template <class Function>
    Value each(const Op& op, Function function) const {
        const Value& a = in(op, 0);
        const Value& b = in(op, op.inputs.size() - 1);
        Value out = a.numbers.size() >= b.numbers.size() ? a : b;
        for (std::size_t i = 0; i < out.numbers.size(); ++i)
            out.numbers[i] = function(a.numbers[i % a.numbers.size()], b.numbers[i % b.numbers.size()]);
        return out;
    }

    Value convolve(const Op& op) const {
        const Value& from = in(op, 0);
        const auto& filter = file_.tensors.at(static_cast<std::size_t>(op.inputs[1]));
        const auto& weights = in(op, 1).numbers;
        const auto& biases = in(op, 2).numbers;
        const bool depthwise = op.kind == Op::Kind::depthwise_conv_2d;
        const int rows = filter.shape[1], columns = filter.shape[2];
        Value out{places(from.height, rows, op.stride_y, op.padding),
                  places(from.width, columns, op.stride_x, op.padding),
                  depthwise ? filter.shape[3] : filter.shape[0],
                  {}};
        const int top = zeros_before(from.height, rows, op.stride_y, op.padding);
        const int left = zeros_before(from.width, columns, op.stride_x, op.padding);
        for (int y = 0; y < out.height; ++y)
            for (int x = 0; x < out.width; ++x)
                for (int channel = 0; channel < out.channels; ++channel) {
                    double sum = biases[static_cast<std::size_t>(channel)];
                    for (int r = 0; r < rows; ++r)
                        for (int c = 0; c < columns; ++c) {
                            const int py = y * op.stride_y - top + r, px = x * op.stride_x - left + c;
                            if (py < 0 || px < 0 || py >= from.height || px >= from.width) continue;
                            const auto* pixel =
                                from.numbers.data() + (static_cast<std::size_t>(py) * from.width + px) * from.channels;
                            if (depthwise) {
                                sum += static_cast<double>(pixel[channel]) * weights[(r * columns + c) * out.channels + channel];
                                continue;
                            }
                            const auto* weight =
                                weights.data() + ((static_cast<std::size_t>(channel) * rows + r) * columns + c) * from.channels;
                            for (int i = 0; i < from.channels; ++i) sum += static_cast<double>(pixel[i]) * weight[i];
                        }
                    if (op.activation == Op::Activation::relu) sum = std::max(sum, 0.0);
                    out.numbers.push_back(static_cast<float>(sum));
                }
        return out;
    }

    const TfliteFile& file_;
    std::vector<Value> values_;
};

}  // namespace

std::vector<float> run_reference(const TfliteFile& file, std::span<const float> input) { return Interpreter(file, input).run(); }

}  // namespace menshen::models::test
