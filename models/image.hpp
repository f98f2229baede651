#pragma once
/// A decoded picture, and how the bytes of a photograph become one.

#include <cstdint>
#include <span>
#include <vector>

#include "core/frame.hpp"
#include "core/result.hpp"

namespace menshen::models {

/// Rows from the top, red first, three bytes a pixel, no padding between rows.
struct Image {
    int width = 0;   ///< Pixels.
    int height = 0;  ///< Pixels.
    std::vector<std::uint8_t> rgb;
};

inline constexpr std::size_t kMaxEncodedBytes = 20u << 20;  ///< A larger file is refused before it is looked at.
inline constexpr int kMaxSide = 8192;  ///< Pixels; a larger picture is refused before memory is taken for it.

/// Reads a JPEG or PNG file. A file that ends early is an error and never a picture with a grey rest; so are an empty file, an
/// unknown format and a picture beyond the limits above. Pure; any thread.
[[nodiscard]] Result<Image> decode(std::span<const std::uint8_t> file);

/// The picture of a camera's frame, whichever its format. A bgr24 frame whose bytes do not fit its size is an error.
[[nodiscard]] Result<Image> picture_of(const Frame& frame);

}  // namespace menshen::models
