#pragma once
/// Whether the bytes a camera calls a JPEG picture can be one. Pure.

#include <cstdint>
#include <span>

#include "core/result.hpp"
#include "drivers/v4l2_camera/offer.hpp"

namespace menshen::drivers::v4l2_camera {

/// The size from the frame header. Fails with the reason when the bytes do not begin as a JPEG picture, end before or without the
/// end mark, or give a size that cannot be (ITU T.81, B.1.1 and B.2). Looks at the headers and the end only: whether the picture
/// between them is whole is for the decoder to say. Filling behind the end mark is taken.
[[nodiscard]] Result<Size> check_jpeg(std::span<const std::uint8_t> bytes);

}  // namespace menshen::drivers::v4l2_camera
