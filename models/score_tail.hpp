#pragma once
/// The highest scores among comparisons of different people: what false matches are made of, how often they come at a threshold,
/// and how the rate goes on beyond what was seen. Pure.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/calibration.hpp"
#include "models/intervals.hpp"

namespace menshen::models {

/// A comparison of two different persons that came out high.
struct HighScore {
    float score = 0;
    std::uint32_t probe = 0;   ///< The person in the picture.
    std::uint32_t target = 0;  ///< The person it is taken for.
};

/// All comparisons at or above `floor`, and how many there were in all.
struct ScoreTail {
    std::vector<HighScore> high;  ///< Descending.
    float floor = -1;
    /// Pictures of each person as probes. Without `targets` a comparison is one search in a gallery.
    std::vector<double> probes;
    /// Targets of each person; every probe is compared with every target of other persons.
    std::vector<double> targets;

    [[nodiscard]] double comparisons() const;
    /// The same when each person is there `weights` times.
    [[nodiscard]] double comparisons(std::span<const float> weights) const;
};

/// Keeps the highest scores without keeping all: at most twice `limit` at a time.
class TailCollector {
public:
    explicit TailCollector(std::size_t limit) : limit_(limit) {}
    void add(HighScore score) {
        if (score.score < floor_) return;
        high_.push_back(score);
        if (high_.size() >= 2 * limit_) shrink();
    }
    /// Sorted, and the floor set. Call once.
    [[nodiscard]] ScoreTail take();

private:
    void shrink();
    std::size_t limit_;
    float floor_ = -1;
    std::vector<HighScore> high_;
};

/// The share of comparisons that score at least `threshold`; exact from the tail's floor upward.
[[nodiscard]] double rate_at(const ScoreTail& tail, float threshold);
/// The same with an interval from a bootstrap over persons.
[[nodiscard]] Rate rate_with_interval(const ScoreTail& tail, float threshold, const std::vector<std::vector<float>>& replicates);
/// The lowest threshold at which the rate is not above `rate`.
[[nodiscard]] float threshold_at(const ScoreTail& tail, double rate);
/// The same for each replicate of a bootstrap and each of `rates`, which descend: result[rate][replicate].
[[nodiscard]] std::vector<std::vector<double>> replicate_thresholds(const ScoreTail& tail, std::span<const double> rates,
                                                                    const std::vector<std::vector<float>>& replicates);

/// Beyond the scores that were seen. Above `from` the rate falls as exp(-(z(t) - z(from)) / scale), z being Fisher's
/// transformation artanh, in which a cosine knows no upper end: the exponential member of the generalised Pareto family (Pickands
/// 1975). Impostor scores fall off faster than that, so what it says is too much rather than too little.
struct ExponentialTail {
    float from = 0;
    double rate = 0;   ///< At `from`.
    double scale = 0;  ///< Mean excess over z(from).

    [[nodiscard]] double rate_at(float threshold) const;
    [[nodiscard]] float threshold_at(double rate) const;
};
/// Fits it to the scores above the threshold of `share`. `weights` as in comparisons(); empty: everybody once.
[[nodiscard]] ExponentialTail fit_tail(const ScoreTail& tail, double share, std::span<const float> weights);

}  // namespace menshen::models
