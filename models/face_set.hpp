#pragma once
/// Faces of many persons as numbers, for measuring. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace menshen::models {

/// One picture of a person.
struct PictureFace {
    std::vector<float> values;  ///< Of unit length; empty when no face was found: a failure to acquire.
    float quality = 1;          ///< 0 to 1.
    [[nodiscard]] bool acquired() const { return !values.empty(); }
};

struct PersonFaces {
    std::string name;
    std::vector<PictureFace> pictures;
    [[nodiscard]] std::size_t acquired() const;
};

/// Persons are cut in two by a hash of their name: a person is in the same half whatever else is in the folder, so that the half
/// that no threshold was ever fitted on stays that.
enum class Half : std::uint8_t { fit, check };
[[nodiscard]] Half half_of(std::string_view person);

struct FaceSet {
    std::vector<PersonFaces> persons;
    [[nodiscard]] std::size_t pictures() const;
    [[nodiscard]] std::size_t acquired() const;
    [[nodiscard]] FaceSet half(Half which) const;
    /// Persons with at least so many pictures that show a face.
    [[nodiscard]] std::size_t persons_with(std::size_t pictures) const;
};

/// The cosine of two rows of unit length and the same size.
[[nodiscard]] float cosine_of(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace menshen::models
