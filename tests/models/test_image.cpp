#include <cstdlib>

#include "tests/models/pictures.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::as_jpeg;
using menshen::models::test::as_png;
using menshen::models::test::gradient;

namespace {

int largest_difference(const Image& a, const Image& b) {
    int most = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) most = std::max(most, std::abs(a.rgb[i] - b.rgb[i]));
    return most;
}

}  // namespace

TEST_CASE("a JPEG comes back as it was, red first", "[unit]") {
    const auto picture = gradient(64, 48);
    const auto read = decode(as_jpeg(picture));
    REQUIRE(read);
    REQUIRE(read->width == 64);
    REQUIRE(read->height == 48);
    REQUIRE(read->rgb.size() == picture.rgb.size());
    CHECK(largest_difference(*read, picture) < 12);
}

TEST_CASE("a PNG comes back exactly", "[unit]") {
    const auto picture = gradient(31, 17);
    const auto read = decode(as_png(picture));
    REQUIRE(read);
    CHECK(read->rgb == picture.rgb);
}

TEST_CASE("a file cut short is an error at every length, never a picture with a grey rest", "[unit]") {
    const auto whole = GENERATE(as_jpeg(gradient(200, 150)), as_png(gradient(200, 150)));
    for (std::size_t length = 8; length + 16 < whole.size(); length += 1 + whole.size() / 97) {
        CAPTURE(length, whole.size());
        const auto read = decode(std::span(whole).first(length));
        REQUIRE_FALSE(read);
        REQUIRE(read.error().message.find("truncated") != std::string::npos);
    }
}

TEST_CASE("what is no picture is refused with what to do", "[unit]") {
    const std::vector<std::uint8_t> garbage(500, 0x5A);
    CHECK(decode({}).error().message.find("empty") != std::string::npos);
    CHECK(decode(garbage).error().message.find("neither a JPEG nor a PNG") != std::string::npos);
    const std::vector<std::uint8_t> huge(kMaxEncodedBytes + 1, 0xFF);
    CHECK(decode(huge).error().message.find("at most 20 MB") != std::string::npos);
}

TEST_CASE("a picture of too many pixels is refused before memory is taken for it", "[unit]") {
    auto file = as_png(gradient(16, 16));
    // Width and height stand behind the first chunk's head, big-endian; the check sum no longer fits, and must not matter.
    file[16] = 0x00;
    file[17] = 0x01;
    const auto read = decode(file);
    REQUIRE_FALSE(read);
}

TEST_CASE("frames: bgr24 is turned, a wrong size is refused", "[unit]") {
    Frame frame{DeviceId("cam"), FrameFormat::bgr24, 2, 1,
                std::make_shared<const std::vector<std::uint8_t>>(std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6})};
    const auto picture = picture_of(frame);
    REQUIRE(picture);
    CHECK(picture->rgb == std::vector<std::uint8_t>{3, 2, 1, 6, 5, 4});
    frame.width = 3;
    CHECK(picture_of(frame).error().message == "a bgr24 frame of 3 x 1 needs 9 bytes, this one has 6");
    frame.bytes = nullptr;
    CHECK_FALSE(picture_of(frame));
}
