#include "models/bench/stock_dlib.hpp"

#include <dlfcn.h>
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_transforms.h>

#include <algorithm>
#include <sstream>

#include "models/dlib_resnet.hpp"
#include "models/dlib_view.hpp"
#include "models/template.hpp"

namespace menshen::models::bench {

struct StockDlib::Networks {
    dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
    dlib::shape_predictor points;
    dlib_resnet::Network embedder;
};

StockDlib::StockDlib(const std::string& dat, const std::string& points) : networks_(std::make_unique<Networks>()) {
    std::istringstream in(dat);
    dlib::deserialize(networks_->embedder, in);
    std::istringstream points_in(points);
    dlib::deserialize(networks_->points, points_in);
}

StockDlib::~StockDlib() = default;

std::size_t StockDlib::detect(const Image& frame) { return networks_->detector(view_of(frame)).size(); }

std::optional<StockDlib::Reading> StockDlib::read(const Image& frame) {
    const auto view = view_of(frame);
    const auto found = networks_->detector(view);
    if (found.empty()) return std::nullopt;
    const auto largest =
        *std::max_element(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.area() < b.area(); });
    const auto shape = networks_->points(view, largest);
    dlib::matrix<dlib::rgb_pixel> chip;
    dlib::extract_image_chip(view, dlib::get_face_chip_details(shape, 150, 0.25), chip);
    const dlib::matrix<float, 0, 1> values = networks_->embedder(chip);
    Reading out{{static_cast<int>(largest.left()), static_cast<int>(largest.top()), static_cast<int>(largest.width()),
                 static_cast<int>(largest.height())},
                {values.begin(), values.end()}};
    normalise(out.values);
    return out;
}

bool set_blas_threads(int threads) {
    const auto set = reinterpret_cast<void (*)(int)>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
    if (set == nullptr) return false;
    set(threads);
    return true;
}

}  // namespace menshen::models::bench
