#pragma once
/// A network of the manifest, fed as its entry says. Private to models/.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "models/embed_net.hpp"
#include "models/image.hpp"
#include "models/manifest.hpp"

namespace menshen::models {

/// The input for a square picture: channels first, in the entry's order, (value - mean) * scale.
[[nodiscard]] std::vector<float> input_of(const Image& square, const Preprocessing& how);

/// The network's answer for a square picture, in as many views as the entry says; not normalised.
[[nodiscard]] std::vector<float> run_on(EmbedNet& net, const Image& square, const Preprocessing& how);

/// The square around the face that a model with `surroundings` wants. It is moved into the picture where it would leave it, and
/// is made smaller where the picture is.
[[nodiscard]] Similarity similarity_for(const Box& box, const Image& picture, const Preprocessing& how);

/// `fastest`: oneDNN where this build has it and the model is one that it can run; else OpenCV.
enum class NetBackend : std::uint8_t { fastest, opencv };
struct NetOptions {
    NetBackend backend = NetBackend::fastest;
    int threads = 1;  ///< Of oneDNN; OpenCV's are process-wide.
};

/// The network in a model's file, by the file's ending: .tflite through our own reader, or .onnx. The bytes have been checked
/// against the manifest's hash. Refuses a network that gives other than the entry's numbers.
[[nodiscard]] Result<std::unique_ptr<EmbedNet>> open_net(const std::string& bytes, const ModelFile& model,
                                                         const NetOptions& options);

}  // namespace menshen::models
