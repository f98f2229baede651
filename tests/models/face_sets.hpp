#pragma once
/// Faces made for a test: persons about random directions, so that there are easy and hard ones, and nothing of anybody's.

#include <cmath>
#include <string>
#include <vector>

#include "models/face_set.hpp"
#include "models/seeded.hpp"

namespace menshen::models::test {

/// A number between -1 and 1, many of which add up to a bell.
inline float swing(Seeded& random) { return static_cast<float>(random.below(2001)) / 1000.0F - 1.0F; }

inline std::vector<float> unit(std::vector<float> values) {
    double squares = 0;
    for (const float one : values) squares += static_cast<double>(one) * one;
    for (float& one : values) one = static_cast<float>(one / std::sqrt(squares));
    return values;
}

struct MadeUp {
    std::size_t persons = 100;
    std::size_t most_pictures = 6;  ///< The first person has one, the next two, and so on, from the beginning after the most.
    std::size_t dim = 16;
    float spread = 0.35F;  ///< Of a person's pictures.
    std::uint64_t seed = 1;
};

inline FaceSet made_up(const MadeUp& how) {
    Seeded random(how.seed);
    FaceSet out;
    for (std::size_t p = 0; p < how.persons; ++p) {
        std::vector<float> centre(how.dim);
        for (float& one : centre) one = swing(random) + swing(random);
        centre = unit(centre);
        PersonFaces person{"person-" + std::to_string(p), {}};
        for (std::size_t picture = 0; picture <= p % how.most_pictures; ++picture) {
            auto values = centre;
            for (float& one : values) one += how.spread * swing(random);
            person.pictures.push_back({unit(values), 1});
        }
        out.persons.push_back(std::move(person));
    }
    return out;
}

/// In the plane of two axes: the cosine of two of them is that of the angle between.
inline PictureFace at_angle(double degrees) {
    const double angle = degrees * 3.14159265358979 / 180;
    return {{static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))}, 1};
}

}  // namespace menshen::models::test
