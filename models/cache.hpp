#pragma once
/// The folder that holds the model files, and the check that they are what the manifest says.

#include <string>
#include <vector>

#include "core/result.hpp"
#include "models/manifest.hpp"

namespace menshen::models {

/// $MENSHEN_MODELS, or ~/.cache/menshen (of $HOME, else /var/lib/menshen/models).
[[nodiscard]] std::string models_dir();

/// Where the sample photographs are: "<dir>/photos". Below it johns/, faces/ and video_frames/.
[[nodiscard]] std::string photos_dir(const std::string& dir);

/// The whole content of a file of at most `limit` bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit);

/// Writes beside `path`, hands it to the disk and renames: a reader sees the old file or the new one, never a part.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view content);

/// sha256 in hex, read in pieces.
[[nodiscard]] Result<std::string> hash_file(const std::string& path);

/// Checks a file's size and sha256 without keeping it; the same error as load_verified().
struct Expected {
    std::string sha256;
    std::uint64_t bytes = 0;
};
[[nodiscard]] Result<void> verify_file(const std::string& path, const Expected& expected, std::string_view remedy);

/// Reads a model file once and checks size and sha256 on the bytes that will be used. The error names the file, the expected and
/// the actual hash, and the command that repairs it.
[[nodiscard]] Result<std::string> load_verified(const std::string& dir, const ModelFile& model);

/// The converted form of a model, checked in the same way.
[[nodiscard]] Result<std::string> load_converted(const std::string& dir, const ModelFile& model);

}  // namespace menshen::models
