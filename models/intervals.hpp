#pragma once
/// How far a counted rate can be trusted: 95 % confidence intervals. Pure.

#include <cstddef>
#include <vector>

#include "models/calibration.hpp"

namespace menshen::models {

/// Clopper and Pearson (1934), exact: for independent trials. No trial at all: 0 to 1.
[[nodiscard]] Rate clopper_pearson(std::size_t errors, std::size_t trials);
/// Wilson (1927): for independent trials, and nearer to 95 % on average.
[[nodiscard]] Rate wilson(std::size_t errors, std::size_t trials);

/// The value at a share `q` (0 to 1) of the sorted values, between neighbours in proportion; 0 when there are none.
[[nodiscard]] double quantile(std::vector<double> values, double q);
/// A rate with the middle 95 % of what resampling gave (Efron 1979). The rate itself is always within.
[[nodiscard]] Rate with_replicates(double value, const std::vector<double>& replicates);

/// How often each of `persons` is drawn when as many are drawn with replacement: one replicate of a bootstrap over persons.
/// Comparisons that share a person are not independent, so persons are what has to be drawn again, never comparisons
/// (Bolle, Ratha, Pankanti 2004: "Error analysis of pattern recognition systems: the subsets bootstrap").
[[nodiscard]] std::vector<std::vector<float>> person_weights(std::size_t persons, std::size_t replicates, std::size_t seed);

}  // namespace menshen::models
