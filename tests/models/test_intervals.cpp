#include "models/intervals.hpp"

#include <cmath>
#include <numeric>

#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

/// P(X <= errors) of a binomial, summed term by term.
double at_most(std::size_t errors, std::size_t trials, double p) {
    double sum = 0;
    for (std::size_t k = 0; k <= errors; ++k) {
        const auto n = static_cast<double>(trials), i = static_cast<double>(k);
        sum += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) + i * std::log(p) +
                        (n - i) * std::log1p(-p));
    }
    return sum;
}

}  // namespace

TEST_CASE("Clopper-Pearson: beyond either end what was seen has a chance of 2.5 %", "[unit]") {
    for (const std::size_t trials : {10, 97, 1000})
        for (const std::size_t errors : {std::size_t{1}, std::size_t{3}, trials / 2, trials - 1}) {
            CAPTURE(errors, trials);
            const auto rate = clopper_pearson(errors, trials);
            CHECK(at_most(errors, trials, rate.high) == Approx(0.025).epsilon(1e-6));
            CHECK(1 - at_most(errors - 1, trials, rate.low) == Approx(0.025).epsilon(1e-6));
        }
}

TEST_CASE("intervals at the edges", "[unit]") {
    // Without an error in n trials: 1 - 0.025^(1/n).
    CHECK(clopper_pearson(0, 100).low == 0);
    CHECK(clopper_pearson(0, 100).high == Approx(1 - std::pow(0.025, 0.01)));
    CHECK(clopper_pearson(100, 100).high == 1);
    CHECK(clopper_pearson(0, 0).high == 1);
    CHECK(wilson(0, 0).high == 1);
    CHECK(wilson(0, 50).low == 0);
    CHECK(wilson(50, 50).high == 1);
}

TEST_CASE("Wilson, by hand: 10 of 100", "[unit]") {
    // Middle (0.1 + 3.8415 / 200) / 1.038415, reach 1.95996 / 1.038415 * sqrt(0.0009 + 0.0000960).
    const auto rate = wilson(10, 100);
    CHECK(rate.value == Approx(0.1));
    CHECK(rate.low == Approx(0.0552).margin(1e-4));
    CHECK(rate.high == Approx(0.1744).margin(1e-4));
}

TEST_CASE("quantiles lie between neighbours in proportion", "[unit]") {
    CHECK(quantile({4, 1, 3, 2, 5}, 0.5) == 3);
    CHECK(quantile({1, 2}, 0.25) == 1.25);
    CHECK(quantile({7}, 0.975) == 7);
    CHECK(quantile({}, 0.5) == 0);
}

TEST_CASE("a bootstrap draws as many persons as there are, the same for the same seed", "[unit]") {
    const auto weights = person_weights(50, 400, 7);
    REQUIRE(weights.size() == 400);
    double never = 0;
    for (const auto& one : weights) {
        CHECK(std::accumulate(one.begin(), one.end(), 0.0F) == 50);
        never += static_cast<double>(std::count(one.begin(), one.end(), 0.0F));
    }
    // A person stays out with (1 - 1/50)^50.
    CHECK(never / (400.0 * 50) == Approx(std::pow(0.98, 50)).epsilon(0.05));
    CHECK(weights == person_weights(50, 400, 7));
    CHECK(weights != person_weights(50, 400, 8));
}

TEST_CASE("the interval of a bootstrapped share is about that of independent trials", "[unit]") {
    // 30 of 200 persons err, once each: the bootstrap over persons must find what Wilson knows.
    const auto weights = person_weights(200, 2000, 3);
    std::vector<double> rates;
    for (const auto& one : weights) rates.push_back(std::accumulate(one.begin(), one.begin() + 30, 0.0) / 200);
    const auto rate = with_replicates(0.15, rates);
    CHECK(rate.low == Approx(wilson(30, 200).low).margin(0.01));
    CHECK(rate.high == Approx(wilson(30, 200).high).margin(0.01));
}
