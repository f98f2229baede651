#pragma once
/// A picture on its way from a camera driver to the vision worker.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/id.hpp"

namespace menshen {

/// How the bytes of a frame are to be read.
enum class FrameFormat : std::uint8_t {
    encoded,  ///< A JPEG or PNG file; the vision worker decodes it off the loop.
    bgr24,    ///< width * height * 3 bytes, rows from the top, blue first.
};

/// Shared and never changed: a frame is handed between threads without a copy.
struct Frame {
    DeviceId camera;
    FrameFormat format = FrameFormat::encoded;
    int width = 0;   ///< Pixels; 0 when encoded.
    int height = 0;  ///< Pixels; 0 when encoded.
    std::shared_ptr<const std::vector<std::uint8_t>> bytes;
};

}  // namespace menshen
