#pragma once
/// How the pictures of an enrolment become what a face is compared with. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "models/template.hpp"

namespace menshen::models {

/// `best`: the nearest of the pictures. `mean`: their mean alone. `best_and_mean`: the mean as one more template, the nearest
/// counts. `average`: half the nearest, half the mean; for measuring only.
enum class Fusion : std::uint8_t { best, mean, best_and_mean, average };
[[nodiscard]] std::string_view name_of(Fusion fusion);
[[nodiscard]] std::optional<Fusion> fusion_of(std::string_view name);

/// The mean of rows of unit length, each by its weight, brought to unit length. Empty without rows; `weights` empty: all alike.
[[nodiscard]] std::vector<float> mean_of(std::span<const std::vector<float>* const> rows, std::span<const float> weights);

/// What a gallery that takes the nearest template has to hold for one person, so that it compares as `fusion` says: `average` is
/// beyond such a gallery and gives what `best_and_mean` does. A single template stays as it is.
[[nodiscard]] std::vector<Template> fused(std::vector<Template> enrolled, Fusion fusion);

}  // namespace menshen::models
