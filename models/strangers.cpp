#include "models/strangers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace menshen::models {
namespace {

bool is_over(const StrangerIdentity& one, WallTime now) {
    return now - one.last_seen >= Strangers::kSinceLastSighting || now - one.first_seen >= Strangers::kAtMost;
}

/// Moves the centroid towards the face. Bounded weight: someone seen a thousand times may still grow a beard.
void absorb(StrangerIdentity& one, const Template& face, WallTime now) {
    const auto weight = static_cast<float>(std::min(one.sightings, Strangers::kCentroidWeight));
    for (std::size_t i = 0; i < one.centroid.values.size(); ++i)
        one.centroid.values[i] = one.centroid.values[i] * weight + face.values[i];
    normalise(one.centroid.values);
    ++one.sightings;
    // A clock that went backward must not make an identity younger or older than it was.
    one.last_seen = std::max(one.last_seen, now);
}

}  // namespace

Strangers::Strangers(ModelTag model, Calibration calibration, RandomBits random)
    : model_(std::move(model)), calibration_(calibration), random_(std::move(random)) {}

StrangerId Strangers::new_id() {
    for (std::uint64_t attempt = 0;; ++attempt) {
        // Adding the attempt ends the search even with a source that repeats itself.
        StrangerId id(fmt::format("s-{:016x}", random_() + attempt));
        const bool taken = std::any_of(identities_.begin(), identities_.end(), [&](const auto& one) { return one.id == id; });
        if (!taken) return id;
    }
}

Strangers::Sighting Strangers::see(const Template& face, WallTime now) {
    Sighting out;
    out.dropped = expire(now);
    if (face.model != model_ || face.values.size() != model_.dim) return out;

    auto nearest = identities_.end();
    for (auto one = identities_.begin(); one != identities_.end(); ++one) {
        const float score = cosine(one->centroid, face);
        if (score <= out.score) continue;
        out.score = score;
        nearest = one;
    }
    if (nearest != identities_.end() && out.score >= calibration_.stranger_join) {
        absorb(*nearest, face, now);
        out.id = nearest->id;
        out.changed = *nearest;
        return out;
    }
    // Between the two limits a new identity would, often enough, be a second one of the same stranger: then "three days running"
    // would never come together. Such a face is left for the next frame.
    if (out.score >= calibration_.stranger_new) return out;

    if (identities_.size() >= kLimit) {
        const auto longest = std::min_element(identities_.begin(), identities_.end(),
                                              [](const auto& a, const auto& b) { return a.last_seen < b.last_seen; });
        out.dropped.push_back(longest->id);
        identities_.erase(longest);
    }
    identities_.push_back({new_id(), face, 1, now, now});
    out.id = identities_.back().id;
    out.is_new = true;
    out.changed = identities_.back();
    return out;
}

std::vector<StrangerId> Strangers::expire(WallTime now) {
    std::vector<StrangerId> gone;
    std::erase_if(identities_, [&](const StrangerIdentity& one) {
        if (!is_over(one, now)) return false;
        gone.push_back(one.id);
        return true;
    });
    return gone;
}

bool Strangers::forget(const StrangerId& id) {
    return std::erase_if(identities_, [&](const StrangerIdentity& one) { return one.id == id; }) > 0;
}

std::vector<StrangerId> Strangers::restore(std::vector<StrangerIdentity> identities) {
    std::vector<StrangerId> left_out;
    identities_.clear();
    // The longest unseen come last, so that they are the ones beyond the limit.
    std::stable_sort(identities.begin(), identities.end(),
                     [](const auto& a, const auto& b) { return a.last_seen > b.last_seen; });
    for (auto& one : identities) {
        const bool fits = one.centroid.model == model_ && one.centroid.values.size() == model_.dim && identities_.size() < kLimit;
        if (fits) {
            identities_.push_back(std::move(one));
        } else {
            left_out.push_back(one.id);
        }
    }
    return left_out;
}

}  // namespace menshen::models
