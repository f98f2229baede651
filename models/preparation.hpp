#pragma once
/// How a face becomes what a network is asked about, in one line: the points, where they go, colours, views, numbers. Two
/// templates are comparable, and a threshold holds, only where this line is the same. Pure.

#include <string>
#include <string_view>

#include "models/manifest.hpp"

namespace menshen::models {

/// How often the five points of a face are looked for; the second pass begins where the first one found the face, and forgives
/// the detector a box that is a little off. docs/models.md has what it brings.
inline constexpr int kPointPasses = 2;

/// Everything between a picture with a face's box and its template, except the network's weights (ModelTag names those) and what
/// runs it (back ends are held equal to 1e-4 by a test). `points` is the model that finds the points.
[[nodiscard]] std::string preparation_of(const ModelFile& embedder, const ModelFile& points);

/// The same for an embedder of manifest(), by its name or a template's model ("dlib-resnet-v1@55533b28"); empty for any other.
[[nodiscard]] std::string preparation_of(std::string_view model);

}  // namespace menshen::models
