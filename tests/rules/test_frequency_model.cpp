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
#include "rules/frequency_reading.hpp"
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

TEST_CASE("no use before the count that is worth a look can make the verdict", "[unit][frequency]") {
    // `may_be` at every count of a day, against what one look at its first use foretells.
    std::size_t foretold = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Draw draw(seed);
        FrequencyPopulation population;
        FrequencyModel model;
        const FrequencyLimits limits{.false_alerts_per_30d = 0.03 * static_cast<double>(seed % 7 + 1),
                                     .over_days = static_cast<int>(seed % 3) * 3 + 1};
        const double level = draw.between(0.3, 12);
        for (std::int64_t day = kMonday; day < kMonday + 60; ++day) {
            const int uses = draw.uneven(level, 1.6);
            for (int i = 0; i < uses; ++i) model.add_use(stamp(day, 480 + i), limits, population);
        }
        auto next = model;
        next.add_use(stamp(kMonday + 60, 480), limits, population);
        if (next.unusual()) continue;
        using Days = FrequencyReading::Days;
        const auto& prior = population.prior();
        const auto enough = limits.odds_needed();
        const FrequencyReading first(next, prior, Days::at_a_glance);
        if (first.may_be(enough, limits)) continue;
        const auto look_at = first.uses_to_look(enough, limits);
        CHECK(look_at > 1);
        ++foretold;
        for (std::uint32_t count = 1; count < look_at && !next.unusual(); ++count) {
            INFO("seed " << seed << ", " << count << " of " << look_at);
            CHECK_FALSE(FrequencyReading(next, prior, Days::at_a_glance).may_be(enough, limits));
            next.add_use(stamp(kMonday + 60, 481 + static_cast<int>(count)), limits, population);
        }
    }
    CHECK(foretold > 10);
}

TEST_CASE("a larger budget is never slower", "[unit][frequency]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 12));
    CAPTURE(seed);
    std::int64_t last = 1000;
    for (const double budget : {0.01, 0.1, 0.5, 2.0}) {
        FrequencyPopulation population;
        Subject card(population, {.false_alerts_per_30d = budget, .over_days = 1});
        Draw draw(seed);
        std::int64_t found = 999;
        for (std::int64_t day = 0; day < 60 && found == 999; ++day)
            if (card.day(kMonday + day, draw.uneven(day < 30 ? 4 : 8, 1.5))) found = day;
        CHECK(found <= last);
        last = found;
    }
}

TEST_CASE("a simulated population keeps the budget and nearly all of its tripled cards are found", "[unit][frequency]") {
    constexpr std::int64_t kDays = 150, kOnset = 120;
    constexpr std::size_t kCards = 200, kShared = 10;
    Draw draw(7);
    FrequencyPopulation population;
    std::vector<Subject> cards(kCards, Subject(population, kTenth));
    std::vector<double> level, spread, weekend;
    for (std::size_t i = 0; i < kCards; ++i) {
        level.push_back(std::exp(draw.between(0, 2.5)));
        spread.push_back(draw.between(1, 3));
        weekend.push_back(draw.between(0.3, 1.8));
    }
    int false_alerts = 0, found = 0;
    for (std::int64_t day = 0; day < kDays; ++day) {
        for (std::size_t i = 0; i < kCards; ++i) {
            const double mean = level[i] * (day % 7 >= 5 ? weekend[i] : 1);
            int uses = draw.uneven(mean, spread[i]);
            const bool shared = i < kShared && day >= kOnset;
            if (shared) uses += draw.uneven(2 * mean, spread[i]);
            const bool began = cards[i].day(kMonday + day, uses);
            if (!began) continue;
            if (shared && day < kOnset + 14) ++found;
            if (!shared) ++false_alerts;
        }
    }
    // 1,000 card-months at 0.1; twice the standard deviation above it is 120.
    CHECK(false_alerts <= 120);
    CHECK(false_alerts >= 30);  // an alarm that never sounds has no budget to keep
    CHECK(found >= 9);
    CHECK(std::abs(population.prior().log_level - 1.25) < 0.2);
    CHECK(std::abs(population.prior().spread - 2) < 0.4);
}

TEST_CASE("a lasting rise becomes the habit after six weeks, or at once when somebody says so", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    const bool accepted = GENERATE(false, true);
    CAPTURE(accepted);
    for (std::int64_t day = 0; day < 60; ++day) card.day(kMonday + day, steady(day, 4));
    std::optional<std::int64_t> ended;
    for (std::int64_t day = 60; day < 250; ++day) {
        const bool began = card.day(kMonday + day, steady(day, 12));
        if (began && accepted) card.model.accept(population);
        if (!ended && card.alerts > 0 && !card.model.unusual()) ended = day;
    }
    CHECK(card.alerts == 1);
    REQUIRE(ended.has_value());
    CHECK(*ended <= (accepted ? 63 : 60 + 3 + 42));
}

TEST_CASE("an alert ends at a midnight when use is back to the usual", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    for (std::int64_t day = 0; day < 50; ++day) card.day(kMonday + day, steady(day, 4));
    CHECK(card.day(kMonday + 50, 1000));
    std::int64_t day = 51;
    for (; card.model.unusual() && day < 120; ++day) card.day(kMonday + day, steady(day, 4));
    CHECK(day < 85);
    // The wild day has not spoilt what is known.
    for (; day < 130; ++day) card.day(kMonday + day, steady(day, 4));
    CHECK(card.alerts == 1);
    for (; !card.model.unusual() && day < 145; ++day) card.day(kMonday + day, steady(day, 12));
    CHECK(card.alerts == 2);
}

TEST_CASE("a clock that is set back keeps what was learned and raises nothing", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    for (std::int64_t day = 0; day < 60; ++day) card.day(kMonday + day, steady(day, 4));
    const auto wrong = GENERATE(-20000, -30, -3, -1, 1, 3, 30, 4000, 90000);  // days
    CAPTURE(wrong);
    card.day(kMonday + 60 + wrong, 3);
    for (std::int64_t day = 61; day < 120; ++day) card.day(kMonday + day, steady(day, 4));
    CHECK(card.alerts == 0);
    bool found = false;
    for (std::int64_t day = 120; day < 127; ++day) found = card.day(kMonday + day, steady(day, 12)) || found;
    CHECK(found);
}

TEST_CASE("the evidence names hours and weekdays that are new", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    const auto works = [](std::int64_t day) { return day % 7 < 5; };
    std::vector<Subject> others(20, Subject(population, kTenth));
    for (std::int64_t day = 0; day < 56; ++day) {
        card.day(kMonday + day, works(day) ? steady(day, 4) : 0);
        for (auto& other : others) other.day(kMonday + day, steady(day, 4));
    }
    for (std::int64_t day = 56; day < 70; ++day) {
        card.day(kMonday + day, works(day) ? steady(day, 4) : 0);
        card.day(kMonday + day, 6, 23 * 60);
    }
    REQUIRE(card.model.unusual());
    const auto evidence = card.model.evidence(kTenth, population);
    CHECK(evidence.new_hours == 1U << 23);
    CHECK(evidence.new_weekdays == 0b1100000);
    CHECK(std::abs(evidence.since_day - (kMonday + 56)) <= 3);
    CHECK(evidence.raised_days == kMonday + 70 - evidence.since_day);
    CHECK(evidence.count == 6);  // the last day is a Sunday
}

TEST_CASE("a subject that is forgotten leaves the population as it was without it", "[unit][frequency]") {
    FrequencyPopulation population;
    Subject card(population, kTenth);
    FrequencyModel none;
    const auto before = population.prior();
    for (std::int64_t day = 0; day < 30; ++day) card.day(kMonday + day, 9);
    CHECK(population.subjects() == 1);
    CHECK(population.prior().log_level != before.log_level);
    card.model.withdraw(population);
    CHECK(population.subjects() == 0);
    CHECK(population.prior().log_level == before.log_level);
    CHECK(population.prior().spread == before.spread);
}

TEST_CASE("an excess is weighed over as many days as the rule says", "[unit][frequency]") {
    FrequencyPopulation population;
    const auto days = GENERATE(1, 7);
    CAPTURE(days);
    Subject card(population, {.false_alerts_per_30d = 0.1, .over_days = days});
    for (std::int64_t day = 0; day < 40; ++day) card.day(kMonday + day, steady(day, 4));
    // One busy day is an alert by itself only when a day is the measure.
    const bool began = card.day(kMonday + 40, 22);
    CHECK(began == (days == 1));
}

static_assert(sizeof(FrequencyModel) <= 512);
static_assert(sizeof(FrequencyPopulation) <= 512);

}  // namespace menshen::rules
