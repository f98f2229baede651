#pragma once
/// Fills the cache of model files, from the machine's own Debian mirror or from a folder. Part of the tool, not of the daemon.

#include <functional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "models/manifest.hpp"

namespace menshen::models {

struct FetchRequest {
    std::string dir;          ///< The cache.
    std::string from;         ///< A folder with the files, the photographs or the archives; empty: the network.
    bool with_photos = true;  ///< Sample photographs as well.
    std::function<void(const std::string&)> say;  ///< Progress, a line at a time.
    std::vector<std::string> accepted = {};       ///< Models with a notice that are fetched too, by name; the others stay away.
};

/// Brings what is missing or wrong in the cache, and leaves the rest alone. A file enters the cache only under its right hash.
[[nodiscard]] Result<void> fetch(const Manifest& manifest, const FetchRequest& request);

/// Whether all the photographs of a set are there.
[[nodiscard]] bool photos_are_complete(const std::string& dir, const PhotoSet& photos);

}  // namespace menshen::models
