#include "models/pipeline.hpp"

#include <dlib/image_processing.h>
#include <dlib/image_transforms.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/core/version.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "models/cache.hpp"
#include "models/detector.hpp"
#include "models/dlib_view.hpp"

namespace menshen::models {
namespace {

constexpr int kChipSide = 150;
constexpr double kChipPadding = 0.25;

/// A found face with its chip: 150 x 150, eyes level, RGB.
struct Aligned {
    FoundFace found;
    dlib::array2d<dlib::rgb_pixel> chip;
};

/// The chip's pixels where they lie.
cv::Mat pixels_of(dlib::array2d<dlib::rgb_pixel>& chip) {
    return {static_cast<int>(chip.nr()), static_cast<int>(chip.nc()), CV_8UC3, dlib::image_data(chip),
            static_cast<std::size_t>(dlib::width_step(chip))};
}

float sharpness_of(dlib::array2d<dlib::rgb_pixel>& chip) {
    cv::Mat grey, edges;
    cv::cvtColor(pixels_of(chip), grey, cv::COLOR_RGB2GRAY);
    cv::Laplacian(grey, edges, CV_16S);
    cv::Scalar mean, deviation;
    cv::meanStdDev(edges, mean, deviation);
    return static_cast<float>(deviation[0] * deviation[0]);
}

/// The five points are the corners of one eye (0, 1), of the other (2, 3) and the base of the nose (4). Seen from the front, the
/// nose lies midway between the eyes along the line that joins them.
float frontality_of(const dlib::full_object_detection& points) {
    const dlib::dpoint one = (dlib::dpoint(points.part(0)) + dlib::dpoint(points.part(1))) / 2.0;
    const dlib::dpoint other = (dlib::dpoint(points.part(2)) + dlib::dpoint(points.part(3))) / 2.0;
    const dlib::dpoint across = other - one;
    const double length = dlib::length_squared(across);
    if (length < 1) return 0;
    const double along = dlib::dot(dlib::dpoint(points.part(4)) - one, across) / length;  // 0.5 is the middle.
    return static_cast<float>(std::clamp(1.0 - 2.0 * std::abs(along - 0.5), 0.0, 1.0));
}

/// The least of what can be wrong with a face. Full marks: 120 pixels wide, a Laplacian of 150, the nose within a quarter of the
/// middle.
float quality_of(const FoundFace& face) {
    const float size = static_cast<float>(face.box.width) / 120.0F;
    const float sharp = face.sharpness / 150.0F;
    const float front = face.frontality / 0.5F;
    return std::clamp(std::min({size, sharp, front}), 0.0F, 1.0F);
}

bool is_larger(const Detection& a, const Detection& b) { return a.box.width * a.box.height > b.box.width * b.box.height; }

/// RFB-320 when it is wanted and there; a file that is there and wrong is an error, not a reason to fall back in silence.
Result<std::string> load_detector(const std::string& dir, DetectorChoice choice) {
    const ModelFile* model = manifest().with_role("detect");
    if (choice == DetectorChoice::hog || model == nullptr) return std::string();
    if (model->optional && !std::filesystem::exists(dir + "/" + model->file)) return std::string();
    return load_verified(dir, *model);
}

}  // namespace

struct Pipeline::Networks {
    std::unique_ptr<Detector> detector;
    dlib::shape_predictor points;
    cv::dnn::Net embedder;
    ModelTag tag;
    int threads = 1;

    std::vector<Detection> detect(const Image& picture) {
        // The setting is process-wide and somebody else may have changed it.
        if (cv::getNumThreads() != threads) cv::setNumThreads(threads);
        auto found = detector->detect(picture);
        std::stable_sort(found.begin(), found.end(), is_larger);
        if (found.size() > kMaxFaces) found.resize(kMaxFaces);
        return found;
    }

    Aligned align(const Image& picture, const Detection& detection) {
        const auto& box = detection.box;
        const dlib::rectangle square(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1);
        const auto view = view_of(picture);
        const auto shape = points(view, square);
        Aligned out;
        dlib::extract_image_chip(view, dlib::get_face_chip_details(shape, kChipSide, kChipPadding), out.chip);
        out.found = {box, detection.score, sharpness_of(out.chip), frontality_of(shape), 0};
        out.found.quality = quality_of(out.found);
        return out;
    }

    Template embed(Aligned& face) {
        embedder.setInput(cv::dnn::blobFromImage(pixels_of(face.chip)));
        const cv::Mat out = embedder.forward();
        if (out.total() != tag.dim) throw std::runtime_error("the network gives another number of values");
        Template result{tag, std::vector<float>(out.ptr<float>(), out.ptr<float>() + tag.dim)};
        normalise(result.values);
        return result;
    }
};

Pipeline::Pipeline(std::unique_ptr<Networks> networks) : networks_(std::move(networks)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Result<Pipeline> Pipeline::open(const PipelineSettings& settings) {
    const auto dir = settings.models_dir.empty() ? models_dir() : settings.models_dir;
    const ModelFile* points = manifest().with_role("points");
    const ModelFile* embedder = manifest().with_role("embed");
    if (points == nullptr || embedder == nullptr) return fail("the manifest lacks a model for the points or for embedding");
    const auto points_file = load_verified(dir, *points);
    if (!points_file) return tl::unexpected(points_file.error());
    const auto onnx = load_converted(dir, *embedder);
    if (!onnx) return tl::unexpected(onnx.error());
    const auto detector = load_detector(dir, settings.detector);
    if (!detector) return tl::unexpected(detector.error());
    try {
        auto networks = std::make_unique<Networks>();
        networks->threads = std::clamp(settings.threads, 1, 8);
        networks->detector = detector->empty() ? make_hog_detector() : make_rfb_detector(*detector);
        std::istringstream in(*points_file);
        dlib::deserialize(networks->points, in);
        networks->embedder = cv::dnn::readNetFromONNX(onnx->data(), onnx->size());
        networks->embedder.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        networks->embedder.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
        networks->tag = {embedder->name + "@" + embedder->sha256.substr(0, 8), 128, Metric::cosine};
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
        for (const auto& detection : networks_->detect(picture)) out.push_back(networks_->align(picture, detection).found);
        return out;
    } catch (const std::exception& error) {
        return fail("looking for faces failed: {}", error.what());
    }
}

Result<std::vector<Face>> Pipeline::analyse(const Image& picture) {
    try {
        std::vector<Face> out;
        for (const auto& detection : networks_->detect(picture)) {
            auto aligned = networks_->align(picture, detection);
            out.push_back({aligned.found, networks_->embed(aligned)});
        }
        return out;
    } catch (const std::exception& error) {
        return fail("reading the faces failed: {}", error.what());
    }
}

Result<Pipeline::Glance> Pipeline::glance(const Image& picture) {
    try {
        const auto detections = networks_->detect(picture);
        Glance out{detections.size(), std::nullopt};
        if (detections.empty()) return out;
        auto aligned = networks_->align(picture, detections.front());
        out.largest = Face{aligned.found, networks_->embed(aligned)};
        return out;
    } catch (const std::exception& error) {
        return fail("reading the face failed: {}", error.what());
    }
}

const ModelTag& Pipeline::model() const { return networks_->tag; }

std::string Pipeline::describe() const {
    return fmt::format("OpenCV {} ({} thread{}), detector {}, model {}", CV_VERSION, networks_->threads,
                       networks_->threads == 1 ? "" : "s", networks_->detector->describe(), networks_->tag.id);
}

}  // namespace menshen::models
