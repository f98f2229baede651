// A frame small and grey: as the whole picture would say, and never of a frame that cannot be read.
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "tests/models/pictures.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::as_jpeg;
using menshen::models::test::as_png;
using menshen::models::test::gradient;

namespace {

Frame encoded(std::vector<std::uint8_t> bytes) {
    return {DeviceId("cam"), FrameFormat::encoded, 0, 0, std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))};
}

Frame bgr24(const Image& image) {
    auto bytes = image.rgb;
    for (std::size_t i = 0; i < bytes.size(); i += 3) std::swap(bytes[i], bytes[i + 2]);
    return {DeviceId("cam"), FrameFormat::bgr24, image.width, image.height,
            std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))};
}

/// A grey picture with a bright quarter at its upper left.
Image quartered(int width, int height) {
    Image out{width, height, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) out.rgb.insert(out.rgb.end(), 3, x < width / 2 && y < height / 2 ? 200 : 60);
    return out;
}

/// A JPEG file with options that as_jpeg() does not have.
std::vector<std::uint8_t> jpeg_with(const Image& image, int subsampling, int flags) {
    tjhandle jpeg = tjInitCompress();
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    REQUIRE(tjCompress2(jpeg, image.rgb.data(), image.width, 0, image.height, TJPF_RGB, &bytes, &size, subsampling, 90, flags) ==
            0);
    std::vector<std::uint8_t> out(bytes, bytes + size);
    tjFree(bytes);
    tjDestroy(jpeg);
    return out;
}

struct Size {
    int width = 0, height = 0, small_width = 0, small_height = 0;
};

}  // namespace

TEST_CASE("a frame comes small and grey, from a JPEG file and from pixels", "[unit]") {
    const auto size = GENERATE(Size{1280, 720, 160, 90}, Size{640, 480, 160, 120}, Size{320, 240, 160, 120},
                               Size{1920, 1080, 240, 135}, Size{3840, 2160, 160, 90}, Size{160, 120, 160, 120}, Size{1, 1, 1, 1});
    const auto picture = quartered(size.width, size.height);
    for (const auto& frame : {encoded(as_jpeg(picture)), encoded(jpeg_with(picture, TJSAMP_420, 0)),
                              encoded(jpeg_with(picture, TJSAMP_GRAY, 0)), bgr24(picture)}) {
        const auto grey = small_grey_of(frame);
        REQUIRE(grey);
        CAPTURE(size.width, static_cast<int>(frame.format), grey->width, grey->height);
        if (frame.format == FrameFormat::encoded || size.width != 1920) {
            CHECK(grey->width == size.small_width);
            CHECK(grey->height == size.small_height);
        }
        REQUIRE(grey->levels.size() == static_cast<std::size_t>(grey->width) * static_cast<std::size_t>(grey->height));
        if (size.width == 1) continue;
        const auto at = [&](int x, int y) { return int{grey->levels[static_cast<std::size_t>(y * grey->width + x)]}; };
        CHECK(std::abs(at(grey->width / 4, grey->height / 4) - 200) < 4);
        CHECK(std::abs(at(grey->width * 3 / 4, grey->height / 4) - 60) < 4);
        CHECK(std::abs(at(grey->width / 4, grey->height * 3 / 4) - 60) < 4);
    }
}

TEST_CASE("a JPEG frame cut at any length is never seen small", "[unit]") {
    const auto whole = as_jpeg(gradient(640, 480));
    REQUIRE(small_grey_of(encoded(whole)));
    for (std::size_t length = 0; length + 16 < whole.size(); length += 1 + whole.size() / 197) {
        CAPTURE(length, whole.size());
        CHECK_FALSE(small_grey_of(encoded({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)})));
    }
}

TEST_CASE("what has to be decoded as a whole, or cannot be read, is not seen small", "[unit]") {
    const auto picture = gradient(320, 240);
    CHECK_FALSE(small_grey_of(encoded(as_png(picture))));
    CHECK_FALSE(small_grey_of(encoded(jpeg_with(picture, TJSAMP_420, TJFLAG_PROGRESSIVE))));
    CHECK_FALSE(small_grey_of(encoded({})));
    CHECK_FALSE(small_grey_of(encoded(std::vector<std::uint8_t>(500, 0x5A))));
    CHECK_FALSE(small_grey_of(encoded(as_jpeg(gradient(5000, 8)))));  // A strip: no block is as high as it is wide.
    CHECK_FALSE(small_grey_of({}));
    auto frame = bgr24(picture);
    frame.width += 1;
    CHECK_FALSE(small_grey_of(frame));
    frame.width = -1;
    CHECK_FALSE(small_grey_of(frame));
    frame.bytes = nullptr;
    CHECK_FALSE(small_grey_of(frame));
}
