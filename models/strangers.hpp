#pragma once
/// Anonymous identities for faces that match nobody (design: "Privacy"; docs/strangers.md has the method and the figures). They
/// live 7 days from the last sighting and 30 at most, are compared with nothing else, and at most kLimit are kept. Pure; one
/// thread at a time; time and randomness are arguments. The centroids lie in secret pages (models/secret_pages.hpp).

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"
#include "models/calibration.hpp"
#include "models/secret_pages.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// One stranger, whole: this is what the store seals, and all there is to forget.
struct StrangerIdentity {
    StrangerId id;                ///< "s-" and 16 random hex digits: says nothing about the face.
    Template centroid;            ///< The mean of the walk-ups, of unit length.
    std::uint32_t sightings = 0;  ///< Walk-ups that went into the centroid.
    WallTime first_seen;
    WallTime last_seen;
};

/// One picture of a walk-up, as numbers.
struct SightedFace {
    Template face;
    float quality = 0;  ///< 0 to 1: score() of models/quality.hpp.
    WallTime at;        ///< When the picture was taken.
};

/// What a walk-up must have shown before anything is made of it.
struct StrangerGate {
    float quality = 0.3F;         ///< Pictures below it do not count.
    std::uint32_t sightings = 2;  ///< Pictures of one face that a new identity takes. Joining a known one takes one.
    Millis apart = Millis(200);   ///< Between two of these: neighbouring frames share their light, their pose and their error.
};

/// The highest cosine of a face to any enrolled person; -1 when nobody is enrolled.
using NearestPerson = std::function<float(const Template&)>;

/// 64 random bits. The daemon gives the kernel's, a test a seeded one.
using RandomBits = std::function<std::uint64_t()>;

class Strangers {
public:
    static constexpr std::size_t kLimit = 1000;  ///< Beyond it the one unseen for longest goes.
    static constexpr Millis kSinceLastSighting = 24h * 7;
    static constexpr Millis kAtMost = 24h * 30;
    static constexpr Millis kAhead = 24h;  ///< So far a clock may be set back before its times count as made up.
    static constexpr std::uint32_t kCentroidWeight =
        20;  ///< Later sightings move the centroid as if it were the mean of so many.

    Strangers(ModelTag model, Calibration calibration, RandomBits random, StrangerGate gate = {});

    /// What became of a walk-up.
    enum class Outcome : std::uint8_t {
        known,     ///< It is an identity that was there before.
        made,      ///< It is a new one.
        poor,      ///< No picture of this model was good enough.
        once,      ///< Nobody known, and too few good pictures of one face to make somebody new.
        resident,  ///< As near to an enrolled person as that person on a bad day: never a stranger.
        between,   ///< Too near to a known stranger to be new, and too far to be that one.
    };

    struct Sighting {
        Outcome outcome = Outcome::poor;
        StrangerId id;                            ///< With `known` and `made`.
        bool is_new = false;                      ///< With `made`.
        float score = -1.0F;                      ///< Cosine to the nearest centroid before this sighting.
        std::optional<StrangerIdentity> changed;  ///< To persist.
        std::vector<StrangerId> dropped;          ///< Expired, crowded out, merged, or proved to be a resident: to be erased.
        std::vector<StrangerId> merged;  ///< Those of `dropped` that proved to be `id`: what is on record of them is its.
    };

    /// Gives a walk-up that matched nobody its identity. Expires first. Among the good pictures those count that show the same
    /// face as most of them. At most kPictures are looked at, the first ones.
    [[nodiscard]] Sighting see(std::span<const SightedFace> walk_up, WallTime now, const NearestPerson& nearest);
    static constexpr std::size_t kPictures = 32;

    /// An enrolled person was recognised by this face. Identities that it would join were that person on bad days; they are
    /// forgotten and returned.
    [[nodiscard]] std::vector<StrangerId> recognised(const Template& face);

    /// The gallery changed: forgets the identities that are near to somebody enrolled now, and returns them.
    [[nodiscard]] std::vector<StrangerId> drop_residents(const NearestPerson& nearest);

    /// Forgets whoever's time is over and returns their ids. A clock that went backward expires nobody.
    [[nodiscard]] std::vector<StrangerId> expire(WallTime now);

    /// Forgets whoever was seen more than kAhead after `now`, and returns their ids: that was a clock far in the future, and by
    /// its times they would stay for years. Only while the clock is trusted: a gate that wakes up in 1970 knows nobody from
    /// before.
    [[nodiscard]] std::vector<StrangerId> expire_from_the_future(WallTime now);

    /// Forgets one; false when there is no such stranger.
    [[nodiscard]] bool forget(const StrangerId& id);

    /// Forgets all and returns their ids; the memory is overwritten before this returns.
    [[nodiscard]] std::vector<StrangerId> wipe();

    [[nodiscard]] std::size_t count() const { return known_.size(); }
    /// A copy, in ordinary memory.
    [[nodiscard]] std::vector<StrangerIdentity> all() const;
    /// Replaces everything, as after a restart. Identities of another model cannot be compared and are left out: their ids are
    /// returned, to be erased. Beyond kLimit the longest unseen are left out too. The centroids handed in are wiped.
    [[nodiscard]] std::vector<StrangerId> restore(std::vector<StrangerIdentity> identities);

private:
    struct Known {
        StrangerId id;
        std::uint32_t sightings = 0;
        WallTime first_seen;
        WallTime last_seen;
    };
    struct Near {
        std::size_t index = 0;
        float score = -1.0F;
    };
    struct Fused;

    [[nodiscard]] StrangerId new_id();
    [[nodiscard]] bool fits(const Template& face) const;
    [[nodiscard]] Fused fuse(std::span<const SightedFace> walk_up) const;
    [[nodiscard]] Near nearest_to(const float* row, std::size_t except) const;
    void decide(const Fused& fused, WallTime now, const NearestPerson& nearest, Sighting& out);
    void join(std::size_t index, const Fused& fused, WallTime now, Sighting& out);
    void make(const Fused& fused, WallTime now, Sighting& out);
    std::size_t merge_others_into(std::size_t index, Sighting& out);
    void crowd_out(Sighting& out);
    void remove(std::size_t index);
    template <class Predicate>
    std::vector<StrangerId> remove_if(Predicate predicate);
    [[nodiscard]] float* row(std::size_t index) { return rows_.data() + index * row_; }
    [[nodiscard]] const float* row(std::size_t index) const { return rows_.data() + index * row_; }
    [[nodiscard]] Template centroid(std::size_t index) const;
    [[nodiscard]] StrangerIdentity identity(std::size_t index) const;

    ModelTag model_;
    Calibration calibration_;
    RandomBits random_;
    StrangerGate gate_;
    std::size_t row_;  ///< Floats of a row of rows_.
    std::vector<Known> known_;
    SecretFloats rows_;  ///< The centroids, in the order of known_.
};

}  // namespace menshen::models
