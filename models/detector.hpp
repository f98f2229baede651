#pragma once
/// Finds faces in a picture. Private to models/.

#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "models/face_engine.hpp"
#include "models/image.hpp"

namespace menshen::models {

struct Detection {
    Box box;          ///< As dlib's landmark model expects it: a square from the eyebrows to the chin.
    float score = 0;  ///< Of its detector; at least 0.
};

class Detector {
public:
    virtual ~Detector() = default;
    /// In no order. Throws what its library throws.
    [[nodiscard]] virtual std::vector<Detection> detect(const Image& picture) = 0;
    [[nodiscard]] virtual std::string describe() const = 0;
};

/// dlib's frontal face detector, which is compiled in and needs no file. Faces from about 73 pixels.
[[nodiscard]] std::unique_ptr<Detector> make_hog_detector();

/// Ultra-Light RFB-320, from the content of its ONNX file: four times as fast, and it finds smaller and turned faces too. Throws
/// what OpenCV throws.
[[nodiscard]] std::unique_ptr<Detector> make_rfb_detector(const std::string& onnx);

}  // namespace menshen::models
