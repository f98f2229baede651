#pragma once
/// dlib's face recognition ResNet as ONNX, so that cv::dnn runs it in less than half the time.

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "models/manifest.hpp"

namespace menshen::models {

/// Raised when the ONNX written for the same weights changes; a file of another version is converted again.
inline constexpr int kConverterVersion = 1;

/// The ONNX file for the content of dlib_face_recognition_resnet_model_v1.dat. Input "chip": 1x3x150x150 float, RGB 0..255 as
/// they are (dlib's mean and scale are folded into the first convolution); output "embedding": 1x128x1x1, not normalised. The
/// same to the bit everywhere, and so its hash is in the manifest. Takes under a second.
[[nodiscard]] Result<std::string> resnet_to_onnx(std::string_view dat);

/// Converts a model in the cache unless its converted form is there already; true when it did. A result whose hash is not the
/// manifest's is refused.
[[nodiscard]] Result<bool> convert_in_cache(const std::string& dir, const ModelFile& model);

}  // namespace menshen::models
