#include "models/score_tail.hpp"

#include <cmath>

#include "models/seeded.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

/// Three persons with 1, 2 and 3 pictures as probes, every person a target once.
ScoreTail small_tail() {
    ScoreTail out;
    out.high = {{0.9F, 0, 1}, {0.8F, 1, 2}, {0.7F, 1, 2}, {0.6F, 2, 0}};
    out.probes = {1, 2, 3};
    out.targets = {1, 1, 1};
    return out;
}

}  // namespace

TEST_CASE("comparisons are counted, by hand", "[unit]") {
    const auto tail = small_tail();
    // Six pictures with two other persons each.
    CHECK(tail.comparisons() == 12);
    // Person 0 twice, person 1 not at all, person 2 once: 0's two pictures meet 2; 2's three meet 0 twice.
    CHECK(tail.comparisons(std::vector<float>{2, 0, 1}) == 8);
    auto searches = tail;
    searches.targets.clear();
    CHECK(searches.comparisons() == 6);
}

TEST_CASE("thresholds and rates, by hand", "[unit]") {
    const auto tail = small_tail();
    CHECK(rate_at(tail, 0.8F) == Approx(2.0 / 12));
    CHECK(rate_at(tail, 0.85F) == Approx(1.0 / 12));
    CHECK(rate_at(tail, 0.95F) == 0);
    // One error in twelve is allowed: the second-highest score must be refused, and nothing above it.
    const float threshold = threshold_at(tail, 1.0 / 12);
    CHECK(threshold > 0.8F);
    CHECK(threshold < 0.8001F);
    CHECK(rate_at(tail, threshold) == Approx(1.0 / 12));
    CHECK(threshold_at(tail, 0.5 / 12) > 0.9F);
}

TEST_CASE("a threshold of a replicate is the threshold of the persons it drew", "[unit]") {
    const auto tail = small_tail();
    // Persons 1 and 2 once, 0 never: errors are the two of person 1; five comparisons of 1 with 2 and of 2 with 1.
    const std::vector<std::vector<float>> replicates = {{0, 1, 1}, {1, 1, 1}};
    const std::vector<double> rates = {0.25, 1.0 / 12};
    const auto thresholds = replicate_thresholds(tail, rates, replicates);
    REQUIRE(thresholds.size() == 2);
    CHECK(thresholds[0][0] == Approx(0.7F).margin(1e-4));
    CHECK(thresholds[0][0] > 0.7F);
    CHECK(thresholds[1][0] > 0.8F);
    for (std::size_t i = 0; i < rates.size(); ++i) CHECK(thresholds[i][1] == threshold_at(tail, rates[i]));
}

TEST_CASE("a collector of high scores keeps exactly the highest", "[unit]") {
    Seeded random(5);
    TailCollector collector(100);
    std::vector<float> all;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        const float score = static_cast<float>(random.below(1'000'000)) / 1e6F;
        all.push_back(score);
        collector.add({score, i, i});
    }
    std::sort(all.rbegin(), all.rend());
    const auto tail = collector.take();
    REQUIRE(tail.high.size() >= 100);
    for (std::size_t i = 0; i < tail.high.size(); ++i) CHECK(tail.high[i].score == all[i]);
    CHECK(tail.floor <= tail.high.back().score);
}

TEST_CASE("an exponential tail is found again, and goes on beyond what was seen", "[unit]") {
    // 100,000 scores whose artanh is 0.3 plus an exponential of mean 0.05: P(z > t) = exp(-(t - 0.3) / 0.05).
    ScoreTail tail;
    for (int i = 0; i < 100'000; ++i) {
        const double share = (i + 0.5) / 100'000;
        tail.high.push_back({static_cast<float>(std::tanh(0.3 - 0.05 * std::log(share))), 0, 1});
    }
    tail.probes = {100'000, 0};
    const auto fitted = fit_tail(tail, 0.01, {});
    CHECK(fitted.rate == Approx(0.01).epsilon(0.01));
    CHECK(fitted.scale == Approx(0.05).epsilon(0.02));
    for (const double rate : {1e-3, 1e-5, 1e-7}) {
        CAPTURE(rate);
        const double truth = std::tanh(0.3 - 0.05 * std::log(rate));
        CHECK(fitted.threshold_at(rate) == Approx(truth).margin(0.01));
        CHECK(fitted.rate_at(fitted.threshold_at(rate)) == Approx(rate).epsilon(1e-3));
        CHECK(fitted.threshold_at(rate) < 1);
    }
}

TEST_CASE("a lighter tail is overestimated beyond what was seen, never underestimated", "[unit]") {
    // A bell: P(z > t) falls faster than any exponential.
    ScoreTail tail;
    Seeded random(3);
    for (int i = 0; i < 100'000; ++i) {
        double sum = 0;
        for (int part = 0; part < 12; ++part) sum += static_cast<double>(random.below(1'000'000)) / 1e6 - 0.5;
        tail.high.push_back({static_cast<float>(std::tanh(0.15 * sum)), 0, 1});
    }
    std::sort(tail.high.begin(), tail.high.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    tail.probes = {100'000, 0};
    // 1e-4 and 1e-5 of a normal distribution are at 3.719 and 4.265 standard deviations.
    const auto fitted = fit_tail(tail, 0.05, {});
    CHECK(fitted.threshold_at(1e-4) > std::tanh(0.15 * 3.719));
    CHECK(fitted.threshold_at(1e-5) > std::tanh(0.15 * 4.265));
}
