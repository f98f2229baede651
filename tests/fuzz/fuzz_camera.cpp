// Whatever a USB camera puts into a buffer, in whatever layout its driver claims: no crash, and every promise holds.
//
// As bytes: how they are to be read, width, height, bytes of a row; the rest is the picture.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "drivers/v4l2_camera/picture.hpp"

using namespace menshen;
using namespace menshen::drivers::v4l2_camera;

namespace {

void promise(bool kept, const char* words) {
    if (kept) return;
    std::fprintf(stderr, "promise broken: %s\n", words);
    std::abort();
}

bool is_sane(Size size) { return size.width > 0 && size.height > 0 && size.width <= kLongestSide && size.height <= kLongestSide; }

void check(const Layout& layout, const std::vector<std::uint8_t>& bytes) {
    const auto size = check_picture(layout, bytes);
    const auto picture = make_picture(layout, bytes);
    if (!size) {
        promise(!picture, "what the check refuses becomes no picture");
        promise(!size.error().message.empty(), "the reason is told");
    }
    if (!picture) return;
    promise(is_sane(picture->size), "the size of a picture can be");
    if (layout.encoding == Encoding::mjpeg) {
        promise(picture->format == FrameFormat::encoded && *picture->bytes == bytes, "MJPEG goes on as it came");
    } else {
        const auto pixels = static_cast<std::size_t>(picture->size.width) * static_cast<std::size_t>(picture->size.height);
        promise(picture->format == FrameFormat::bgr24 && picture->bytes->size() == 3 * pixels, "raw pictures fill their size");
        promise(picture->size == layout.size, "raw pictures have the size agreed on");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    Layout layout;
    layout.encoding = static_cast<Encoding>(data[0] % 3);
    layout.matrix = data[0] / 3 % 2 == 0 ? Matrix::bt601 : Matrix::bt709;
    layout.range = data[0] / 6 % 2 == 0 ? Range::limited : Range::full;
    layout.size = {static_cast<int>(data[1]), static_cast<int>(data[2])};
    layout.stride = data[3];
    // Bytes of its own, so that a sanitizer sees the first one read beyond them.
    check(layout, {data + 4, data + size});
    return 0;
}
