#pragma once
/// One face against one face: how often two people are taken for one, and one for two. Pure; deterministic for a seed.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/face_set.hpp"
#include "models/score_tail.hpp"

namespace menshen::models {

/// Every picture with every other.
struct PairScores {
    ScoreTail impostors;             ///< Ordered pairs count once in each direction, so that rates are those of unordered ones.
    std::vector<HighScore> genuine;  ///< Pairs of one person; ascending; probe and target are that person.
    std::vector<double> genuine_of;  ///< How many of them each person has.
    std::size_t impostor_pairs = 0;
};

/// `keep`: the share of impostor pairs to keep, above the largest false match rate that will be asked for.
[[nodiscard]] PairScores all_pairs(const FaceSet& set, double keep);

/// The share of genuine pairs below `threshold`. Every pair counts alike, so persons with many pictures count most.
[[nodiscard]] double fnmr_at(const PairScores& pairs, float threshold);
/// The same, every person with a pair counting alike.
[[nodiscard]] double fnmr_by_person_at(const PairScores& pairs, float threshold);
[[nodiscard]] Rate fnmr_with_interval(const PairScores& pairs, float threshold,
                                      const std::vector<std::vector<float>>& replicates);

/// The customary ten folds (Huang et al. 2007, "Labeled Faces in the Wild"): as many pairs of one person as of two, the persons
/// of a fold in no other; nine folds choose the threshold, the tenth is judged.
struct TenFolds {
    std::vector<double> accuracies;  ///< One a fold.
    std::size_t pairs = 0;           ///< Of one person and of two together.
    [[nodiscard]] double mean() const;
    [[nodiscard]] double standard_error() const;
};
/// Draws at most `pairs_per_fold` of each kind in each fold. Empty when some fold has no pair of one person.
[[nodiscard]] TenFolds ten_folds(const FaceSet& set, std::size_t pairs_per_fold, std::uint64_t seed);

}  // namespace menshen::models
