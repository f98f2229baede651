#include "models/pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/version.hpp>

#include "models/align.hpp"
#include "models/cache.hpp"
#include "models/detector.hpp"
#include "models/face_net.hpp"
#include "models/landmarks.hpp"
#include "models/preparation.hpp"
#include "models/secret_pages.hpp"

namespace menshen::models {
namespace {

constexpr LandmarkEffort kEffort{.passes = kPointPasses, .looks = 1, .spread = 0};

bool is_larger(const Detection& a, const Detection& b) { return a.box.width * a.box.height > b.box.width * b.box.height; }

/// RFB-320 when it is wanted and there; a file that is there and wrong is an error, not a reason to fall back in silence.
Result<std::string> load_detector(const std::string& dir, DetectorChoice choice) {
    const ModelFile* model = manifest().with_role("detect");
    if (choice == DetectorChoice::hog || model == nullptr) return std::string();
    if (model->optional && !std::filesystem::exists(dir + "/" + model->file)) return std::string();
    return load_verified(dir, *model);
}

std::string names_of(std::string_view role) {
    std::string out;
    for (const auto& model : manifest().models)
        if (model.role == role) out += (out.empty() ? "" : ", ") + model.name;
    return out;
}

bool is_accepted(const ModelFile& model, const PipelineSettings& settings) {
    return model.notice.empty() ||
           std::find(settings.accepted.begin(), settings.accepted.end(), model.name) != settings.accepted.end();
}

/// The embedder that the settings name. Another one in its place would make templates that nobody is enrolled with.
Result<const ModelFile*> chosen_embedder(const PipelineSettings& settings) {
    const ModelFile* model = settings.embedder.empty() ? manifest().with_role("embed") : manifest().model(settings.embedder);
    if (model == nullptr || model->role != "embed")
        return fail("there is no embedder \"{}\"; one of: {}", settings.embedder, names_of("embed"));
    if (!is_accepted(*model, settings))
        return fail("the model {} is only used after its notice was accepted; run: menshen models accept {}. The notice: {}",
                    model->name, model->name, model->notice);
    return model;
}

Result<std::string> load_for_use(const std::string& dir, const ModelFile& model) {
    return model.converted.file.empty() ? load_verified(dir, model) : load_converted(dir, model);
}

/// A network of the manifest, ready to be asked about a face.
struct FaceNet {
    const ModelFile* model = nullptr;
    std::unique_ptr<EmbedNet> net;

    [[nodiscard]] static Result<FaceNet> open(const std::string& dir, const ModelFile& model, int threads) {
        const auto bytes = load_for_use(dir, model);
        if (!bytes) return tl::unexpected(bytes.error());
        auto net = open_net(*bytes, model, {NetBackend::fastest, threads});
        if (!net) return tl::unexpected(net.error());
        return FaceNet{&model, std::move(*net)};
    }
};

int threads_of(const PipelineSettings& settings) { return std::clamp(settings.threads, 1, 8); }

/// Nothing when there is no liveness network that is accepted and in the cache.
Result<FaceNet> load_liveness(const std::string& dir, const PipelineSettings& settings) {
    const ModelFile* model = manifest().with_role("liveness");
    if (model == nullptr || !is_accepted(*model, settings) || !std::filesystem::exists(dir + "/" + model->file)) return FaceNet{};
    return FaceNet::open(dir, *model, threads_of(settings));
}

}  // namespace

struct Pipeline::Networks {
    Networks(std::unique_ptr<Detector> finder, Landmarks points, FaceNet embed, FaceNet live)
        : detector(std::move(finder)), landmarks(std::move(points)), embedder(std::move(embed)), liveness(std::move(live)) {}

    std::unique_ptr<Detector> detector;
    Landmarks landmarks;
    FaceNet embedder, liveness;
    ModelTag tag;
    int threads = 1;

    /// The setting is process-wide and somebody else may have changed it.
    void set_threads() const {
        if (cv::getNumThreads() != threads) cv::setNumThreads(threads);
    }

    std::vector<Detection> detect(const Image& picture) {
        set_threads();
        auto found = detector->detect(picture);
        std::stable_sort(found.begin(), found.end(), is_larger);
        if (found.size() > kMaxFaces) found.resize(kMaxFaces);
        return found;
    }

    [[nodiscard]] FoundFace look_at(const Image& picture, const Detection& detection) const {
        FoundFace out{detection.box, landmarks.find(picture, detection.box, kEffort), detection.score, {}};
        out.quality = measure_quality(picture, out.box, out.points);
        return out;
    }

    Template embed(const Image& picture, const FoundFace& face) {
        set_threads();
        const auto& how = *embedder.model->input;
        const auto square = cut_out(picture, similarity_for(face.points, how.align), how.align.side);
        auto numbers = run_on(*embedder.net, square, how);
        Template out{tag, {numbers.begin(), numbers.end()}};
        wipe(numbers);
        normalise(out.values);
        return out;
    }

    std::optional<float> live(const Image& picture, const FoundFace& face) {
        if (liveness.net == nullptr) return std::nullopt;
        set_threads();
        const auto& how = *liveness.model->input;
        const auto square = cut_out(picture, similarity_for(face.box, picture, how), how.align.side);
        const auto values = run_on(*liveness.net, square, how);
        // Softmax; the first is "alive".
        const float largest = *std::max_element(values.begin(), values.end());
        float sum = 0;
        for (const float value : values) sum += std::exp(value - largest);
        return std::exp(values.front() - largest) / sum;
    }
};

Pipeline::Pipeline(std::unique_ptr<Networks> networks) : networks_(std::move(networks)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Result<Pipeline> Pipeline::open(const PipelineSettings& settings) {
    const auto dir = settings.models_dir.empty() ? models_dir() : settings.models_dir;
    const auto chosen = chosen_embedder(settings);
    if (!chosen) return tl::unexpected(chosen.error());
    const ModelFile* points = manifest().with_role("points");
    if (points == nullptr) return fail("the manifest lacks a model for the points");
    const auto points_file = load_verified(dir, *points);
    if (!points_file) return tl::unexpected(points_file.error());
    const auto detector = load_detector(dir, settings.detector);
    if (!detector) return tl::unexpected(detector.error());
    auto embedder = FaceNet::open(dir, **chosen, threads_of(settings));
    if (!embedder)
        return fail("{} (or choose another embedder, which asks for enrolling everybody again: {})", embedder.error().message,
                    names_of("embed"));
    auto liveness = load_liveness(dir, settings);
    if (!liveness) return tl::unexpected(liveness.error());
    try {
        auto networks = std::make_unique<Networks>(detector->empty() ? make_hog_detector() : make_rfb_detector(*detector),
                                                   Landmarks(*points_file), std::move(*embedder), std::move(*liveness));
        networks->threads = threads_of(settings);
        networks->tag = tag_of(**chosen);
        return Pipeline(std::move(networks));
    } catch (const std::exception& error) {
        return fail("the models in {} cannot be used: {}", dir, error.what());
    }
}

Result<std::size_t> Pipeline::count(const Image& picture) {
    try {
        return networks_->detect(picture).size();
    } catch (const std::exception& error) {
        return fail("looking for faces failed: {}", error.what());
    }
}

Result<std::vector<FoundFace>> Pipeline::find(const Image& picture) {
    try {
        std::vector<FoundFace> out;
        for (const auto& detection : networks_->detect(picture)) out.push_back(networks_->look_at(picture, detection));
        return out;
    } catch (const std::exception& error) {
        return fail("looking for faces failed: {}", error.what());
    }
}

Result<Template> Pipeline::embed(const Image& picture, const FoundFace& face) {
    try {
        return networks_->embed(picture, face);
    } catch (const std::exception& error) {
        return fail("reading the face failed: {}", error.what());
    }
}

Result<std::optional<float>> Pipeline::liveness(const Image& picture, const FoundFace& face) {
    try {
        return networks_->live(picture, face);
    } catch (const std::exception& error) {
        return fail("judging whether the face is alive failed: {}", error.what());
    }
}

bool Pipeline::has_liveness() const { return networks_->liveness.net != nullptr; }

const ModelTag& Pipeline::model() const { return networks_->tag; }

std::string Pipeline::describe() const {
    return fmt::format("OpenCV {} ({} thread{}), detector {}, model {} by {}{}", CV_VERSION, networks_->threads,
                       networks_->threads == 1 ? "" : "s", networks_->detector->describe(), networks_->tag.id,
                       networks_->embedder.net->describe(), has_liveness() ? ", with a liveness network" : "");
}

}  // namespace menshen::models
