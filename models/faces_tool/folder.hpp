#pragma once
/// Folders on disk, read without an exception: what cannot be read is an error that names it and says what to do.

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace menshen::models::faces_tool {

struct FolderContent {
    std::vector<std::filesystem::path> folders;
    std::vector<std::filesystem::path> pictures;  ///< By their ending: .jpg, .jpeg, .png, in either case.
};

/// What is in `folder`, each kind in the order of its names. Links are followed; one that leads nowhere is an error, for a person
/// who is left out unnoticed would spoil a measurement. With a picture's ending it is a picture, and whoever reads it will say
/// so.
[[nodiscard]] Result<FolderContent> content_of(const std::filesystem::path& folder);

/// Whether a file of this name could be written: its folder is there and open to us, and it is not a folder itself. For asking
/// before long work; `option` is the one that named it.
[[nodiscard]] Result<void> can_write(const std::string& path, const std::string& option);

}  // namespace menshen::models::faces_tool
