#pragma once
/// The options that calibrate and evaluate share.

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/faces_tool/embed_folder.hpp"
#include "models/fusion.hpp"

namespace menshen::models::faces_tool {

struct Options {
    EmbedRequest request;
    bool hog = false;
    std::string fusion;
    std::optional<float> margin;
    std::uint64_t seed = 1;
    std::size_t rounds = 20;

    /// `fusions`: what the command can do with --fusion.
    void add_to(CLI::App& command, const std::vector<std::string>& fusions);
    /// What can be said before the pictures are looked at, which takes hours for many: the embedder is known and the cache can be
    /// written. The embedder.
    [[nodiscard]] Result<ModelTag> check() const;
    /// The request with what the flags say.
    [[nodiscard]] EmbedRequest embed_request() const;
    /// As told, else that of the model's table, else the mean.
    [[nodiscard]] Fusion fusion_for(const ModelTag& model) const;
    /// As told, else that of the model's table, else none.
    [[nodiscard]] float margin_for(const ModelTag& model) const;
};

}  // namespace menshen::models::faces_tool
