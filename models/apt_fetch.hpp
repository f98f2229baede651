#pragma once
/// Downloads parts of a Debian source package with the machine's own apt, without touching the machine's apt settings.

#include <functional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "models/manifest.hpp"

namespace menshen::models {

struct AptFetch {
    std::string work;  ///< An empty folder of our own: package lists and the archives go in here.
    std::function<void(const std::string&)> say;
};

/// Puts the archives into `work`, each under its own file name and only with its right hash. Needs no root.
[[nodiscard]] Result<void> download_archives(const std::vector<const Archive*>& archives, const AptFetch& fetch);

}  // namespace menshen::models
