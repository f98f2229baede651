#pragma once
/// From a picture to faces as numbers: detect, five points, align, embed. No state but the networks.
///
/// A frame is looked at in two steps, so that only the frames that deserve it are embedded: find() for every frame, embed() and
/// liveness() for the faces that the walk-up chose.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "models/face_engine.hpp"
#include "models/found_face.hpp"
#include "models/image.hpp"
#include "models/template.hpp"

namespace menshen::models {

struct PipelineSettings {
    std::string models_dir;  ///< Empty: models_dir() of models/cache.hpp.
    int threads = 1;         ///< Of OpenCV, 1 to 8.
    DetectorChoice detector = DetectorChoice::best;
    std::string embedder = {};               ///< By the manifest's name; empty: the manifest's first.
    std::vector<std::string> accepted = {};  ///< Models with a notice that the operator accepted, by name.
};

/// Not for sharing: one thread at a time. cv::setNumThreads is process-wide and set by open().
class Pipeline {
public:
    /// Refuses by name what is missing, what has another hash, and an embedder whose notice was not accepted. A liveness network
    /// that is not there or not accepted is done without.
    [[nodiscard]] static Result<Pipeline> open(const PipelineSettings& settings);
    Pipeline(Pipeline&&) noexcept;
    Pipeline& operator=(Pipeline&&) noexcept;
    ~Pipeline();

    /// How many faces there are: detection alone.
    [[nodiscard]] Result<std::size_t> count(const Image& picture);
    /// Faces from the largest to the smallest, at most kMaxFaces of them, with points and quality.
    [[nodiscard]] Result<std::vector<FoundFace>> find(const Image& picture);
    static constexpr std::size_t kMaxFaces = 16;

    /// The template of a face that find() found in this picture. The costly step.
    [[nodiscard]] Result<Template> embed(const Image& picture, const FoundFace& face);

    /// 0 to 1, and 1 is a living face: a soft signal of one frame, never proof. Nothing when there is no accepted liveness
    /// network.
    [[nodiscard]] Result<std::optional<float>> liveness(const Image& picture, const FoundFace& face);
    [[nodiscard]] bool has_liveness() const;

    /// The model that makes the templates.
    [[nodiscard]] const ModelTag& model() const;
    /// "OpenCV 4.6.0 (1 thread), detector RFB-320, model mobilefacenet-192@d8ba40c0".
    [[nodiscard]] std::string describe() const;

private:
    struct Networks;
    explicit Pipeline(std::unique_ptr<Networks> networks);
    std::unique_ptr<Networks> networks_;
};

}  // namespace menshen::models
