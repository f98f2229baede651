#pragma once
/// A network that turns an aligned face into numbers, whichever library runs it. Private to models/.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/conv_graph.hpp"

namespace menshen::models {

class EmbedNet {
public:
    virtual ~EmbedNet() = default;
    /// The output for one input, channels first, as many numbers as the network's input has. Throws what its library throws.
    [[nodiscard]] virtual std::vector<float> run(std::span<const float> input) = 0;
    /// "OpenCV", "oneDNN 2.6.3"
    [[nodiscard]] virtual std::string describe() const = 0;
};

/// OpenCV's cv::dnn, built node by node. Throws what OpenCV throws.
[[nodiscard]] std::unique_ptr<EmbedNet> make_cv_net(const ConvGraph& graph);

/// The same for the content of an ONNX file that reads `input`.
[[nodiscard]] std::unique_ptr<EmbedNet> make_cv_net(const std::string& onnx, const ConvShape& input);

/// oneDNN, when this build has it: two to three times as fast on x86. It sets OpenMP's threads for the thread that calls it.
/// Throws what oneDNN throws.
[[nodiscard]] bool has_dnnl();
[[nodiscard]] std::unique_ptr<EmbedNet> make_dnnl_net(const ConvGraph& graph, int threads);

}  // namespace menshen::models
