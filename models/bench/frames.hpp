#pragma once
/// Frames for the bench.

#include <string>

#include "core/result.hpp"
#include "models/image.hpp"

namespace menshen::models::bench {

/// A photograph scaled onto 640 x 480, its shape kept, the rest grey.
[[nodiscard]] Result<Image> frame_from(const std::string& path);

}  // namespace menshen::models::bench
