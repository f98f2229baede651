#pragma once
/// What came in a buffer, as a picture. Pure.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/frame.hpp"
#include "core/result.hpp"
#include "drivers/v4l2_camera/yuv.hpp"

namespace menshen::drivers::v4l2_camera {

/// Cheap: the size of the picture, or why the bytes cannot be one.
[[nodiscard]] Result<Size> check_picture(const Layout& layout, std::span<const std::uint8_t> bytes);

struct Picture {
    FrameFormat format = FrameFormat::encoded;
    Size size;
    std::shared_ptr<const std::vector<std::uint8_t>> bytes;
};

/// MJPEG goes on as it came, copied; everything else is converted. Fails as check_picture() does.
[[nodiscard]] Result<Picture> make_picture(const Layout& layout, std::span<const std::uint8_t> bytes);

}  // namespace menshen::drivers::v4l2_camera
