#include <array>
#include <opencv2/dnn.hpp>
#include <stdexcept>

#include "models/embed_net.hpp"

namespace menshen::models {
namespace {

cv::Mat blob(std::vector<int> shape, const std::vector<float>& values) {
    // The layer keeps its own copy: the graph may go.
    return cv::Mat(shape, CV_32F, const_cast<float*>(values.data())).clone();
}

/// Builds the layers; a node's value is the output of the layer that `layers_` names.
class NetBuilder {
public:
    explicit NetBuilder(const ConvGraph& graph) : graph_(graph) {}

    cv::dnn::Net build() {
        for (const auto& node : graph_.nodes) {
            switch (node.kind) {
                case ConvNode::Kind::convolve:
                    convolve(node);
                    break;
                case ConvNode::Kind::prelu:
                    prelu(node);
                    break;
                case ConvNode::Kind::add:
                    add(node);
                    break;
            }
        }
        return net_;
    }

private:
    int layer(const char* type, cv::dnn::LayerParams& params, std::initializer_list<int> inputs) {
        const int id = net_.addLayer(cv::format("%s_%d", type, count_++), type, params);
        int slot = 0;
        for (const int input : inputs) net_.connect(input, 0, id, slot++);
        return id;
    }

    /// OpenCV 4.6 refuses convolutions with unequal zeros on two sides, which SAME with a stride of 2 asks for: they get a layer
    /// that adds them.
    int padded(const ConvNode& node) {
        cv::dnn::LayerParams params;
        const std::array<int, 8> zeros = {0, 0, 0, 0, node.top, node.bottom, node.left, node.right};
        params.set("paddings", cv::dnn::DictValue::arrayInt(zeros.data(), static_cast<int>(zeros.size())));
        return layer("Padding", params, {layers_.at(static_cast<std::size_t>(node.input))});
    }

    void convolve(const ConvNode& node) {
        const bool uneven = node.top != node.bottom || node.left != node.right;
        const int input = uneven ? padded(node) : layers_.at(static_cast<std::size_t>(node.input));
        const int channels = graph_.shape(node.input).channels;
        cv::dnn::LayerParams params;
        params.set("kernel_h", node.size_y);
        params.set("kernel_w", node.size_x);
        params.set("stride_h", node.stride_y);
        params.set("stride_w", node.stride_x);
        params.set("pad_h", uneven ? 0 : node.top);
        params.set("pad_w", uneven ? 0 : node.left);
        params.set("num_output", node.out.channels);
        params.set("group", node.depthwise ? channels : 1);
        params.set("bias_term", true);
        params.blobs = {blob({node.out.channels, node.depthwise ? 1 : channels, node.size_y, node.size_x}, node.weights),
                        blob({node.out.channels}, node.biases)};
        layers_.push_back(layer("Convolution", params, {input}));
    }

    void prelu(const ConvNode& node) {
        cv::dnn::LayerParams params;
        params.blobs = {blob({node.out.channels}, node.slopes)};
        layers_.push_back(layer("PReLU", params, {layers_.at(static_cast<std::size_t>(node.input))}));
    }

    void add(const ConvNode& node) {
        cv::dnn::LayerParams params;
        params.set("operation", "sum");
        layers_.push_back(
            layer("Eltwise", params,
                  {layers_.at(static_cast<std::size_t>(node.input)), layers_.at(static_cast<std::size_t>(node.other))}));
    }

    const ConvGraph& graph_;
    cv::dnn::Net net_;
    std::vector<int> layers_ = {0};  ///< By value; layer 0 is the input's.
    int count_ = 0;
};

class CvNet : public EmbedNet {
public:
    CvNet(cv::dnn::Net net, const ConvShape& input) : net_(std::move(net)), input_(input) {
        net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    }

    std::vector<float> run(std::span<const float> input) override {
        if (input.size() != input_.elements()) throw std::runtime_error("the network wants an input of another size");
        const std::vector<int> shape = {1, input_.channels, input_.height, input_.width};
        // OpenCV has no constant view; the network does not write into its input.
        net_.setInput(cv::Mat(shape, CV_32F, const_cast<float*>(input.data())));
        const cv::Mat out = net_.forward();
        return {out.ptr<float>(), out.ptr<float>() + out.total()};
    }

    std::string describe() const override { return "OpenCV"; }

private:
    cv::dnn::Net net_;
    ConvShape input_;
};

}  // namespace

std::unique_ptr<EmbedNet> make_cv_net(const ConvGraph& graph) {
    return std::make_unique<CvNet>(NetBuilder(graph).build(), graph.input);
}

std::unique_ptr<EmbedNet> make_cv_net(const std::string& onnx, const ConvShape& input) {
    return std::make_unique<CvNet>(cv::dnn::readNetFromONNX(onnx.data(), onnx.size()), input);
}

}  // namespace menshen::models
