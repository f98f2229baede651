#pragma once
/// How well strangers are told apart, played through on photographs: docs/strangers.md has the protocol. Pure; the same seed
/// gives the same figures.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "models/calibration.hpp"
#include "models/face_set.hpp"
#include "models/template.hpp"

namespace menshen::models::faces_tool {

/// One picture stands for a walk-up, so the two-pictures gate is off: StrangerGate::sightings is 1.
struct StreetPlan {
    std::size_t residents = 120;  ///< Enrolled. Those with more than three pictures come by with the rest of them.
    std::size_t days = 7;         ///< How long a round lasts; nobody expires in it.
    std::size_t rounds = 40;      ///< Parts are dealt anew in each.
    std::uint64_t seed = 1;
    double target_fpir = 1e-3;  ///< Of the gallery.
};

/// Sums over all rounds.
struct StreetFigures {
    std::size_t residents = 0;  ///< Enrolled in a round; the last round's.
    std::size_t resident_visits = 0;
    std::size_t unrecognised = 0;          ///< Of these, taken for nobody: a bad day.
    std::size_t bad_days_as_stranger = 0;  ///< Of these, given a stranger's identity.
    std::size_t stranger_visits = 0;
    std::size_t taken_for_resident = 0;  ///< Of these, accepted as somebody.
    std::size_t no_identity = 0;         ///< Of these, near to a resident or between two limits.
    std::size_t repeaters = 0;           ///< Strangers who came three days running.
    std::size_t found = 0;               ///< Of these, said to have come three days running.
    std::size_t found_unmerged = 0;      ///< The same, if nobody were told of merged identities.
    std::size_t false_alarms = 0;        ///< "Three days running" of an identity without one person who did.
    std::size_t false_of_resident = 0;   ///< Of these, with a resident in it.
    std::size_t merges = 0;
    std::size_t wrong_merges = 0;  ///< Of identities that have nobody in common.
};

/// Plays the rounds with the people of `set`, whose pictures `model` made numbers of. Pictures without a face are left out.
[[nodiscard]] StreetFigures play_street(const FaceSet& set, const ModelTag& model, const Calibration& calibration,
                                        const StreetPlan& plan);

}  // namespace menshen::models::faces_tool
