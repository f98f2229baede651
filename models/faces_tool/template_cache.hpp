#pragma once
/// Templates of pictures in a file, so that a second measurement on the same pictures need not embed them again.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "models/face_set.hpp"

namespace menshen::models::faces_tool {

/// What one picture gave; by the picture's content, so that moving files about does not matter.
class TemplateCache {
public:
    /// What is in `path` for this `pipeline`; nothing of another pipeline, of a damaged file, or when there is none.
    [[nodiscard]] static TemplateCache read(const std::string& path, std::string pipeline);

    [[nodiscard]] static std::uint64_t key_of(std::string_view picture);
    [[nodiscard]] const PictureFace* find(std::uint64_t key) const;
    void keep(std::uint64_t key, PictureFace face) { faces_.insert_or_assign(key, std::move(face)); }
    /// Templates are faces: the file is for its owner alone (0600).
    [[nodiscard]] Result<void> write(const std::string& path) const;

private:
    std::string pipeline_;
    std::map<std::uint64_t, PictureFace> faces_;
};

}  // namespace menshen::models::faces_tool
