#pragma once
/// Pictures that come as brightness and colour, made blue, green and red. Pure.

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.hpp"
#include "drivers/v4l2_camera/offer.hpp"

namespace menshen::drivers::v4l2_camera {

enum class Matrix : std::uint8_t { bt601, bt709 };
enum class Range : std::uint8_t {
    limited,  ///< Black is 16, white 235.
    full,
};

/// How the bytes of a picture lie and what they mean.
struct Layout {
    Encoding encoding = Encoding::yuyv;
    Size size;
    std::size_t stride = 0;  ///< Bytes from a row to the next; more than the row needs when the driver fills it up.
    Matrix matrix = Matrix::bt601;
    Range range = Range::limited;
};

/// The bytes one row needs at least, without filling; 0 for MJPEG.
[[nodiscard]] std::size_t least_stride(Encoding encoding, int width);
/// The bytes a picture has at least: behind the last row no filling is needed. 0 for MJPEG.
[[nodiscard]] std::size_t bytes_needed(const Layout& layout);

/// As FrameFormat::bgr24. Fails when the layout cannot be (an odd side where two pixels share a colour, a row longer than its
/// stride) or there are too few bytes for it; more are not looked at.
[[nodiscard]] Result<std::vector<std::uint8_t>> to_bgr(const Layout& layout, std::span<const std::uint8_t> bytes);

}  // namespace menshen::drivers::v4l2_camera
