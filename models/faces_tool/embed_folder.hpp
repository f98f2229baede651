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

/// The persons in a folder and how many pictures each has, none of them looked at. A folder that cannot be read, or holds no
/// person, is an error that names it.
[[nodiscard]] Result<FaceSet> list_folder(const std::string& images);

/// Embeds every picture once. Says how far it is on standard error. A file that is no picture is named there, counted and passed
/// over. An error names the folder or the picture and says what to do: a folder that cannot be read, or without any person;
/// models that are missing; memory that ran out; a cache that cannot be written.
[[nodiscard]] Result<EmbeddedFolder> embed_folder(const EmbedRequest& request);

}  // namespace menshen::models::faces_tool
