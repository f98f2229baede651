#include "models/convert.hpp"

#include <array>
#include <sstream>
#include <type_traits>
#include <vector>

#include "models/dlib_resnet.hpp"
#include "models/onnx_writer.hpp"

namespace menshen::models {
namespace {

/// A convolution with the affine layer behind it folded in.
struct Convolution {
    int filters = 0, channels = 0, size = 0, stride = 0;
    std::vector<float> weights;  ///< filters x channels x size x size
    std::vector<float> biases;
};

template <typename T>
struct IsConvolution : std::false_type {};
template <long n, long nr, long nc, int sy, int sx, int py, int px>
struct IsConvolution<dlib::con_<n, nr, nc, sy, sx, py, px>> : std::true_type {};
template <typename T>
struct IsFullyConnected : std::false_type {};
template <unsigned long n, dlib::fc_bias_mode mode>
struct IsFullyConnected<dlib::fc_<n, mode>> : std::true_type {};

/// Takes the weights out of the network, from its output to its input as dlib walks it.
struct Collector {
    std::vector<Convolution> convolutions;
    std::vector<float> gamma, beta;  ///< Of the affine layer just seen: the convolution below it takes them.
    std::vector<float> projection;   ///< inputs x 128

    template <typename Layer>
    void take(const Layer& layer) {
        if constexpr (std::is_same_v<Layer, dlib::affine_>) {
            take_affine(layer);
        } else if constexpr (IsConvolution<Layer>::value) {
            take_convolution(layer);
        } else if constexpr (IsFullyConnected<Layer>::value) {
            const dlib::tensor& params = layer.get_layer_params();
            projection.assign(params.host(), params.host() + params.size());
        }
    }

    void take_affine(const dlib::affine_& layer) {
        // Not get_layer_params(): dlib keeps an affine layer's numbers out of it, so that training leaves them alone.
        auto gammas = layer.get_gamma();
        auto betas = layer.get_beta();
        const dlib::tensor& scale = gammas;
        const dlib::tensor& shift = betas;
        gamma.assign(scale.host(), scale.host() + scale.size());
        beta.assign(shift.host(), shift.host() + shift.size());
    }

    template <typename Layer>
    void take_convolution(const Layer& layer) {
        const dlib::tensor& params = layer.get_layer_params();  // All filters, then all biases.
        Convolution conv;
        conv.filters = static_cast<int>(layer.num_filters());
        conv.size = static_cast<int>(layer.nr());
        conv.stride = static_cast<int>(layer.stride_y());
        const auto each = (params.size() - conv.filters) / conv.filters;
        conv.channels = static_cast<int>(each) / (conv.size * conv.size);
        const float* from = params.host();
        // In double: what is rounded here is rounded in every embedding.
        for (int filter = 0; filter < conv.filters; ++filter) {
            const double scale = gamma.at(filter);
            for (std::size_t i = 0; i < each; ++i) conv.weights.push_back(static_cast<float>(scale * from[filter * each + i]));
            conv.biases.push_back(static_cast<float>(scale * from[conv.filters * each + filter] + beta.at(filter)));
        }
        convolutions.push_back(std::move(conv));
    }
};

/// (pixel - mean) / 256 before the first convolution is the same as other weights in it, because it has no padding.
void fold_input(Convolution& first) {
    constexpr std::array<double, 3> mean = {122.782, 117.001, 104.298};
    const auto area = static_cast<std::size_t>(first.size) * first.size;
    for (int filter = 0; filter < first.filters; ++filter) {
        double bias = first.biases[filter];
        for (int channel = 0; channel < first.channels; ++channel) {
            for (std::size_t i = 0; i < area; ++i) {
                float& weight = first.weights[(static_cast<std::size_t>(filter) * first.channels + channel) * area + i];
                bias -= weight * mean.at(channel) / 256.0;
                weight = static_cast<float>(weight / 256.0);
            }
        }
        first.biases[filter] = static_cast<float>(bias);
    }
}

/// Where the network stands while it is written.
struct Stage {
    std::string name;
    int channels = 0;
    int side = 0;
};

class ResnetWriter {
public:
    explicit ResnetWriter(std::vector<Convolution> convolutions) : convolutions_(std::move(convolutions)) {}

    [[nodiscard]] std::string write(const std::vector<float>& projection) {
        Stage at{"chip", 3, 150};
        at = max_pool(relu(convolve(at)));
        for (const bool halve : {false, false, false, true, false, false, false, true, false, false, true, false, false, true})
            at = residual(at, halve);
        if (next_ != convolutions_.size()) throw dlib::error("the network has another number of convolutions");
        const auto mean = writer_.node("GlobalAveragePool", std::array{at.name}, {});
        // A 1x1 convolution: the importer of OpenCV 4.6 refuses the matrix product (Gemm) here.
        std::vector<float> transposed(projection.size());
        const auto inputs = static_cast<std::size_t>(at.channels);
        const auto outputs = projection.size() / inputs;
        for (std::size_t i = 0; i < inputs; ++i)
            for (std::size_t o = 0; o < outputs; ++o) transposed[o * inputs + i] = projection[i * outputs + o];
        const std::array<std::int64_t, 4> dims = {static_cast<std::int64_t>(outputs), at.channels, 1, 1};
        const auto weights = writer_.constant(dims, transposed);
        writer_.output(writer_.node("Conv", std::array{mean, weights}, std::array{OnnxWriter::Ints{"kernel_shape", {1, 1}}}),
                       "embedding");
        return writer_.file("chip", {3, 150, 150}, "embedding", {static_cast<int>(outputs), 1, 1});
    }

private:
    Stage convolve(const Stage& in) {
        const Convolution& conv = convolutions_.at(next_++);
        // dlib pads a convolution only when its stride is 1.
        const int pad = conv.stride == 1 ? conv.size / 2 : 0;
        const auto weights =
            writer_.constant(std::array<std::int64_t, 4>{conv.filters, conv.channels, conv.size, conv.size}, conv.weights);
        const auto biases = writer_.constant(std::array<std::int64_t, 1>{conv.filters}, conv.biases);
        const std::array<OnnxWriter::Ints, 3> attributes = {
            {{"kernel_shape", {conv.size, conv.size}}, {"strides", {conv.stride, conv.stride}}, {"pads", {pad, pad, pad, pad}}}};
        return {writer_.node("Conv", std::array{in.name, weights, biases}, attributes), conv.filters,
                (in.side + 2 * pad - conv.size) / conv.stride + 1};
    }

    Stage relu(const Stage& in) { return {writer_.node("Relu", std::array{in.name}, {}), in.channels, in.side}; }

    Stage pool(std::string_view op, const Stage& in, int size) {
        const std::array<OnnxWriter::Ints, 2> attributes = {{{"kernel_shape", {size, size}}, {"strides", {2, 2}}}};
        return {writer_.node(op, std::array{in.name}, attributes), in.channels, (in.side - size) / 2 + 1};
    }
    Stage max_pool(const Stage& in) { return pool("MaxPool", in, 3); }

    /// Zeros after the last channel and at the bottom and right, as dlib's add_prev does when its two inputs differ.
    Stage pad_to(const Stage& in, int channels, int side) {
        if (in.channels == channels && in.side == side) return in;
        const OnnxWriter::Ints pads{"pads", {0, 0, 0, 0, 0, channels - in.channels, side - in.side, side - in.side}};
        return {writer_.node("Pad", std::array{in.name}, std::array{pads}), channels, side};
    }

    Stage residual(const Stage& in, bool halve) {
        Stage straight = convolve(relu(convolve(in)));
        Stage around = halve ? pool("AveragePool", in, 2) : in;
        const int channels = std::max(straight.channels, around.channels);
        const int side = std::max(straight.side, around.side);
        straight = pad_to(straight, channels, side);
        around = pad_to(around, channels, side);
        return relu({writer_.node("Add", std::array{straight.name, around.name}, {}), channels, side});
    }

    std::vector<Convolution> convolutions_;
    std::size_t next_ = 0;
    OnnxWriter writer_;
};

}  // namespace

Result<std::string> resnet_to_onnx(std::string_view dat) {
    try {
        std::istringstream in{std::string(dat)};
        dlib_resnet::Network network;
        dlib::deserialize(network, in);
        Collector collector;
        // dlib takes its visitor by value.
        dlib::visit_computational_layers(network, [&](std::size_t, const auto& layer) { collector.take(layer); });
        std::reverse(collector.convolutions.begin(), collector.convolutions.end());
        if (collector.convolutions.empty() || collector.projection.empty()) return fail("the network has no weights");
        fold_input(collector.convolutions.front());
        return ResnetWriter(std::move(collector.convolutions)).write(collector.projection);
    } catch (const std::exception& error) {
        return fail("not dlib's face recognition network: {}", error.what());
    }
}

}  // namespace menshen::models
