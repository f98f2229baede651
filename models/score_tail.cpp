#include "models/score_tail.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace menshen::models {
namespace {

bool is_higher(const HighScore& a, const HighScore& b) { return a.score > b.score; }

/// Just above a score: the lowest threshold that refuses it.
float above(float score) { return std::nextafter(score, 2.0F); }

double artanh(float cosine) { return std::atanh(std::clamp(static_cast<double>(cosine), -0.999999, 0.999999)); }

double weight_of(const HighScore& one, std::span<const float> weights) {
    return weights.empty() ? 1.0 : static_cast<double>(weights[one.probe]) * weights[one.target];
}

}  // namespace

double ScoreTail::comparisons() const {
    const std::vector<float> once(probes.size(), 1.0F);
    return comparisons(once);
}

double ScoreTail::comparisons(std::span<const float> weights) const {
    double probing = 0, targeted = 0, own = 0;
    for (std::size_t p = 0; p < probes.size(); ++p) {
        probing += weights[p] * probes[p];
        if (targets.empty()) continue;
        targeted += weights[p] * targets[p];
        own += static_cast<double>(weights[p]) * weights[p] * probes[p] * targets[p];
    }
    return targets.empty() ? probing : probing * targeted - own;
}

void TailCollector::shrink() {
    std::nth_element(high_.begin(), high_.begin() + static_cast<long>(limit_), high_.end(), is_higher);
    high_.resize(limit_);
    floor_ = std::min_element(high_.begin(), high_.end(), [](const auto& a, const auto& b) { return a.score < b.score; })->score;
}

ScoreTail TailCollector::take() {
    std::sort(high_.begin(), high_.end(), [](const HighScore& a, const HighScore& b) {
        return std::tie(b.score, a.probe, a.target) < std::tie(a.score, b.probe, b.target);
    });
    ScoreTail out;
    out.high = std::move(high_);
    out.floor = floor_;
    return out;
}

double rate_at(const ScoreTail& tail, float threshold) {
    const auto end =
        std::partition_point(tail.high.begin(), tail.high.end(), [&](const auto& one) { return one.score >= threshold; });
    const double all = tail.comparisons();
    return all > 0 ? static_cast<double>(end - tail.high.begin()) / all : 0;
}

Rate rate_with_interval(const ScoreTail& tail, float threshold, const std::vector<std::vector<float>>& replicates) {
    std::vector<double> rates;
    for (const auto& weights : replicates) {
        double errors = 0;
        for (const auto& one : tail.high) {
            if (one.score < threshold) break;
            errors += weight_of(one, weights);
        }
        if (const double all = tail.comparisons(weights); all > 0) rates.push_back(std::min(1.0, errors / all));
    }
    auto out = with_replicates(rate_at(tail, threshold), rates);
    // Without a single error every replicate says 0. The rule of three (Hanley, Lippman-Hand 1983) on the probing persons says
    // what that is worth.
    const auto persons =
        static_cast<double>(std::count_if(tail.probes.begin(), tail.probes.end(), [](double n) { return n > 0; }));
    if (out.value == 0) out.high = persons > 3 ? 3 / persons : 1;
    return out;
}

float threshold_at(const ScoreTail& tail, double rate) {
    const auto allowed = static_cast<std::size_t>(rate * tail.comparisons() * (1 + 1e-12));
    return allowed >= tail.high.size() ? tail.floor : above(tail.high[allowed].score);
}

std::vector<std::vector<double>> replicate_thresholds(const ScoreTail& tail, std::span<const double> rates,
                                                      const std::vector<std::vector<float>>& replicates) {
    std::vector<std::vector<double>> out(rates.size());
    for (const auto& weights : replicates) {
        const double all = tail.comparisons(weights);
        double errors = 0;
        // The strictest rate is used up first.
        std::size_t open = rates.size();
        for (const auto& one : tail.high) {
            errors += weight_of(one, weights);
            while (open > 0 && errors > rates[open - 1] * all) out[--open].push_back(above(one.score));
            if (open == 0) break;
        }
        while (open > 0) out[--open].push_back(tail.floor);
    }
    return out;
}

double ExponentialTail::rate_at(float threshold) const {
    return scale > 0 ? rate * std::exp(-(artanh(threshold) - artanh(from)) / scale) : 0;
}

float ExponentialTail::threshold_at(double wanted) const {
    if (!(wanted > 0) || !(rate > 0)) return wanted > 0 ? from : kNeverMatches;
    return static_cast<float>(std::tanh(artanh(from) + scale * std::log(rate / wanted)));
}

ExponentialTail fit_tail(const ScoreTail& tail, double share, std::span<const float> weights) {
    ExponentialTail out;
    out.from = models::threshold_at(tail, share);
    double count = 0, excess = 0;
    for (const auto& one : tail.high) {
        if (one.score < out.from) break;
        const double weight = weight_of(one, weights);
        count += weight;
        excess += weight * (artanh(one.score) - artanh(out.from));
    }
    const double all = weights.empty() ? tail.comparisons() : tail.comparisons(weights);
    if (count > 0 && all > 0) {
        out.rate = count / all;
        out.scale = excess / count;
    }
    return out;
}

}  // namespace menshen::models
