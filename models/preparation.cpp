#include "models/preparation.hpp"

#include <fmt/format.h>

namespace menshen::models {

std::string preparation_of(const ModelFile& embedder, const ModelFile& points) {
    const auto how = embedder.input.value_or(Preprocessing{});
    std::string out = fmt::format("points by {}@{} in {} passes; square of {} with them at", points.name,
                                  points.sha256.substr(0, 8), kPointPasses, how.align.side);
    for (const auto& point : how.align.to) out += fmt::format(" ({}, {})", point.x, point.y);
    out += fmt::format("; {} less ({}, {}, {}), times {}", how.channels == Preprocessing::Channels::rgb ? "rgb" : "bgr",
                       how.mean[0], how.mean[1], how.mean[2], how.scale);
    out += how.views == Preprocessing::Views::mirrored_too ? "; with its mirror image" : "; as it is";
    return out + fmt::format("; {} of {} numbers", how.keep, how.numbers);
}

std::string preparation_of(std::string_view model) {
    const ModelFile* embedder = manifest().model(model.substr(0, model.find('@')));
    const ModelFile* points = manifest().with_role("points");
    if (embedder == nullptr || embedder->role != "embed" || points == nullptr) return {};
    return preparation_of(*embedder, *points);
}

}  // namespace menshen::models
