#include <turbojpeg.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

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

namespace {

using Bytes = std::vector<std::uint8_t>;

/// `file` with a marker segment behind its first two bytes.
Bytes with_segment(Bytes file, std::uint8_t marker, const Bytes& body) {
    const auto length = body.size() + 2;
    Bytes segment = {0xFF, marker, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
    segment.insert(segment.end(), body.begin(), body.end());
    file.insert(file.begin() + 2, segment.begin(), segment.end());
    return file;
}

Bytes exif(int orientation) {
    return {'E', 'x', 'i', 'f',  0,    0, 'M', 'M', 0, '*', 0, 0, 0,
            8,   0,   1,   0x01, 0x12, 0, 3,   0,   0, 0,   1, 0, static_cast<std::uint8_t>(orientation),
            0,   0,   0,   0,    0,    0};
}

Bytes compressed(const Image& picture, int format, int flags) {
    const std::unique_ptr<void, int (*)(tjhandle)> jpeg(tjInitCompress(), tjDestroy);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    REQUIRE(tjCompress2(jpeg.get(), picture.rgb.data(), picture.width, 0, picture.height, format, &out, &size,
                        format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, 95, flags) == 0);
    Bytes file(out, out + size);
    tjFree(out);
    return file;
}

/// Red, green, blue, white in the corners: top left, top right, bottom left, bottom right.
Image corners() {
    Image picture{32, 16, Bytes(32 * 16 * 3)};
    for (int y = 0; y < 16; ++y) {
        for (int x = 0; x < 32; ++x) {
            auto* pixel = &picture.rgb[static_cast<std::size_t>(y * 32 + x) * 3];
            const bool right = x >= 16, bottom = y >= 8;
            pixel[0] = right == bottom ? 255 : 0;
            pixel[1] = right ? 255 : 0;
            pixel[2] = bottom ? 255 : 0;
        }
    }
    return picture;
}

std::string corner_letters(const Image& picture) {
    std::string letters;
    for (const auto& [x, y] :
         {std::pair{2, 2}, {picture.width - 3, 2}, {2, picture.height - 3}, {picture.width - 3, picture.height - 3}}) {
        const auto* pixel = &picture.rgb[static_cast<std::size_t>(y * picture.width + x) * 3];
        const bool red = pixel[0] > 128, green = pixel[1] > 128, blue = pixel[2] > 128;
        letters += red && green && blue ? 'W' : red ? 'R' : green ? 'G' : blue ? 'B' : '?';
    }
    return letters;
}

}  // namespace

TEST_CASE("a JPEG comes upright at all eight EXIF orientations", "[unit]") {
    // Where the stored corners go: EXIF 2.3, 4.6.4, "Orientation".
    const auto [orientation, letters] = GENERATE(table<int, std::string>({{1, "RGBW"},
                                                                          {2, "GRWB"},
                                                                          {3, "WBGR"},
                                                                          {4, "BWRG"},
                                                                          {5, "RBGW"},
                                                                          {6, "BRWG"},
                                                                          {7, "WGBR"},
                                                                          {8, "GWRB"},
                                                                          {0, "RGBW"},
                                                                          {9, "RGBW"}}));
    CAPTURE(orientation);
    const auto read = decode(with_segment(as_jpeg(corners()), 0xE1, exif(orientation)));
    REQUIRE(read);
    CHECK(read->width == (orientation >= 5 && orientation <= 8 ? 16 : 32));
    CHECK(corner_letters(*read) == letters);
}

TEST_CASE("an EXIF block cut anywhere does no harm", "[unit]") {
    const auto whole = exif(6);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        REQUIRE(decode(with_segment(as_jpeg(corners()), 0xE1, cut)));
    }
}

TEST_CASE("grey and CMYK pictures come as RGB", "[unit]") {
    const auto grey = decode(compressed({16, 16, Bytes(16 * 16, 90)}, TJPF_GRAY, 0));
    REQUIRE(grey);
    CHECK(largest_difference(*grey, {16, 16, Bytes(16 * 16 * 3, 90)}) < 4);
    Image ink{16, 16, {}};
    for (int i = 0; i < 16 * 16; ++i) ink.rgb.insert(ink.rgb.end(), {0, 255, 255, 255});
    const auto file = compressed(ink, TJPF_CMYK, 0);
    const auto read = decode(file);
    REQUIRE(read);
    REQUIRE(read->rgb.size() == 16 * 16 * 3);
    // libjpeg writes Adobe's marker, so 255 is no ink: all cyan and nothing else.
    CHECK(read->rgb[0] < 8);
    CHECK(read->rgb[1] > 247);
    CHECK(read->rgb[2] > 247);
}

TEST_CASE("a cut file of any length is refused, or was whole but for what stands behind the picture", "[unit]") {
    const auto whole =
        GENERATE(compressed(gradient(40, 30), TJPF_RGB, TJFLAG_PROGRESSIVE), as_jpeg(gradient(40, 30)), as_png(gradient(40, 30)));
    const auto picture = decode(whole);
    REQUIRE(picture);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length, whole.size());
        const auto read = decode(std::span(whole).first(length));
        if (read) REQUIRE(read->rgb == picture->rgb);
        if (!read) REQUIRE_FALSE(read.error().message.empty());
    }
}

TEST_CASE("one pixel is a picture", "[unit]") {
    CHECK(decode(as_jpeg(gradient(1, 1))));
    CHECK(decode(as_png(gradient(1, 1))));
}

TEST_CASE("pictures that cost too much memory or time are refused with what to do", "[unit]") {
    auto bomb = as_jpeg(gradient(16, 16));
    const auto set_size = [&](std::uint16_t side) {
        std::size_t at = 0;
        while (!(bomb[at] == 0xFF && bomb[at + 1] == 0xC0)) ++at;
        for (const std::size_t offset : {5u, 7u}) {
            bomb[at + offset] = static_cast<std::uint8_t>(side >> 8);
            bomb[at + offset + 1] = static_cast<std::uint8_t>(side);
        }
    };
    set_size(65000);
    CHECK(decode(bomb).error().message.find("at most 8192 x 8192") != std::string::npos);
    set_size(8000);
    CHECK(decode(bomb).error().message.find("64 megapixels; at most 50") != std::string::npos);

    auto progressive = compressed(gradient(64, 64), TJPF_RGB, TJFLAG_PROGRESSIVE);
    REQUIRE(decode(progressive));
    const Bytes scan = {0xFF, 0xDA};
    for (int i = 0; i < 200; ++i) progressive.insert(progressive.end() - 2, scan.begin(), scan.end());
    CHECK(decode(progressive).error().message.find("times through its picture") != std::string::npos);
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
