#pragma once
/// From a picture to faces as numbers: detect, five points, align, embed. No state but the networks.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "models/face_engine.hpp"
#include "models/image.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// A face that was found, not yet embedded.
struct FoundFace {
    Box box;
    float detection = 0;   ///< The detector's own score; more is surer.
    float sharpness = 0;   ///< Variance of the Laplacian on the aligned face; below about 30 it is blurred.
    float frontality = 0;  ///< 1: the nose is midway between the eyes; 0: it is below one of them.
    float quality = 0;     ///< 0 to 1, of size, sharpness and frontality: the least of the three.
};

struct Face {
    FoundFace found;
    Template face;
};

struct PipelineSettings {
    std::string models_dir;
    int threads = 1;
    DetectorChoice detector = DetectorChoice::best;
};

/// Not for sharing: one thread at a time. cv::setNumThreads is process-wide and set by open().
class Pipeline {
public:
    [[nodiscard]] static Result<Pipeline> open(const PipelineSettings& settings);
    Pipeline(Pipeline&&) noexcept;
    Pipeline& operator=(Pipeline&&) noexcept;
    ~Pipeline();

    /// How many faces there are: detection alone.
    [[nodiscard]] Result<std::size_t> count(const Image& picture);
    /// Faces from the largest to the smallest.
    [[nodiscard]] Result<std::vector<FoundFace>> find(const Image& picture);
    /// find(), and the template of each face, at most kMaxFaces of them.
    [[nodiscard]] Result<std::vector<Face>> analyse(const Image& picture);
    static constexpr std::size_t kMaxFaces = 16;

    /// find(), and the template of the largest face alone: what a frame at the door needs.
    struct Glance {
        std::size_t faces = 0;
        std::optional<Face> largest;
    };
    [[nodiscard]] Result<Glance> glance(const Image& picture);

    [[nodiscard]] const ModelTag& model() const;
    [[nodiscard]] std::string describe() const;

private:
    struct Networks;
    explicit Pipeline(std::unique_ptr<Networks> networks);
    std::unique_ptr<Networks> networks_;
};

}  // namespace menshen::models
