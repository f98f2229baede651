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

/// Seen from the front, the nose lies midway between the eyes along the line that joins them.
float frontality_of(const FacePoints& points) {
    const Point one = points.left_eye(), other = points.right_eye(), nose = points.nose();
    const float x = other.x - one.x, y = other.y - one.y;
    const float length = x * x + y * y;
    if (length < 1) return 0;
    const float along = ((nose.x - one.x) * x + (nose.y - one.y) * y) / length;  // 0.5 is the middle.
    return std::clamp(1.0F - 2.0F * std::abs(along - 0.5F), 0.0F, 1.0F);
}

FacePoints points_of(const dlib::full_object_detection& shape) {
    FacePoints out;
    for (std::size_t i = 0; i < out.all.size(); ++i)
        out.all[i] = {static_cast<float>(shape.part(i).x()), static_cast<float>(shape.part(i).y())};
    return out;
}

/// dlib's own way to cut out a face.
void cut_out(const Image& picture, const FacePoints& points, dlib::array2d<dlib::rgb_pixel>& chip) {
    std::vector<dlib::point> parts;
    for (const auto& one : points.all) parts.emplace_back(std::lround(one.x), std::lround(one.y));
    const dlib::full_object_detection shape(dlib::rectangle(), parts);
    dlib::extract_image_chip(view_of(picture), dlib::get_face_chip_details(shape, kChipSide, kChipPadding), chip);
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
    dlib::array2d<dlib::rgb_pixel> chip;  ///< Kept, so that no frame has to take memory for it.

    std::vector<Detection> detect(const Image& picture) {
        // The setting is process-wide and somebody else may have changed it.
        if (cv::getNumThreads() != threads) cv::setNumThreads(threads);
        auto found = detector->detect(picture);
        std::stable_sort(found.begin(), found.end(), is_larger);
        if (found.size() > kMaxFaces) found.resize(kMaxFaces);
        return found;
    }

    FoundFace look_at(const Image& picture, const Detection& detection) {
        const auto& box = detection.box;
        const dlib::rectangle square(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1);
        FoundFace out{box, points_of(points(view_of(picture), square)), detection.score, {}};
        cut_out(picture, out.points, chip);
        out.quality = {static_cast<float>(box.width), sharpness_of(chip), frontality_of(out.points)};
        return out;
    }

    Template embed(const Image& picture, const FoundFace& face) {
        cut_out(picture, face.points, chip);
        embedder.setInput(cv::dnn::blobFromImage(pixels_of(chip)));
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

Result<std::optional<float>> Pipeline::liveness(const Image&, const FoundFace&) { return std::optional<float>(); }

bool Pipeline::has_liveness() const { return false; }

const ModelTag& Pipeline::model() const { return networks_->tag; }

std::string Pipeline::describe() const {
    return fmt::format("OpenCV {} ({} thread{}), detector {}, model {}", CV_VERSION, networks_->threads,
                       networks_->threads == 1 ? "" : "s", networks_->detector->describe(), networks_->tag.id);
}

}  // namespace menshen::models
