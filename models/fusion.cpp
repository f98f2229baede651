#include "models/fusion.hpp"

#include <array>

namespace menshen::models {
namespace {
constexpr std::array<std::string_view, 4> kNames = {"best", "mean", "best+mean", "average"};
}

std::string_view name_of(Fusion fusion) { return kNames.at(static_cast<std::size_t>(fusion)); }

std::optional<Fusion> fusion_of(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i)
        if (kNames.at(i) == name) return static_cast<Fusion>(i);
    return std::nullopt;
}

std::vector<float> mean_of(std::span<const std::vector<float>* const> rows, std::span<const float> weights) {
    if (rows.empty()) return {};
    std::vector<float> out(rows.front()->size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const float weight = weights.empty() ? 1.0F : weights[r];
        for (std::size_t i = 0; i < out.size(); ++i) out[i] += weight * (*rows[r])[i];
    }
    normalise(out);
    return out;
}

std::vector<Template> fused(std::vector<Template> enrolled, Fusion fusion) {
    if (fusion == Fusion::best || enrolled.size() < 2) return enrolled;
    Template mean{enrolled.front().model, WipedFloats(enrolled.front().values.size())};
    for (const auto& one : enrolled)
        for (std::size_t i = 0; i < mean.values.size(); ++i) mean.values[i] += one.values[i];
    normalise(mean.values);
    if (fusion == Fusion::mean) enrolled.clear();
    enrolled.push_back(std::move(mean));
    return enrolled;
}

}  // namespace menshen::models
