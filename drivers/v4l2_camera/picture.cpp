#include "drivers/v4l2_camera/picture.hpp"

#include "drivers/v4l2_camera/jpeg_check.hpp"

namespace menshen::drivers::v4l2_camera {

Result<Size> check_picture(const Layout& layout, std::span<const std::uint8_t> bytes) {
    if (layout.encoding == Encoding::mjpeg) return check_jpeg(bytes);
    if (bytes.size() < bytes_needed(layout)) return fail("it has {} bytes of {}", bytes.size(), bytes_needed(layout));
    return layout.size;
}

Result<Picture> make_picture(const Layout& layout, std::span<const std::uint8_t> bytes) {
    const auto size = check_picture(layout, bytes);
    if (!size) return tl::unexpected(size.error());
    if (layout.encoding == Encoding::mjpeg)
        return Picture{FrameFormat::encoded, *size,
                       std::make_shared<const std::vector<std::uint8_t>>(bytes.begin(), bytes.end())};
    auto bgr = to_bgr(layout, bytes);
    if (!bgr) return tl::unexpected(bgr.error());
    return Picture{FrameFormat::bgr24, *size, std::make_shared<const std::vector<std::uint8_t>>(std::move(*bgr))};
}

}  // namespace menshen::drivers::v4l2_camera
