// The learned frequency: what a card's use must look like to be unusual. The drawn uses come from a generator of our own, so that
// the same seed gives the same days on every machine.

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/bytes.hpp"
#include "rules/frequency_model.hpp"
#include "tests/support/catch.hpp"

namespace menshen::rules {

namespace {

constexpr std::int64_t kMonday = 20458;  // 2026-01-05
constexpr FrequencyLimits kTenth{.false_alerts_per_30d = 0.1, .over_days = 1};

Stamp stamp(std::int64_t day, int minute) { return {WallTime{Millis{(day * 1440 + minute) * 60'000}}, std::chrono::minutes{0}}; }

/// splitmix64, and Knuth's draw of a Poisson count.
class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(seed) {}
    double uniform() {
        state_ += 0x9e3779b97f4a7c15ULL;
        auto z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
    }
    double between(double low, double high) { return low + (high - low) * uniform(); }
    int poisson(double mean) {
        const double limit = std::exp(-mean);
        int count = 0;
        for (double product = uniform(); product > limit; product *= uniform()) ++count;
        return count;
    }
    /// Variance = `spread` * mean: clusters of a logarithmic size, a Poisson number of them.
    int uneven(double mean, double spread) {
        if (spread <= 1.01) return poisson(mean);
        const double p = 1 - 1 / spread;
        int count = 0;
        for (int clusters = poisson(mean * std::log(spread) / (spread - 1)); clusters > 0; --clusters) {
            const double u = uniform();
            double chance = -p / std::log(1 - p);
            double sum = chance;
            int size = 1;
            while (u > sum && size < 100) {
                chance *= p * size / (size + 1);
                sum += chance;
                ++size;
            }
            count += size;
        }
        return count;
    }

private:
    std::uint64_t state_;
};

/// One subject as the engine drives it: uses in order, and the midnights while it is unusual.
class Subject {
public:
    Subject(FrequencyPopulation& population, FrequencyLimits limits) : population_(population), limits_(limits) {}
    /// Plays one day and says whether an alert began on it.
    bool day(std::int64_t day, int uses, int first_minute = 420) {
        if (model.unusual()) model.close_days(day, limits_, population_);
        bool began = false;
        for (int i = 0; i < uses; ++i) {
            const bool before = model.unusual();
            model.add_use(stamp(day, first_minute + i % 600), limits_, population_);
            began = began || (!before && model.unusual());
        }
        if (began) ++alerts;
        return began;
    }
    FrequencyModel model;
    int alerts = 0;

private:
    FrequencyPopulation& population_;
    FrequencyLimits limits_;
};

/// A count of about `mean` a day that repeats itself and keeps nothing from the generator.
int steady(std::int64_t day, int mean) { return std::max(0, mean + static_cast<int>((day * 7) % 5) - 2); }

std::string bytes_of(FrequencyModel& model, FrequencyPopulation& population) {
    ByteWriter out;
    transfer(out, model);
    transfer(out, population);
    return out.take();
}

}  // namespace

TEST_CASE("a new card is not unusual, whatever its first days are like", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    const auto uses = GENERATE(1, 5, 40, 1000);
    for (std::int64_t day = 0; day < 7; ++day) CHECK_FALSE(card.day(kMonday + day, uses));
}

TEST_CASE("a card that keeps to its habit is not unusual", "[unit][frequency]") {
    FrequencyPopulation population;
    const auto mean = GENERATE(2, 4, 12, 30);
    Subject card(population, kTenth);
    for (std::int64_t day = 0; day < 200; ++day) card.day(kMonday + day, steady(day, mean));
    CHECK(card.alerts == 0);
}

TEST_CASE("doubled use is found within two weeks, tripled use within days", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    for (std::int64_t day = 0; day < 40; ++day) REQUIRE_FALSE(card.day(kMonday + day, steady(day, 4)));
    const auto [times, most_days] = GENERATE(std::pair{2, 13}, std::pair{3, 5});
    CAPTURE(times);
    std::optional<std::int64_t> found;
    for (std::int64_t day = 40; day < 60 && !found; ++day)
        if (card.day(kMonday + day, times * steady(day, 4))) found = day - 40;
    REQUIRE(found.has_value());
    CHECK(*found <= most_days);
    const auto evidence = card.model.evidence(kTenth, population);
    CHECK(std::abs(evidence.since_day - (kMonday + 40)) <= 2);
    CHECK(evidence.raised_count > 1.4 * evidence.raised_usual);
    CHECK(evidence.odds >= evidence.odds_needed);
}

TEST_CASE("weeks of absence and the return to the usual are no alert", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    const auto away = GENERATE(3, 10, 25, 60, 500);
    for (std::int64_t day = 0; day < 40; ++day) card.day(kMonday + day, steady(day, 4));
    for (std::int64_t day = 40 + away; day < 100 + away; ++day) card.day(kMonday + day, steady(day, 4));
    CHECK(card.alerts == 0);
}

TEST_CASE("a checkpoint between any two uses changes nothing", "[unit][frequency]") {
    FrequencyPopulation population, copied_population;
    Subject card(population, kTenth), copy(copied_population, kTenth);
    for (std::int64_t day = 0; day < 70; ++day) {
        const auto uses = steady(day, day < 45 ? 4 : 9);
        CHECK(card.day(kMonday + day, uses) == copy.day(kMonday + day, uses));
        const auto bytes = bytes_of(copy.model, copied_population);
        REQUIRE(bytes == bytes_of(card.model, population));
        FrequencyModel restored;
        FrequencyPopulation restored_population;
        ByteReader in(bytes);
        transfer(in, restored);
        transfer(in, restored_population);
        REQUIRE(in.ok());
        REQUIRE(in.at_end());
        copy.model = restored;
        copied_population = restored_population;
    }
    CHECK(card.alerts == 1);
}

}  // namespace menshen::rules
