#pragma once
/// Anonymous identities for faces that match nobody (design: "Privacy"). They live 7 days from the last sighting and 30 at most,
/// are compared with nothing else, and at most kLimit are kept. Pure; one thread at a time; time and randomness are arguments.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"
#include "models/calibration.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// One stranger, whole: this is what the store seals, and all there is to forget.
struct StrangerIdentity {
    StrangerId id;      ///< "s-" and 16 random hex digits: says nothing about the face.
    Template centroid;  ///< The mean of the sightings, of unit length.
    std::uint32_t sightings = 0;
    WallTime first_seen;
    WallTime last_seen;
};

/// 64 random bits. The daemon gives the kernel's, a test a seeded one.
using RandomBits = std::function<std::uint64_t()>;

class Strangers {
public:
    static constexpr std::size_t kLimit = 1000;  ///< Beyond it the one unseen for longest goes.
    static constexpr Millis kSinceLastSighting = 24h * 7;
    static constexpr Millis kAtMost = 24h * 30;
    static constexpr std::uint32_t kCentroidWeight =
        20;  ///< Later sightings move the centroid as if it were the mean of so many.

    Strangers(ModelTag model, Calibration calibration, RandomBits random);

    struct Sighting {
        StrangerId id;  ///< Empty when the face is too near to a stranger to be new, and too far to be that one.
        bool is_new = false;
        float score = -1.0F;                      ///< Cosine to the nearest centroid before this sighting.
        std::optional<StrangerIdentity> changed;  ///< To persist.
        std::vector<StrangerId> dropped;          ///< Expired or crowded out: to be erased.
    };

    /// Gives the face its identity. Expires first. A face of another model gets none.
    [[nodiscard]] Sighting see(const Template& face, WallTime now);

    /// Forgets whoever's time is over and returns their ids. A clock that went backward expires nobody.
    [[nodiscard]] std::vector<StrangerId> expire(WallTime now);

    /// Forgets one; false when there is no such stranger.
    [[nodiscard]] bool forget(const StrangerId& id);

    [[nodiscard]] const std::vector<StrangerIdentity>& all() const { return identities_; }
    /// Replaces everything, as after a restart. Identities of another model cannot be compared and are left out: their ids are
    /// returned, to be erased. Beyond kLimit the longest unseen are left out too.
    [[nodiscard]] std::vector<StrangerId> restore(std::vector<StrangerIdentity> identities);

private:
    [[nodiscard]] StrangerId new_id();

    ModelTag model_;
    Calibration calibration_;
    RandomBits random_;
    std::vector<StrangerIdentity> identities_;
};

}  // namespace menshen::models
