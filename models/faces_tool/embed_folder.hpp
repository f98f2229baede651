#pragma once
/// A folder of pictures, one folder a person, as templates.

#include <string>

#include "core/result.hpp"
#include "models/face_set.hpp"
#include "models/pipeline.hpp"

namespace menshen::models::faces_tool {

struct EmbedRequest {
    std::string images;         ///< One folder a person, JPEG or PNG of any size in it.
    PipelineSettings pipeline;  ///< `threads` is ignored: each worker has one.
    std::size_t workers = 2;    ///< Pipelines side by side, 1 to 16; each takes about 60 MB.
    std::string cache;          ///< Keep templates in this file and take them from there next time; empty: do not.
};

/// What a picture with several faces is of: the face nearest its middle.
struct EmbeddedFolder {
    FaceSet set;
    ModelTag model;
    std::string pipeline;        ///< In words.
    std::size_t unreadable = 0;  ///< Files that are no picture; they are in the set as pictures without a face.
    std::size_t from_cache = 0;
};

/// Embeds every picture once. Says how far it is on standard error. A file that is no picture is named there and counted; a
/// folder without any person is an error.
[[nodiscard]] Result<EmbeddedFolder> embed_folder(const EmbedRequest& request);

}  // namespace menshen::models::faces_tool
