#include <algorithm>
#include <cmath>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "models/detector.hpp"

namespace menshen::models {
namespace {

constexpr int kWidth = 320, kHeight = 240;
constexpr float kMinScore = 0.7F;       // The authors' own.
constexpr float kMaxOverlap = 0.3F;     // Of two boxes that are two faces.
constexpr std::size_t kMaxBoxes = 200;  // Before overlapping ones are dropped.

struct Candidate {
    float left, top, right, bottom, score;
    [[nodiscard]] float area() const { return std::max(0.0F, right - left) * std::max(0.0F, bottom - top); }
};

float overlap(const Candidate& a, const Candidate& b) {
    const Candidate both{std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right),
                         std::min(a.bottom, b.bottom), 0};
    const float shared = both.area();
    return shared / std::max(a.area() + b.area() - shared, 1e-6F);
}

/// The network now and then takes an eye for a face: how much of the smaller box lies in the larger.
float share_inside(const Candidate& small, const Candidate& large) {
    const Candidate both{std::max(small.left, large.left), std::max(small.top, large.top), std::min(small.right, large.right),
                         std::min(small.bottom, large.bottom), 0};
    return both.area() / std::max(small.area(), 1e-6F);
}

/// Of boxes that overlap the surest stays, and nothing inside a larger one.
std::vector<Candidate> thinned(std::vector<Candidate> all) {
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    if (all.size() > kMaxBoxes) all.resize(kMaxBoxes);
    std::vector<Candidate> out;
    for (const auto& one : all)
        if (std::none_of(out.begin(), out.end(), [&](const auto& kept) { return overlap(kept, one) > kMaxOverlap; }))
            out.push_back(one);
    const auto kept = out;
    std::erase_if(out, [&](const Candidate& one) {
        return std::any_of(kept.begin(), kept.end(), [&](const Candidate& larger) {
            return larger.area() > 4 * one.area() && share_inside(one, larger) > 0.6F;
        });
    });
    return out;
}

/// The square that dlib's landmark model was trained on, from this network's box: measured on photographs where both found the
/// face.
Box landmark_square(const Candidate& face, float scale) {
    const float width = (face.right - face.left) * scale, height = (face.bottom - face.top) * scale;
    const float side = 0.851F * height;
    const float x = (face.left + face.right) / 2 * scale + 0.036F * width;
    const float y = (face.top + face.bottom) / 2 * scale + 0.044F * height;
    const int pixels = static_cast<int>(std::lround(side));
    return {static_cast<int>(std::lround(x - side / 2)), static_cast<int>(std::lround(y - side / 2)), pixels, pixels};
}

class RfbDetector : public Detector {
public:
    explicit RfbDetector(const std::string& onnx) : network_(cv::dnn::readNetFromONNX(onnx.data(), onnx.size())) {
        network_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        network_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
        outputs_ = network_.getUnconnectedOutLayersNames();
    }

    std::vector<Detection> detect(const Image& picture) override {
        const float scale = fit(picture);
        network_.setInput(cv::dnn::blobFromImage(canvas_, 1.0 / 128, {}, cv::Scalar(127, 127, 127)));
        std::vector<cv::Mat> results;
        network_.forward(results, outputs_);
        std::vector<Detection> out;
        for (const auto& face : thinned(candidates(results)))
            if (auto box = landmark_square(face, scale); box.width > 0) out.push_back({box, face.score});
        return out;
    }

    std::string describe() const override { return "RFB-320"; }

private:
    /// Puts the picture into the upper left of the canvas, its shape kept; returns the picture's pixels for one of the canvas.
    float fit(const Image& picture) {
        const float scale = std::max(static_cast<float>(picture.width) / kWidth, static_cast<float>(picture.height) / kHeight);
        const cv::Size size(std::clamp(static_cast<int>(std::lround(picture.width / scale)), 1, kWidth),
                            std::clamp(static_cast<int>(std::lround(picture.height / scale)), 1, kHeight));
        const cv::Mat from(picture.height, picture.width, CV_8UC3, const_cast<std::uint8_t*>(picture.rgb.data()));
        canvas_.create(kHeight, kWidth, CV_8UC3);
        canvas_.setTo(cv::Scalar(127, 127, 127));
        cv::Mat corner = canvas_(cv::Rect({0, 0}, size));
        cv::resize(from, corner, size, 0, 0, cv::INTER_LINEAR);
        return scale;
    }

    /// Two outputs, in either order: scores (background, face) and boxes as shares of the canvas.
    static std::vector<Candidate> candidates(const std::vector<cv::Mat>& results) {
        const cv::Mat *scores = nullptr, *boxes = nullptr;
        for (const auto& result : results) {
            if (result.dims != 3) continue;
            if (result.size[2] == 2) scores = &result;
            if (result.size[2] == 4) boxes = &result;
        }
        if (scores == nullptr || boxes == nullptr || scores->size[1] != boxes->size[1])
            throw std::runtime_error("the detector gives outputs of another shape");
        std::vector<Candidate> out;
        const auto* score = scores->ptr<float>();
        const auto* box = boxes->ptr<float>();
        for (int i = 0; i < scores->size[1]; ++i, score += 2, box += 4)
            if (score[1] > kMinScore)
                out.push_back({box[0] * kWidth, box[1] * kHeight, box[2] * kWidth, box[3] * kHeight, score[1]});
        return out;
    }

    cv::dnn::Net network_;
    std::vector<cv::String> outputs_;
    cv::Mat canvas_;
};

}  // namespace

std::unique_ptr<Detector> make_rfb_detector(const std::string& onnx) { return std::make_unique<RfbDetector>(onnx); }

}  // namespace menshen::models
