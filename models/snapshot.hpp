#pragma once
/// What a camera sees, for whoever aims it.

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.hpp"
#include "models/found_face.hpp"
#include "models/image.hpp"

namespace menshen::models {

/// A JPEG of at most 1,280 pixels a side, with a frame around each face: green around the first when it is `usable`, else orange.
[[nodiscard]] Result<std::vector<std::uint8_t>> framed_jpeg(Image picture, std::span<const FoundFace> faces, bool usable);

}  // namespace menshen::models
