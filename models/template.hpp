#pragma once
/// What is kept of a face: numbers that one model made, comparable only with numbers of the same model.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/wiped.hpp"

namespace menshen::models {

/// How two embeddings are compared. A template says it, so that a later model may use another.
enum class Metric : std::uint8_t { cosine = 1 };

/// The model that made an embedding: its name, and the start of the sha256 of its weights, so that a retrained file of the same
/// name is another model.
struct ModelTag {
    std::string id;         ///< "dlib-resnet-v1@55533b28"
    std::uint16_t dim = 0;  ///< Numbers in an embedding.
    Metric metric = Metric::cosine;
    bool operator==(const ModelTag&) const = default;
};

/// A face as numbers of unit length. They are overwritten when they go.
struct Template {
    ModelTag model;
    WipedFloats values;  ///< model.dim of them; their squares add up to 1.

    /// The form that the store seals: magic, version, tag, values (little-endian), under 4 KB for every model in the manifest.
    [[nodiscard]] std::vector<std::uint8_t> to_bytes() const;
    /// The reverse; anything else, a wrong count or a value that is not finite is an error.
    [[nodiscard]] static Result<Template> from_bytes(std::span<const std::uint8_t> bytes);
};

/// The cosine of two templates of one model; both have unit length. Different models are the caller's error: the result is -1.
[[nodiscard]] float cosine(const Template& a, const Template& b);

/// Brings `values` to unit length; a vector of zeros stays as it is.
void normalise(std::span<float> values);

}  // namespace menshen::models
