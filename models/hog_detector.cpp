#include <dlib/image_processing/frontal_face_detector.h>

#include <opencv2/imgproc.hpp>

#include "models/detector.hpp"
#include "models/dlib_view.hpp"

namespace menshen::models {
namespace {

class HogDetector : public Detector {
public:
    HogDetector() : detector_(dlib::get_frontal_face_detector()) {}

    std::vector<Detection> detect(const Image& picture) override {
        // Grey is a fifth faster than colour and finds the same faces; see docs/models.md.
        // The const_cast is for OpenCV's lack of a constant view; nothing is written.
        const cv::Mat colour(picture.height, picture.width, CV_8UC3, const_cast<std::uint8_t*>(picture.rgb.data()));
        cv::cvtColor(colour, grey_, cv::COLOR_RGB2GRAY);
        found_.clear();
        detector_(PixelView<unsigned char>{grey_.data, grey_.rows, grey_.cols}, found_, 0.0);
        std::vector<Detection> out;
        for (const auto& one : found_) {
            const Box box{static_cast<int>(one.rect.left()), static_cast<int>(one.rect.top()), static_cast<int>(one.rect.width()),
                          static_cast<int>(one.rect.height())};
            out.push_back({box, static_cast<float>(one.detection_confidence)});
        }
        return out;
    }

    std::string describe() const override { return "dlib HOG"; }

private:
    dlib::frontal_face_detector detector_;
    cv::Mat grey_;
    std::vector<dlib::rect_detection> found_;
};

}  // namespace

std::unique_ptr<Detector> make_hog_detector() { return std::make_unique<HogDetector>(); }

}  // namespace menshen::models
