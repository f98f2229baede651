#pragma once
/// The peer of the bench: faces as dlib's own example programs read them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/face_engine.hpp"
#include "models/image.hpp"

namespace menshen::models::bench {

class StockDlib {
public:
    /// `dat` is dlib_face_recognition_resnet_model_v1.dat, `points` is shape_predictor_5_face_landmarks.dat. Throws.
    StockDlib(const std::string& dat, const std::string& points);
    ~StockDlib();

    struct Reading {
        Box box;
        std::vector<float> values;  ///< Of unit length.
    };
    /// Detects in colour, aligns the largest face and embeds it.
    [[nodiscard]] std::optional<Reading> read(const Image& frame);
    /// The steps alone.
    [[nodiscard]] std::size_t detect(const Image& frame);

private:
    struct Networks;
    std::unique_ptr<Networks> networks_;
};

/// Sets OpenBLAS' threads; false when the BLAS that is loaded is another, whose matrix product would be ten times slower.
[[nodiscard]] bool set_blas_threads(int threads);

}  // namespace menshen::models::bench
