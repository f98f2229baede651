#include <turbojpeg.h>

#include <algorithm>
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
using menshen::models::test::check_sum;
using menshen::models::test::gradient;
using menshen::models::test::with_segment;

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

using menshen::models::test::Bytes;

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

}  // namespace

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

TEST_CASE("CMYK without Adobe's marker is ink and not its inverse", "[unit]") {
    Image ink{16, 16, {}};
    for (int i = 0; i < 16 * 16; ++i) ink.rgb.insert(ink.rgb.end(), {0, 255, 255, 255});
    auto file = compressed(ink, TJPF_CMYK, 0);
    const Bytes marker = {0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e'};
    const auto adobe = std::search(file.begin(), file.end(), marker.begin(), marker.end());
    REQUIRE(adobe != file.end());
    file.erase(adobe, adobe + 16);
    const auto read = decode(file);
    REQUIRE(read);
    REQUIRE(read->rgb.size() == 16 * 16 * 3);
    CHECK(largest_difference(*read, {16, 16, Bytes(16 * 16 * 3, 0)}) < 8);  // Full of black ink.
}

TEST_CASE("a large photograph comes scaled down, and as large as it was when it fits", "[unit]") {
    struct Size {
        int width, height, scaled_width, scaled_height;
    };
    // 12, 50 and 108 megapixels, as telephones take them.
    const auto size = GENERATE(Size{2048, 16, 2048, 16}, Size{4000, 3000, 2000, 1500}, Size{8160, 6120, 2040, 1530},
                               Size{12000, 9000, 1500, 1125});
    CAPTURE(size.width);
    const auto file =
        compressed({size.width, size.height, Bytes(static_cast<std::size_t>(size.width) * size.height, 77)}, TJPF_GRAY, 0);
    // With a thumbnail in a comment and a clip behind it: scans nobody decodes.
    auto telephone = with_segment(file, 0xE2, as_jpeg(gradient(8, 8)));
    const auto clip = compressed(gradient(8, 8), TJPF_RGB, TJFLAG_PROGRESSIVE);
    telephone.insert(telephone.end(), clip.begin(), clip.end());
    const auto read = decode(telephone);
    if (!read) FAIL(read.error().message);
    CHECK(read->width == size.scaled_width);
    CHECK(read->height == size.scaled_height);
    REQUIRE(read->rgb.size() == static_cast<std::size_t>(read->width) * read->height * 3);
    CHECK(read->rgb.front() == 77);
    CHECK(read->rgb.back() == 77);
}

TEST_CASE("a large PNG is averaged", "[unit]") {
    const auto read = decode(as_png(gradient(4096, 2050)));
    REQUIRE(read);
    CHECK(read->width == 2048);
    CHECK(read->height == 1025);
    REQUIRE(read->rgb.size() == 2048 * 1025 * 3);
    CHECK(largest_difference(*read, gradient(2048, 1025)) < 3);
    const auto thin = decode(as_png(gradient(1, 16000)));
    REQUIRE(thin);
    CHECK(thin->width == 1);
    CHECK(thin->height == 2000);
}

namespace {

struct PngKind {
    int colour, depth, interlace;
};

/// 16 x 8 pixels, every sample in the middle of its range; a palette's only entry is that too.
Bytes png_of(const PngKind& kind) {
    Bytes file;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    const auto append = [](png_structp to, png_bytep bytes, png_size_t size) {
        auto& out = *static_cast<Bytes*>(png_get_io_ptr(to));
        out.insert(out.end(), bytes, bytes + size);
    };
    png_set_write_fn(png, &file, append, nullptr);
    png_set_IHDR(png, info, 16, 8, kind.depth, kind.colour, kind.interlace, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    const png_color middle = {128, 128, 128};
    const bool palette = kind.colour == PNG_COLOR_TYPE_PALETTE;
    if (palette) png_set_PLTE(png, info, &middle, 1);
    Bytes row(16 * 8, palette ? 0 : 128);
    std::vector<png_bytep> rows(8, row.data());
    png_set_rows(png, info, rows.data());
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
    png_destroy_write_struct(&png, &info);
    return file;
}

}  // namespace

TEST_CASE("a PNG of every kind comes as RGB, and cut anywhere never as half of it", "[unit]") {
    const auto kind = GENERATE(PngKind{PNG_COLOR_TYPE_GRAY, 8, 0}, PngKind{PNG_COLOR_TYPE_GRAY, 16, 0},
                               PngKind{PNG_COLOR_TYPE_GRAY_ALPHA, 8, 1}, PngKind{PNG_COLOR_TYPE_GRAY_ALPHA, 16, 1},
                               PngKind{PNG_COLOR_TYPE_PALETTE, 1, 0}, PngKind{PNG_COLOR_TYPE_PALETTE, 8, 1},
                               PngKind{PNG_COLOR_TYPE_RGB, 8, 1}, PngKind{PNG_COLOR_TYPE_RGB, 16, 1},
                               PngKind{PNG_COLOR_TYPE_RGB_ALPHA, 8, 0}, PngKind{PNG_COLOR_TYPE_RGB_ALPHA, 16, 1});
    CAPTURE(kind.colour, kind.depth, kind.interlace);
    auto file = png_of(kind);
    for (std::size_t length = 0; length < file.size(); ++length) {
        const auto read = decode(std::span(file).first(length));
        if (read) REQUIRE(read->rgb.size() == 16 * 8 * 3);
        if (read) REQUIRE(largest_difference(*read, {16, 8, Bytes(16 * 8 * 3, 128)}) < 3);
    }
    file.resize(file.size() + 100, 0xFF);  // Garbage behind it harms nobody.
    const auto read = decode(file);
    REQUIRE(read);
    REQUIRE(read->rgb.size() == 16 * 8 * 3);
    CHECK(largest_difference(*read, {16, 8, Bytes(16 * 8 * 3, 128)}) < 3);
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
    CHECK(decode(bomb).error().message.find("at most 16384 x 16384") != std::string::npos);
    set_size(12000);
    CHECK(decode(bomb).error().message.find("144 megapixels; at most 120") != std::string::npos);
    set_size(8000);
    CHECK(decode(bomb).error().message.find("truncated") != std::string::npos);
    auto png = as_png(gradient(16, 16));
    // 8192 x 8192: width and height stand behind the first chunk's head, and its check sum behind them.
    const Bytes size = {0, 0, 0x20, 0, 0, 0, 0x20, 0};
    std::copy(size.begin(), size.end(), png.begin() + 16);
    const auto sum = check_sum(std::span(png).subspan(12, 17));
    for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
    CHECK(decode(png).error().message.find("67 megapixels; at most 50") != std::string::npos);

    auto progressive = compressed(gradient(64, 64), TJPF_RGB, TJFLAG_PROGRESSIVE);
    REQUIRE(decode(progressive));
    const Bytes scan = {0xFF, 0xDA, 0, 2};
    for (int i = 0; i < 5000; ++i) progressive.insert(progressive.end() - 2, scan.begin(), scan.end());
    CHECK(decode(progressive).error().message.find("times through its picture") != std::string::npos);
    // A comment of an impossible length, and a marker without one, hide no scan.
    for (const Bytes& cloak : {Bytes{0xFF, 0xFE, 0, 0}, Bytes{0xFF, 0x01}}) {
        auto hidden = progressive;
        hidden.insert(hidden.begin() + 2, cloak.begin(), cloak.end());
        CHECK(decode(hidden).error().message.find("times through its picture") != std::string::npos);
    }
    CHECK(decode(compressed(gradient(4096, 4096), TJPF_RGB, TJFLAG_PROGRESSIVE)).error().message.find("at most 16 are read") !=
          std::string::npos);
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
