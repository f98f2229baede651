#include "drivers/v4l2_camera/jpeg_check.hpp"

#include <algorithm>

namespace menshen::drivers::v4l2_camera {

namespace {

constexpr std::size_t kMostBytes = 20'000'000;  // As of a picture file.
constexpr std::size_t kMostFilling = 4096;      // Some cameras fill their last packet.
constexpr int kMostSegments = 64;               // Before the frame header; a dozen are usual.

constexpr bool stands_alone(std::uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

/// SOF0 to SOF15; C4, C8 and CC of that row are something else.
constexpr bool begins_frame(std::uint8_t marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool has_end(std::span<const std::uint8_t> bytes) {
    const auto tail = bytes.last(std::min(bytes.size(), kMostFilling));
    for (std::size_t at = tail.size(); at >= 2; --at)
        if (tail[at - 2] == 0xFF && tail[at - 1] == 0xD9) return true;
    return false;
}

Result<Size> size_in(std::span<const std::uint8_t> body) {
    if (body.size() < 6) return fail("its frame header is too short");
    const Size size{body[3] << 8 | body[4], body[1] << 8 | body[2]};
    if (size.width < 1 || size.height < 1 || size.width > kLongestSide || size.height > kLongestSide)
        return fail("its size of {} cannot be", text_of(size));
    return size;
}

}  // namespace

Result<Size> check_jpeg(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > kMostBytes) return fail("it has {} bytes; a picture may have {}", bytes.size(), kMostBytes);
    if (bytes.size() < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8) return fail("it does not begin as a JPEG picture");
    std::size_t at = 2;
    for (int segments = 0; segments < kMostSegments && bytes.size() - at >= 4; ++segments) {
        if (bytes[at] != 0xFF) return fail("its headers are damaged");
        const auto marker = bytes[at + 1];
        if (marker == 0xFF) {  // Filling.
            ++at;
            continue;
        }
        if (stands_alone(marker)) {
            at += 2;
            continue;
        }
        if (marker == 0x00 || marker == 0xD9 || marker == 0xDA) return fail("it has no frame header");
        const std::size_t length = static_cast<std::size_t>(bytes[at + 2]) << 8 | bytes[at + 3];
        if (length < 2 || length > bytes.size() - at - 2) return fail("it ends within its headers");
        if (begins_frame(marker)) {
            auto size = size_in(bytes.subspan(at + 4, length - 2));
            if (size && !has_end(bytes.subspan(at + 2 + length))) return fail("it ends without an end mark");
            return size;
        }
        at += 2 + length;
    }
    return fail("it ends within its headers");
}

}  // namespace menshen::drivers::v4l2_camera
