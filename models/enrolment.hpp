#pragma once
/// Whether the pictures of one person may be kept as templates. A template is compared for years, so this is where to be strict.
/// Pure.

#include <optional>
#include <span>
#include <string>

#include "core/id.hpp"
#include "models/gallery.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// Three pictures of a person recognise far better than one (docs/face-accuracy.md).
inline constexpr std::size_t kLeastPictures = 3;

struct Enrolment {
    PersonId person;
    std::span<const Template> faces;  ///< One of each picture, all of the gallery's model.
    PersonId despite;                 ///< A person whom this one is allowed to look like: a twin.
};

/// What is wrong with the pictures taken together, with the remedy: too few, two that are nearly the same, two of different
/// people, somebody who looks like this person already. Empty: they may be kept. `gallery` may hold older templates of the same
/// person.
[[nodiscard]] std::string what_speaks_against(const Enrolment& enrolment, const Gallery& gallery);

/// Two pictures as alike as neighbouring frames of one camera: the second adds nothing.
[[nodiscard]] bool is_same_picture(const Template& a, const Template& b, const Calibration& calibration);

}  // namespace menshen::models
