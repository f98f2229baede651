#include "models/face_set.hpp"

#include <algorithm>
#include <array>

namespace menshen::models {

std::size_t PersonFaces::acquired() const {
    return static_cast<std::size_t>(
        std::count_if(pictures.begin(), pictures.end(), [](const auto& one) { return one.acquired(); }));
}

Half half_of(std::string_view person) {
    // FNV-1a, then mixed: its lowest bit alone is the parity of the bytes.
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : person) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDULL;
    return ((hash >> 40U) & 1U) == 0 ? Half::fit : Half::check;
}

std::size_t FaceSet::pictures() const {
    std::size_t out = 0;
    for (const auto& person : persons) out += person.pictures.size();
    return out;
}

std::size_t FaceSet::acquired() const {
    std::size_t out = 0;
    for (const auto& person : persons) out += person.acquired();
    return out;
}

FaceSet FaceSet::half(Half which) const {
    FaceSet out;
    for (const auto& person : persons)
        if (half_of(person.name) == which) out.persons.push_back(person);
    return out;
}

std::size_t FaceSet::persons_with(std::size_t pictures) const {
    return static_cast<std::size_t>(
        std::count_if(persons.begin(), persons.end(), [&](const auto& one) { return one.acquired() >= pictures; }));
}

float cosine_of(const std::vector<float>& a, const std::vector<float>& b) {
    // Eight sums at once, so that the compiler may use vectors without changing the result.
    std::array<float, 8> sums{};
    std::size_t i = 0;
    for (; i + 8 <= a.size(); i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
    float sum = 0;
    for (; i < a.size(); ++i) sum += a[i] * b[i];
    for (const float part : sums) sum += part;
    return sum;
}

}  // namespace menshen::models
