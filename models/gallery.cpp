#include "models/gallery.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace menshen::models {
namespace {

// Eight sums at once: the order of additions is then the compiler's to vectorise without -ffast-math.
float dot(const float* a, const float* b, std::size_t count) {
    std::array<float, 8> sums{};
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
    float sum = 0;
    for (; i < count; ++i) sum += a[i] * b[i];
    for (const float part : sums) sum += part;
    return sum;
}

}  // namespace

Gallery::Gallery(ModelTag model, Calibration calibration)
    : model_(std::move(model)), calibration_(calibration), threshold_(calibration.threshold_for(0)) {}

Result<std::vector<PersonId>> Gallery::set(std::vector<Enrolled> enrolled) {
    std::set<PersonId> again;
    std::map<PersonId, std::vector<const Template*>> by_person;
    std::size_t kept = 0;
    for (const auto& one : enrolled) {
        if (one.face.model != model_) {
            again.insert(one.person);
            continue;
        }
        if (one.face.values.size() != model_.dim)
            return fail("person {} has a template of {} numbers, the model {} makes {}", one.person.str(), one.face.values.size(),
                        model_.id, model_.dim);
        by_person[one.person].push_back(&one.face);
        ++kept;
    }
    if (kept > kMaxTemplates) return fail("{} face templates; a gate holds at most {}", kept, kMaxTemplates);

    persons_.clear();
    owners_.clear();
    values_.clear();
    values_.reserve(kept * model_.dim);
    for (const auto& [person, faces] : by_person) {
        for (const auto* face : faces) {
            owners_.push_back(static_cast<std::uint32_t>(persons_.size()));
            values_.insert(values_.end(), face->values.begin(), face->values.end());
        }
        persons_.push_back(person);
    }
    threshold_ = calibration_.threshold_for(persons_.size());
    return std::vector<PersonId>(again.begin(), again.end());
}

Comparison Gallery::compare(const Template& face) const {
    Comparison out;
    if (face.model != model_ || face.values.size() != model_.dim || owners_.empty()) return out;
    // Templates of a person lie together, so one pass finds each person's best and the best two persons.
    std::uint32_t best = 0;
    for (std::size_t i = 0; i < owners_.size();) {
        const auto owner = owners_[i];
        float score = -1.0F;
        for (; i < owners_.size() && owners_[i] == owner; ++i)
            score = std::max(score, dot(values_.data() + i * model_.dim, face.values.data(), model_.dim));
        if (score > out.best_score) {
            out.second_score = out.best_score;
            out.best_score = score;
            best = owner;
        } else {
            out.second_score = std::max(out.second_score, score);
        }
    }
    out.best = persons_[best];
    out.accepted = out.best_score >= threshold_ && out.best_score - out.second_score >= calibration_.margin;
    return out;
}

}  // namespace menshen::models
