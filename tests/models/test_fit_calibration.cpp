#include "models/fit_calibration.hpp"

#include "tests/models/face_sets.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::test;

namespace {

const FaceSet& crowd() {
    static const auto set = made_up({.persons = 600, .most_pictures = 5, .dim = 24, .spread = 0.3F});
    return set;
}

const Calibration& table() {
    static const auto fitted = fit_calibration(crowd().half(Half::fit), {.rounds = 6, .replicates = 60});
    REQUIRE(fitted);
    return *fitted;
}

}  // namespace

TEST_CASE("a fitted table can be read back, and says what is behind it", "[unit]") {
    auto fitted = table();
    fitted.model = "test";
    fitted.weights = "0";
    fitted.source = fitted.pipeline = fitted.preparation = "made up";
    Problems problems;
    const auto read = parse_calibration("t.yaml", to_yaml(fitted), problems);
    CAPTURE(problems.text());
    REQUIRE(read);
    const auto fit = crowd().half(Half::fit);
    CHECK(read->persons == fit.persons.size());
    CHECK(read->pictures == fit.pictures());
    CHECK(read->fusion == Fusion::mean);
}

TEST_CASE("an entry is measured where the gallery could be drawn and three strangers would err, and only there", "[unit]") {
    const auto fit = crowd().half(Half::fit);
    const auto drawable = fit.persons_with(3);
    std::size_t measured = 0;
    for (const auto& entry : table().one_to_many) {
        CAPTURE(entry.persons, entry.fpir, entry.behind);
        CHECK(entry.measured == (entry.persons <= drawable && entry.fpir * static_cast<double>(entry.behind) >= 3));
        CHECK(entry.tpir.has_value() == (entry.persons <= drawable));
        CHECK(entry.behind <= fit.persons.size());
        measured += entry.measured ? 1 : 0;
    }
    CHECK(measured > 4);
    CHECK(table().identify(10'000, 1e-3).extrapolated);
    CHECK_FALSE(table().identify(10, 0.02).extrapolated);
    // The largest gallery that could be drawn has a row of its own.
    CHECK(std::any_of(table().one_to_many.begin(), table().one_to_many.end(),
                      [&](const auto& one) { return one.persons == drawable; }));
}

TEST_CASE("thresholds rise with the gallery and with the target", "[unit]") {
    float last = -1;
    for (const std::size_t persons : {10, 20, 50, 100, 1000, 10'000}) {
        const float now = table().identify(persons, 1e-2).cosine;
        CHECK(now >= last);
        CHECK(now <= 1);
        last = now;
    }
    CHECK(table().identify(50, 1e-2).cosine < table().identify(50, 1e-4).cosine);
    CHECK(table().verify(1e-2).cosine < table().verify(1e-4).cosine);
}

TEST_CASE("on persons it never saw a target is exceeded twice at most", "[unit]") {
    const auto check = crowd().half(Half::check);
    for (const std::size_t persons : {10, 50})
        for (const double fpir : {0.05, 0.02, 0.01}) {
            const auto found = search_rounds(check, {.persons = persons, .fusion = Fusion::mean, .seed = 77}, 10);
            const float threshold = table().identify(persons, fpir).cosine;
            CAPTURE(persons, fpir, threshold, found.fpir_at(threshold));
            CHECK(found.fpir_at(threshold) <= 2 * fpir);
            // Nor is it met by letting nobody in.
            CHECK(found.tpir_at(threshold, {}).value > 0.5);
        }
    const auto pairs = person_scores(check, {.fusion = Fusion::mean, .seed = 77}, 0.1);
    for (const double fmr : {1e-2, 1e-3}) {
        CAPTURE(fmr);
        CHECK(rate_at(pairs.impostors, table().verify(fmr).cosine) <= 2 * fmr);
    }
}

TEST_CASE("what is extrapolated holds in a gallery that is larger than any that was drawn", "[unit]") {
    // Fitted to 300 persons, judged by 3,000 of the same kind.
    const auto large = made_up({.persons = 3000, .most_pictures = 4, .dim = 24, .spread = 0.3F, .seed = 2});
    const auto found = search_rounds(large, {.persons = 1000, .fusion = Fusion::mean}, 1);
    const auto threshold = table().identify(1000, 1e-2);
    CHECK(threshold.extrapolated);
    CHECK(found.fpir_at(threshold.cosine) <= 2e-2);
}

TEST_CASE("too few persons make no table", "[unit]") {
    CHECK_FALSE(fit_calibration(made_up({.persons = 10}), {}));
    const auto nobody_twice = fit_calibration(made_up({.persons = 100, .most_pictures = 1}), {});
    REQUIRE_FALSE(nobody_twice);
    CHECK(nobody_twice.error().message.find("add persons") != std::string::npos);
}
