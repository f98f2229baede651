#include "models/strangers.hpp"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <tuple>

#include "models/match.hpp"

namespace menshen::models {
namespace {

constexpr auto kNobody = static_cast<std::size_t>(-1);

/// Bounded weight: someone seen a thousand times may still grow a beard.
float weight_of(std::uint32_t sightings) { return static_cast<float>(std::min(sightings, Strangers::kCentroidWeight)); }

/// Moves `row` towards `other` as two means of so many sightings.
void mix(float* row, float weight, const float* other, float other_weight, std::size_t dim) {
    for (std::size_t i = 0; i < dim; ++i) row[i] = row[i] * weight + other[i] * other_weight;
    normalise({row, dim});
}

/// The face that resembles the others most: if the tracker once jumped to a passer-by, that picture is not it.
std::size_t middle_of(const std::vector<const SightedFace*>& faces) {
    std::size_t middle = 0;
    float best = -2.0F * static_cast<float>(faces.size());
    for (std::size_t i = 0; i < faces.size(); ++i) {
        float sum = 0;
        for (const auto* other : faces) sum += cosine(faces[i]->face, other->face);
        if (sum <= best) continue;
        best = sum;
        middle = i;
    }
    return middle;
}

/// How many of the pictures lie at least `apart` from each other, counted from the first.
std::uint32_t count_apart(std::vector<WallTime> times, Millis apart) {
    std::sort(times.begin(), times.end());
    std::uint32_t count = 0;
    std::optional<WallTime> last;
    for (const auto time : times) {
        if (last && time - *last < apart) continue;
        last = time;
        ++count;
    }
    return count;
}

}  // namespace

/// A walk-up as one face.
struct Strangers::Fused {
    Template face;
    SecretFloats row;                  ///< The same, padded.
    std::vector<const Template*> all;  ///< The pictures behind it.
    std::uint32_t sightings = 0;
    Fused() = default;
    Fused(const Fused&) = delete;
    Fused(Fused&&) = default;
    Fused& operator=(const Fused&) = delete;
    Fused& operator=(Fused&&) = delete;
    ~Fused() { models::wipe(face.values); }
};

Strangers::Strangers(ModelTag model, Calibration calibration, RandomBits random, StrangerGate gate)
    : model_(std::move(model)),
      calibration_(std::move(calibration)),
      random_(std::move(random)),
      gate_(gate),
      row_(row_floats(model_.dim)) {}

StrangerId Strangers::new_id() {
    for (std::uint64_t attempt = 0;; ++attempt) {
        // Adding the attempt ends the search even with a source that repeats itself.
        StrangerId id(fmt::format("s-{:016x}", random_() + attempt));
        const bool taken = std::any_of(known_.begin(), known_.end(), [&](const auto& one) { return one.id == id; });
        if (!taken) return id;
    }
}

bool Strangers::fits(const Template& face) const { return face.model == model_ && face.values.size() == model_.dim; }

Strangers::Fused Strangers::fuse(std::span<const SightedFace> walk_up) const {
    std::vector<const SightedFace*> good;
    for (const auto& one : walk_up.first(std::min(walk_up.size(), kPictures)))
        if (one.quality >= gate_.quality && fits(one.face)) good.push_back(&one);
    Fused out;
    if (good.empty()) return out;
    const SightedFace& middle = *good[middle_of(good)];
    out.face = {model_, WipedFloats(model_.dim)};
    std::vector<WallTime> times;
    for (const auto* one : good) {
        if (one != &middle && cosine(one->face, middle.face) < calibration_.stranger_join) continue;
        // The quality may be 0 when the gate asks for none.
        const float weight = std::max(one->quality, 0.01F);
        for (std::size_t i = 0; i < model_.dim; ++i) out.face.values[i] += weight * one->face.values[i];
        out.all.push_back(&one->face);
        times.push_back(one->at);
    }
    normalise(out.face.values);
    out.row.resize(row_);
    std::copy(out.face.values.begin(), out.face.values.end(), out.row.begin());
    out.sightings = count_apart(std::move(times), gate_.apart);
    return out;
}

Strangers::Near Strangers::nearest_to(const float* face, std::size_t except) const {
    Near out;
    for (std::size_t i = 0; i < known_.size(); ++i) {
        if (i == except) continue;
        const float score = row_product(row(i), face, row_);
        // The id decides a tie, so that the order in memory, which a restart changes, does not.
        if (score > out.score || (score == out.score && known_[i].id < known_[out.index].id)) out = {i, score};
    }
    return out;
}

Strangers::Sighting Strangers::see(std::span<const SightedFace> walk_up, WallTime now, const NearestPerson& nearest) {
    Sighting out;
    out.dropped = expire(now);
    const Fused fused = fuse(walk_up);
    if (fused.all.empty()) return out;
    decide(fused, now, nearest, out);
    return out;
}

void Strangers::decide(const Fused& fused, WallTime now, const NearestPerson& nearest, Sighting& out) {
    float person = nearest(fused.face);
    for (const auto* face : fused.all) person = std::max(person, nearest(*face));
    if (person >= calibration_.stranger_ceiling) {
        out.outcome = Outcome::resident;
        return;
    }
    const Near near = nearest_to(fused.row.data(), kNobody);
    out.score = near.score;
    if (near.score >= calibration_.stranger_join) {
        join(near.index, fused, now, out);
        // Errors of single pictures average out in the centroid: it may be near to a person where none of them was.
        if (nearest(out.changed->centroid) < calibration_.stranger_ceiling) return;
        (void)forget(out.id);
        out.dropped.push_back(out.id);
        out.outcome = Outcome::resident;
        out.id = {};
        out.changed.reset();
        out.merged.clear();
        return;
    }
    // Between the two limits a new identity would, often enough, be a second one of the same stranger.
    if (near.score >= calibration_.stranger_new) {
        out.outcome = Outcome::between;
    } else if (fused.sightings < gate_.sightings) {
        out.outcome = Outcome::once;
    } else {
        make(fused, now, out);
    }
}

void Strangers::join(std::size_t index, const Fused& fused, WallTime now, Sighting& out) {
    auto& one = known_[index];
    mix(row(index), weight_of(one.sightings), fused.row.data(), 1.0F, model_.dim);
    ++one.sightings;
    // A clock that went backward must not make an identity younger or older than it was.
    one.last_seen = std::max(one.last_seen, now);
    const std::size_t left = merge_others_into(index, out);
    out.outcome = Outcome::known;
    out.id = known_[left].id;
    out.changed = identity(left);
}

/// Only the identity that has just moved can have come to agree with another. Returns where the older of them all is now.
std::size_t Strangers::merge_others_into(std::size_t index, Sighting& out) {
    for (;;) {
        const Near near = nearest_to(row(index), index);
        if (near.score < calibration_.stranger_join) return index;
        const auto age = [&](std::size_t i) { return std::pair(known_[i].first_seen, known_[i].id); };
        const std::size_t older = age(near.index) < age(index) ? near.index : index;
        const std::size_t younger = older == index ? near.index : index;
        auto& kept = known_[older];
        const auto& gone = known_[younger];
        mix(row(older), weight_of(kept.sightings), row(younger), weight_of(gone.sightings), model_.dim);
        kept.sightings += gone.sightings;
        // first_seen is the older's already: 30 days hold from there, and 7 from whichever sighting was the last.
        kept.last_seen = std::max(kept.last_seen, gone.last_seen);
        out.dropped.push_back(gone.id);
        out.merged.push_back(gone.id);
        remove(younger);
        index = older > younger ? older - 1 : older;
    }
}

void Strangers::make(const Fused& fused, WallTime now, Sighting& out) {
    if (known_.size() >= kLimit) crowd_out(out);
    known_.push_back({new_id(), 1, now, now});
    rows_.insert(rows_.end(), fused.row.begin(), fused.row.end());
    out.outcome = Outcome::made;
    out.id = known_.back().id;
    out.is_new = true;
    out.changed = identity(known_.size() - 1);
}

void Strangers::crowd_out(Sighting& out) {
    const auto longest = std::min_element(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
        return std::tie(a.last_seen, a.id) < std::tie(b.last_seen, b.id);
    });
    out.dropped.push_back(longest->id);
    remove(static_cast<std::size_t>(longest - known_.begin()));
}

void Strangers::remove(std::size_t index) {
    known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(index));
    std::copy(row(index + 1), rows_.data() + rows_.size(), row(index));
    // What is behind the end of a vector is not its business to wipe.
    ::explicit_bzero(rows_.data() + rows_.size() - row_, row_ * sizeof(float));
    rows_.resize(rows_.size() - row_);
}

template <class Predicate>
std::vector<StrangerId> Strangers::remove_if(Predicate predicate) {
    std::vector<StrangerId> gone;
    for (std::size_t i = 0; i < known_.size();) {
        if (!predicate(i)) {
            ++i;
            continue;
        }
        gone.push_back(known_[i].id);
        remove(i);
    }
    // Not in the order of memory, which a restart changes.
    std::sort(gone.begin(), gone.end());
    return gone;
}

std::vector<StrangerId> Strangers::recognised(const Template& face) {
    if (!fits(face)) return {};
    SecretFloats padded(row_);
    std::copy(face.values.begin(), face.values.end(), padded.begin());
    return remove_if([&](std::size_t i) { return row_product(row(i), padded.data(), row_) >= calibration_.stranger_join; });
}

std::vector<StrangerId> Strangers::drop_residents(const NearestPerson& nearest) {
    return remove_if([&](std::size_t i) {
        Template copy = centroid(i);
        const float score = nearest(copy);
        models::wipe(copy.values);
        return score >= calibration_.stranger_ceiling;
    });
}

std::vector<StrangerId> Strangers::expire(WallTime now) {
    return remove_if(
        [&](std::size_t i) { return now - known_[i].last_seen >= kSinceLastSighting || now - known_[i].first_seen >= kAtMost; });
}

std::vector<StrangerId> Strangers::expire_from_the_future(WallTime now) {
    return remove_if([&](std::size_t i) { return known_[i].first_seen - now > kAhead || known_[i].last_seen - now > kAhead; });
}

bool Strangers::forget(const StrangerId& id) {
    return !remove_if([&](std::size_t i) { return known_[i].id == id; }).empty();
}

std::vector<StrangerId> Strangers::wipe() {
    std::vector<StrangerId> gone;
    for (const auto& one : known_) gone.push_back(one.id);
    known_.clear();
    SecretFloats().swap(rows_);
    return gone;
}

Template Strangers::centroid(std::size_t index) const { return {model_, WipedFloats(row(index), row(index) + model_.dim)}; }

StrangerIdentity Strangers::identity(std::size_t index) const {
    const auto& one = known_[index];
    return {one.id, centroid(index), one.sightings, one.first_seen, one.last_seen};
}

std::vector<StrangerIdentity> Strangers::all() const {
    std::vector<StrangerIdentity> out;
    for (std::size_t i = 0; i < known_.size(); ++i) out.push_back(identity(i));
    return out;
}

std::vector<StrangerId> Strangers::restore(std::vector<StrangerIdentity> identities) {
    (void)wipe();
    std::vector<StrangerId> left_out;
    // The longest unseen come last, so that they are the ones beyond the limit.
    std::sort(identities.begin(), identities.end(),
              [](const auto& a, const auto& b) { return a.last_seen != b.last_seen ? a.last_seen > b.last_seen : b.id < a.id; });
    for (auto& one : identities) {
        if (fits(one.centroid) && known_.size() < kLimit) {
            known_.push_back({one.id, one.sightings, one.first_seen, one.last_seen});
            rows_.insert(rows_.end(), one.centroid.values.begin(), one.centroid.values.end());
            rows_.resize(known_.size() * row_);  // Zeros up to a whole row.
        } else {
            left_out.push_back(one.id);
        }
        models::wipe(one.centroid.values);
    }
    return left_out;
}

}  // namespace menshen::models
