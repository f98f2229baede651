#pragma once
/// Templates made for a test, with known cosines between them.

#include <cmath>

#include "models/template.hpp"

namespace menshen::models::test {

inline ModelTag tag_of(const char* id) { return {id, 4, Metric::cosine}; }

/// In the plane of two axes, turned by `degrees`: the cosine of two of them is that of the angle between.
inline Template turned(double degrees, const char* model = "test@1") {
    const double angle = degrees * 3.14159265358979 / 180;
    return {tag_of(model), {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)), 0, 0}};
}

}  // namespace menshen::models::test
