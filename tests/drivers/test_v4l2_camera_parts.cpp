// What is pure of a USB camera: what it offers, whether its bytes can be a picture, and how they become one.
#include <linux/videodev2.h>

#include <random>

#include "drivers/v4l2_camera/jpeg_check.hpp"
#include "drivers/v4l2_camera/picture.hpp"
#include "tests/drivers/fake_video_port.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers::v4l2_camera;

namespace {

constexpr std::uint32_t kMjpeg = V4L2_PIX_FMT_MJPEG, kYuyv = V4L2_PIX_FMT_YUYV, kNv12 = V4L2_PIX_FMT_NV12,
                        kH264 = V4L2_PIX_FMT_H264;

Choice chosen(const std::vector<OfferedFormat>& offered, const Wish& wish) {
    const auto choice = choose(offered, wish);
    REQUIRE(choice);
    return *choice;
}

std::string refusal(const std::vector<OfferedFormat>& offered, const Wish& wish) {
    const auto choice = choose(offered, wish);
    REQUIRE_FALSE(choice);
    return choice.error().message;
}

using Bytes = std::vector<std::uint8_t>;

Bytes bgr_of(const Layout& layout, const Bytes& bytes) {
    auto bgr = to_bgr(layout, bytes);
    REQUIRE(bgr);
    return *bgr;
}

}  // namespace

TEST_CASE("v4l2: the nearest size counts most, then how often, then MJPEG", "[unit]") {
    const auto offers = make_webcam()->offers;
    CHECK(chosen(offers, {}) == Choice{kMjpeg, {1280, 720}, {1, 15}});
    CHECK(chosen(offers, {.size = {640, 480}, .fps = 20}) == Choice{kMjpeg, {640, 480}, {1, 30}});
    CHECK(chosen(offers, {.size = {800, 600}, .fps = 60}) == Choice{kMjpeg, {640, 480}, {1, 30}});
    CHECK(chosen(offers, {.size = {3840, 2160}, .fps = 1}) == Choice{kMjpeg, {1280, 720}, {1, 15}});
    CHECK(chosen(offers, {.encoding = Encoding::yuyv}) == Choice{kYuyv, {1280, 720}, {1, 10}});

    // Raw pictures of the size wished for rather than compressed ones of another.
    const std::vector<OfferedFormat> odd{{kMjpeg, "", {{{640, 480}, {{1, 30}}}}}, {kNv12, "", {{{1280, 720}, {{1, 5}}}}}};
    CHECK(chosen(odd, {}) == Choice{kNv12, {1280, 720}, {1, 5}});
    // What comes often enough rather than MJPEG.
    const std::vector<OfferedFormat> slow{{kMjpeg, "", {{{1280, 720}, {{1, 5}}}}}, {kYuyv, "", {{{1280, 720}, {{1001, 15000}}}}}};
    CHECK(chosen(slow, {}) == Choice{kYuyv, {1280, 720}, {1001, 15000}});
}

TEST_CASE("v4l2: what a driver does not say is taken as wished", "[unit]") {
    CHECK(chosen({{kYuyv, "", {}}}, {.size = {800, 600}, .fps = 7}) == Choice{kYuyv, {800, 600}, {1, 7}});
    CHECK(chosen({{kYuyv, "", {{{320, 240}, {}}}}}, {}) == Choice{kYuyv, {320, 240}, {1, 15}});
    CHECK(chosen({{kYuyv, "", {{{320, 240}, {{0, 30}, {1, 0}}}}}}, {}) == Choice{kYuyv, {320, 240}, {1, 15}});
    CHECK(chosen({{kYuyv, "", {{{0, 720}, {}}, {{1 << 20, 8}, {}}, {{160, 120}, {}}}}}, {}).size == Size{160, 120});
}

TEST_CASE("v4l2: formats that are not understood are listed", "[unit]") {
    CHECK(refusal({{kH264, "H.264", {}}, {0x00000201, "", {}}}, {}) ==
          "it has no format that is understood here: it has H264 (H.264), ????; understood are MJPG, JPEG, YUYV and NV12");
    CHECK(refusal({}, {}) ==
          "it has no format that is understood here: it has nothing; understood are MJPG, JPEG, YUYV and NV12");
    CHECK(refusal({{kMjpeg, "Motion-JPEG", {}}, {kH264, "H.264", {}}}, {.encoding = Encoding::yuyv}) ==
          "it has no yuyv, it has MJPG (Motion-JPEG), H264 (H.264); take format: auto");
    CHECK(refusal({{kMjpeg, "", {{{0, 0}, {}}}}}, {}) == "every size it offers is beyond 8192 pixels");
    CHECK(text_of(v4l2_fourcc('Y', '1', '6', ' ')) == "Y16");
}

TEST_CASE("v4l2: the nearest size and rate of a range", "[unit]") {
    const SizeRange range{{160, 120}, {1920, 1080}, {16, 8}};
    CHECK(nearest_size(range, {1280, 720}) == Size{1280, 720});
    CHECK(nearest_size(range, {1287, 725}) == Size{1280, 728});
    CHECK(nearest_size(range, {3840, 100}) == Size{1920, 120});
    CHECK(nearest_size({{48, 32}, {48, 32}, {0, 0}}, {640, 480}) == Size{48, 32});
    CHECK(nearest_size({{2, 2}, {1000, 1000}, {0, 0}}, {641, 481}) == Size{641, 481});
    const IntervalRange rates{{1, 30}, {1, 5}};
    CHECK(nearest_interval(rates, 15) == Interval{1, 15});
    CHECK(nearest_interval(rates, 60) == Interval{1, 30});
    CHECK(nearest_interval(rates, 1) == Interval{1, 5});
    CHECK(nearest_interval({{0, 0}, {0, 0}}, 15) == Interval{1, 15});
}

TEST_CASE("v4l2: a JPEG picture is known by its headers and its end", "[unit]") {
    const auto good = small_jpeg({640, 480});
    REQUIRE(check_jpeg(good));
    CHECK(*check_jpeg(good) == Size{640, 480});
    auto filled = good;
    filled.resize(good.size() + 2000);
    CHECK(check_jpeg(filled));
    filled.resize(good.size() + 5000);
    CHECK_FALSE(check_jpeg(filled));

    const auto why = [](const Bytes& bytes) {
        const auto size = check_jpeg(bytes);
        return size ? "nothing" : size.error().message;
    };
    CHECK(why({}) == "it does not begin as a JPEG picture");
    CHECK(why(Bytes(1000)) == "it does not begin as a JPEG picture");
    CHECK(why({0xFF, 0xD8, 0xFF, 0xD9, 0, 0}) == "it has no frame header");
    CHECK(why({0xFF, 0xD8, 0xFF, 0xD9}) == "it ends within its headers");
    CHECK(why({0xFF, 0xD8, 0x12, 0x34, 0x56, 0x78}) == "its headers are damaged");
    CHECK(why(small_jpeg({0, 480})) == "its size of 0x480 cannot be");
    CHECK(why(small_jpeg({640, 0xFFFF})) == "its size of 640x65535 cannot be");
    CHECK(why(Bytes(21'000'000)) == "it has 21000000 bytes; a picture may have 20000000");
}

TEST_CASE("v4l2: a JPEG picture cut anywhere is refused, and no garbage is read beyond its end", "[unit]") {
    const auto good = small_jpeg({640, 480});
    for (std::size_t length = 0; length < good.size(); ++length) {
        CAPTURE(length);
        // Of its own, so that a sanitizer sees every byte beyond.
        CHECK_FALSE(check_jpeg(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length))));
    }
    std::mt19937 chance(7);
    int taken = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = good;
        bytes.resize(chance() % (2 * good.size()));
        for (int change = 0; change < 1 + round % 4 && !bytes.empty(); ++change)
            bytes[chance() % bytes.size()] = static_cast<std::uint8_t>(chance() % 3 == 0 ? 0xFF : chance());
        const auto size = check_jpeg(bytes);
        if (!size) continue;
        ++taken;
        CHECK((size->width >= 1 && size->width <= kLongestSide && size->height >= 1 && size->height <= kLongestSide));
    }
    CHECK(taken > 0);
}

TEST_CASE("v4l2: YUYV becomes blue, green, red", "[unit]") {
    const Layout one{.encoding = Encoding::yuyv, .size = {2, 1}, .stride = 4};
    CHECK(bgr_of(one, {16, 128, 235, 128}) == Bytes{0, 0, 0, 255, 255, 255});
    CHECK(bgr_of(one, {0, 128, 255, 128}) == Bytes{0, 0, 0, 255, 255, 255});
    // The colour bars of BT.601 at full strength: red is (81, 90, 240), blue (41, 240, 110), green (145, 54, 34).
    CHECK(bgr_of(one, {81, 90, 81, 240}) == Bytes{0, 0, 254, 0, 0, 254});
    CHECK(bgr_of(one, {41, 240, 41, 110}) == Bytes{255, 0, 0, 255, 0, 0});
    CHECK(bgr_of(one, {145, 54, 145, 34}) == Bytes{1, 255, 0, 1, 255, 0});

    Layout full = one;
    full.range = Range::full;
    CHECK(bgr_of(full, {16, 128, 235, 128}) == Bytes{16, 16, 16, 235, 235, 235});
    Layout hd = one;
    hd.matrix = Matrix::bt709;  // Its red is (63, 102, 240).
    CHECK(bgr_of(hd, {63, 102, 63, 240}) == Bytes{0, 1, 255, 0, 1, 255});
}

TEST_CASE("v4l2: rows of NV12 share their colours by two, and filled rows are passed over", "[unit]") {
    const Layout nv12{.encoding = Encoding::nv12, .size = {2, 2}, .stride = 3};
    const Bytes bytes{16, 235, 99, 235, 16, 99, 128, 128};
    CHECK(bgr_of(nv12, bytes) == Bytes{0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0});
    const Layout yuyv{.encoding = Encoding::yuyv, .size = {2, 2}, .stride = 6};
    CHECK(bgr_of(yuyv, {16, 128, 16, 128, 99, 99, 235, 128, 235, 128}) == Bytes{0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255});
}

TEST_CASE("v4l2: whatever the layout and however short the bytes, nothing is read beyond them", "[unit]") {
    std::mt19937 chance(11);
    int taken = 0;
    for (int round = 0; round < 20'000; ++round) {
        Layout layout;
        layout.encoding = static_cast<Encoding>(chance() % 3);
        layout.size = {static_cast<int>(chance() % 20) - 1, static_cast<int>(chance() % 20) - 1};
        layout.stride = chance() % 48;
        const Bytes bytes(chance() % 1000, 77);
        const auto bgr = to_bgr(layout, bytes);
        if (!bgr) continue;
        ++taken;
        CHECK(bytes.size() >= bytes_needed(layout));
        CHECK(bgr->size() == static_cast<std::size_t>(layout.size.width * layout.size.height * 3));
    }
    CHECK(taken > 100);
    const auto why = [](const Layout& layout, std::size_t bytes) {
        const auto bgr = to_bgr(layout, Bytes(bytes));
        return bgr ? "nothing" : bgr.error().message;
    };
    CHECK(why({Encoding::yuyv, {3, 1}, 6}, 6) == "its size of 3x1 is odd, where neighbours share a colour");
    CHECK(why({Encoding::yuyv, {4, 1}, 6}, 6) == "rows of 4 pixels cannot have 6 bytes");
    CHECK(why({Encoding::yuyv, {4, 2}, 8}, 15) == "it has 15 bytes of 16");
    CHECK(why({Encoding::nv12, {4, 2}, 4}, 11) == "it has 11 bytes of 12");
    CHECK(why({Encoding::yuyv, {1 << 20, 1 << 20}, 8}, 15) == "its size of 1048576x1048576 cannot be");
}

TEST_CASE("v4l2: MJPEG goes on as it came, everything else as bgr24", "[unit]") {
    const auto jpeg = small_jpeg({64, 48});
    const auto encoded = make_picture({.encoding = Encoding::mjpeg, .size = {640, 480}}, jpeg);
    REQUIRE(encoded);
    CHECK(encoded->format == FrameFormat::encoded);
    CHECK(*encoded->bytes == jpeg);
    CHECK(encoded->size == Size{64, 48});  // As the picture says, not as was agreed.
    const auto raw = make_picture({.encoding = Encoding::yuyv, .size = {2, 1}, .stride = 4}, Bytes{16, 128, 16, 128});
    REQUIRE(raw);
    CHECK(raw->format == FrameFormat::bgr24);
    CHECK(raw->bytes->size() == 6);
    CHECK_FALSE(make_picture({.encoding = Encoding::yuyv, .size = {2, 1}, .stride = 4}, Bytes{16, 128, 16}));
}
