#pragma once
/// Picture files as bytes. Blocking: off the loop, or for the stage.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace menshen::drivers::picture_camera {

inline constexpr std::size_t kPictureLimit = 20'000'000;  ///< Bytes of one picture.
inline constexpr std::size_t kFolderLimit = 10'000;       ///< Pictures of one folder.

using PictureBytes = std::shared_ptr<const std::vector<std::uint8_t>>;

/// The whole file. Fails with the path when it is missing, unreadable, empty, larger than the limit, no plain file, or begins
/// like neither a JPEG nor a PNG. Whether it can be decoded is for the vision worker to say.
[[nodiscard]] Result<PictureBytes> read_picture(const std::string& path);

/// The path itself when it is a file; the .jpg, .jpeg and .png files of a folder by name, not of the folders in it. Fails when
/// there is none, or more than the limit.
[[nodiscard]] Result<std::vector<std::string>> list_pictures(const std::string& path);

}  // namespace menshen::drivers::picture_camera
