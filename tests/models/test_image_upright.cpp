// Pictures that say which way is up, in JPEG and in PNG.
#include <string>
#include <utility>

#include "tests/models/pictures.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::as_jpeg;
using menshen::models::test::as_png;
using menshen::models::test::Bytes;
using menshen::models::test::check_sum;
using menshen::models::test::with_segment;

namespace {

Bytes exif(int orientation) {
    return {'E', 'x', 'i', 'f',  0,    0, 'M', 'M', 0, '*', 0, 0, 0,
            8,   0,   1,   0x01, 0x12, 0, 3,   0,   0, 0,   1, 0, static_cast<std::uint8_t>(orientation),
            0,   0,   0,   0,    0,    0};
}

struct Chunk {
    Bytes data;
    bool is_behind;  ///< Behind the picture, else before it.
};

/// The PNG file with one chunk more.
Bytes with_chunk(Bytes file, const std::string& type, const Chunk& chunk) {
    constexpr int kHead = 8 + 25, kEnd = 12;  // The mark and IHDR; IEND.
    Bytes all;
    const auto number = [&](std::size_t value) {
        for (int shift = 24; shift >= 0; shift -= 8) all.push_back(static_cast<std::uint8_t>(value >> shift));
    };
    number(chunk.data.size());
    all.insert(all.end(), type.begin(), type.end());
    all.insert(all.end(), chunk.data.begin(), chunk.data.end());
    number(check_sum(std::span(all).subspan(4)));
    file.insert(chunk.is_behind ? file.end() - kEnd : file.begin() + kHead, all.begin(), all.end());
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

TEST_CASE("a PNG comes upright as its EXIF chunk says, wherever that stands", "[unit]") {
    const auto [orientation, letters] = GENERATE(
        table<int, std::string>({{1, "RGBW"}, {3, "WBGR"}, {5, "RBGW"}, {6, "BRWG"}, {8, "GWRB"}, {0, "RGBW"}, {9, "RGBW"}}));
    CAPTURE(orientation);
    const bool is_behind = GENERATE(false, true);
    const auto plain = as_png(corners());
    const auto block = exif(orientation);
    const Bytes tiff(block.begin() + 6, block.end());
    const auto file = with_chunk(plain, "eXIf", {tiff, is_behind});
    const auto read = decode(file);
    REQUIRE(read);
    CHECK(read->width == (orientation >= 5 && orientation <= 8 ? 16 : 32));
    CHECK(corner_letters(*read) == letters);

    // The first one counts; a damaged one counts for nothing.
    const auto two = decode(with_chunk(file, "eXIf", {{tiff.begin(), tiff.end() - 8}, true}));
    REQUIRE(two);
    CHECK(corner_letters(*two) == letters);
    auto damaged = with_chunk(plain, "eXIf", {tiff, is_behind});
    damaged[(is_behind ? damaged.size() - 12 : 33 + 12 + tiff.size()) - 1] ^= 1;  // Its check sum.
    const auto as_it_is = decode(damaged);
    REQUIRE(as_it_is);
    CHECK(corner_letters(*as_it_is) == "RGBW");
    // Cut where the chunk may be missing, it is not known which way is up.
    for (std::size_t length = 0; length < file.size(); ++length) {
        CAPTURE(length);
        REQUIRE_FALSE(decode(std::span(file).first(length)));
    }
}

TEST_CASE("an EXIF chunk of a PNG cut anywhere, or too long, does no harm", "[unit]") {
    const auto block = exif(6);
    const Bytes whole(block.begin() + 6, block.end());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        REQUIRE(
            decode(with_chunk(as_png(corners()), "eXIf", {{whole.begin(), whole.begin() + static_cast<int>(length)}, false})));
    }
    auto large = whole;
    large.resize((1U << 16) + 1);
    const auto read = decode(with_chunk(as_png(corners()), "eXIf", {large, false}));
    REQUIRE(read);
    CHECK(corner_letters(*read) == "RGBW");
}

TEST_CASE("an EXIF block cut anywhere does no harm", "[unit]") {
    const auto whole = exif(6);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        REQUIRE(decode(with_segment(as_jpeg(corners()), 0xE1, cut)));
    }
}
