#include <algorithm>
#include <opencv2/dnn.hpp>
#include <random>
#include <sstream>

#include "core/digest.hpp"
#include "models/cache.hpp"
#include "models/convert.hpp"
#include "models/dlib_resnet.hpp"
#include "tests/models/sample_photos.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

using Chip = dlib::matrix<dlib::rgb_pixel>;

/// Noise over slopes: every value of a pixel occurs, and so do edges.
Chip make_chip(unsigned seed) {
    std::mt19937 random(seed);
    Chip chip(150, 150);
    for (long y = 0; y < 150; ++y)
        for (long x = 0; x < 150; ++x)
            chip(y, x) = {static_cast<unsigned char>(x + random() % 40), static_cast<unsigned char>(y * seed),
                          static_cast<unsigned char>(random())};
    return chip;
}

cv::Mat pixels_of(const Chip& chip) {
    cv::Mat out(150, 150, CV_8UC3);
    for (int y = 0; y < 150; ++y)
        for (int x = 0; x < 150; ++x) out.at<cv::Vec3b>(y, x) = {chip(y, x).red, chip(y, x).green, chip(y, x).blue};
    return out;
}

}  // namespace

TEST_CASE("the converted network gives what dlib's own forward pass gives, to 1e-5", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto& model = *manifest().model("dlib-resnet-v1");
    const auto dat = load_verified(*cache, model);
    REQUIRE(dat);
    const auto onnx = resnet_to_onnx(*dat);
    REQUIRE(onnx);
    CHECK(to_hex(sha256(*onnx)) == model.converted.sha256);
    auto ours = cv::dnn::readNetFromONNX(onnx->data(), onnx->size());
    std::istringstream in(*dat);
    dlib_resnet::Network theirs;
    dlib::deserialize(theirs, in);

    for (unsigned seed = 1; seed <= 8; ++seed) {
        const auto chip = make_chip(seed);
        ours.setInput(cv::dnn::blobFromImage(pixels_of(chip)));
        const cv::Mat mine = ours.forward();
        const dlib::matrix<float, 0, 1> yours = theirs(chip);
        REQUIRE(mine.total() == 128);
        REQUIRE(yours.size() == 128);
        float most = 0, length = 0;
        for (int i = 0; i < 128; ++i) {
            most = std::max(most, std::abs(mine.ptr<float>()[i] - yours(i)));
            length += yours(i) * yours(i);
        }
        CAPTURE(seed, most);
        CHECK(length > 0.5F);  // Not zeros against zeros.
        CHECK(most < 1e-5F);
    }
}

TEST_CASE("what is not that network is refused", "[models]") {
    CHECK_FALSE(resnet_to_onnx(""));
    CHECK_FALSE(resnet_to_onnx("certainly not a network"));
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto dat = load_verified(*cache, *manifest().model("dlib-resnet-v1"));
    REQUIRE(dat);
    CHECK_FALSE(resnet_to_onnx(std::string_view(*dat).substr(0, dat->size() / 2)));
}
