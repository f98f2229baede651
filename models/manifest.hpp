#pragma once
/// Which model files there are, where they come from and what they may be used for: models/manifest.yaml, compiled in.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/problems.hpp"
#include "core/result.hpp"

namespace menshen::models {

/// A file that a registry delivers and that holds what we want.
struct Archive {
    std::string name;
    std::string file;
    std::string sha256;
    std::uint64_t bytes = 0;
    std::string source_package;  ///< Debian source package...
    std::string source_version;  ///< ...and its version. Empty when it comes from npm.
    std::string npm_package;     ///< "name@version"; else empty.
};

struct ModelFile {
    std::string name;  ///< "dlib-resnet-v1"
    std::string file;  ///< Its name in the cache.
    std::string sha256;
    std::uint64_t bytes = 0;
    std::string licence;  ///< SPDX identifier.
    std::string source;   ///< In words, for people.
    std::string archive;  ///< Name of the archive it comes in.
    std::string member;   ///< Its path in there, below the archive's top folder.
    std::string role;     ///< "embed", "points", "detect"
    std::string used_for;
    std::string preprocessing;
    bool optional = false;  ///< The engine does without it, with less speed or accuracy.

    /// The ONNX form that `convert` makes and the engine reads; no file when the model is used as it is.
    struct Converted {
        std::string file;
        std::string sha256;
        std::uint64_t bytes = 0;
    };
    Converted converted;
};

/// Sample photographs for the demo and the tests; not needed by a gate.
struct PhotoSet {
    std::string name;  ///< "johns"; also its folder below photos/.
    std::string archive;
    std::string member;  ///< A folder.
    std::string licence;
    int pictures = 0;  ///< How many .jpg files it has to hold.
};

struct Manifest {
    std::vector<Archive> archives;
    std::vector<ModelFile> models;
    std::vector<PhotoSet> photos;

    [[nodiscard]] const Archive* archive(std::string_view name) const;
    /// The model for a role, or by name.
    [[nodiscard]] const ModelFile* with_role(std::string_view role) const;
    [[nodiscard]] const ModelFile* model(std::string_view name) const;
};

/// Reads a manifest; every problem at once, and then nothing.
[[nodiscard]] std::optional<Manifest> parse_manifest(std::string_view file, std::string_view text, Problems& problems);

/// The one that was compiled in. It is correct: a test reads it.
[[nodiscard]] const Manifest& manifest();

}  // namespace menshen::models
