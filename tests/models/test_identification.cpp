#include "models/identification.hpp"

#include <algorithm>
#include <set>

#include "models/fit_calibration.hpp"
#include "tests/models/face_sets.hpp"
#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::test;

namespace {

/// Li and Wang have two pictures, of which one is enrolled; Chen is a stranger with two. `Li` at 0 and 4 degrees, Wang at 40 and
/// 44, Chen at 12 and at 22, half-way between.
FaceSet small_set() {
    return {{{"li", {at_angle(0), at_angle(4)}}, {"wang", {at_angle(40), at_angle(44)}}, {"chen", {at_angle(90)}}}};
}

double degrees(double angle) { return std::cos(angle * 3.14159265358979 / 180); }

}  // namespace

TEST_CASE("a round enrols some, and everybody's other pictures knock", "[unit]") {
    const auto set = small_set();
    const GalleryPlan plan{.persons = 2, .pictures = 1};
    CHECK(enrollable(set, plan) == 2);
    const auto found = search_round(set, plan, 0);
    REQUIRE(found.residents.size() == 2);
    REQUIRE(found.strangers.size() == 1);
    for (const auto& one : found.residents) {
        CHECK(one.best == one.person);
        CHECK(one.score == Approx(degrees(4)));
    }
    // Chen is nearest to whichever of Wang's pictures was enrolled, and Li is second.
    CHECK(found.strangers[0].person == 2);
    CHECK(found.strangers[0].best == 1);
    CHECK(found.strangers[0].score >= Approx(degrees(50)));
    CHECK(found.strangers[0].lead > 0.5F);
}

TEST_CASE("a picture without a face is a resident's miss, and nobody is enrolled from it", "[unit]") {
    FaceSet set{{{"li", {at_angle(0), {}, at_angle(2)}}, {"wang", {at_angle(90), {}}}, {"chen", {at_angle(45)}}}};
    const GalleryPlan plan{.persons = 2, .pictures = 1};
    CHECK(enrollable(set, plan) == 2);
    SearchResults results(set.persons.size(), 0);
    results.add(search_round(set, plan, 0));
    results.finish();
    CHECK(results.resident_searches() == 3);
    CHECK(results.tpir_at(0.9F, {}).value == Approx(1.0 / 3));
    // Without pictures that show a face nobody can be enrolled, however many there are.
    set.persons[1].pictures[0].values.clear();
    CHECK(enrollable(set, plan) == 1);
}

TEST_CASE("rounds are drawn again, and the same for the same seed", "[unit]") {
    const auto set = made_up({.persons = 60});
    const GalleryPlan plan{.persons = 10, .pictures = 2, .seed = 4};
    const auto who = [&](std::size_t round) {
        std::set<std::uint32_t> out;
        for (const auto& one : search_round(set, plan, round).residents) out.insert(one.person);
        return out;
    };
    CHECK(who(0).size() == 10);
    CHECK(who(0) == who(0));
    CHECK(who(0) != who(1));
}

TEST_CASE("the margin keeps out who lies between two residents", "[unit]") {
    const FaceSet set{{{"li", {at_angle(0), at_angle(0)}}, {"wang", {at_angle(10), at_angle(10)}}, {"chen", {at_angle(5)}}}};
    const GalleryPlan plan{.persons = 2, .pictures = 1};
    for (const float margin : {0.0F, 0.01F}) {
        SearchResults results(set.persons.size(), margin);
        results.add(search_round(set, plan, 0));
        results.finish();
        CAPTURE(margin);
        CHECK(results.fpir_at(0.9F) == (margin > 0 ? 0.0 : 1.0));
        CHECK(results.tpir_at(0.9F, {}).value == 1);
        CHECK(results.wrong_at(0.9F) == 0);
    }
}

TEST_CASE("FPIR and TPIR, by brute force over every round", "[unit]") {
    const auto set = made_up({.persons = 80});
    GalleryPlan plan{.persons = 20, .pictures = 3, .margin = 0.02F, .seed = 9};
    for (const auto fusion : {Fusion::best, Fusion::mean, Fusion::best_and_mean}) {
        plan.fusion = fusion;
        const auto results = search_rounds(set, plan, 4);
        const float threshold = threshold_at(results.strangers(), 0.05);
        std::size_t strangers = 0, taken = 0, residents = 0, known = 0;
        for (std::size_t round = 0; round < 4; ++round) {
            const auto found = search_round(set, plan, round);
            for (const auto& one : found.strangers) {
                ++strangers;
                taken += one.score >= threshold && one.lead >= plan.margin ? 1 : 0;
            }
            for (const auto& one : found.residents) {
                ++residents;
                known += one.best == one.person && one.score >= threshold && one.lead >= plan.margin ? 1 : 0;
            }
        }
        CAPTURE(name_of(fusion));
        CHECK(results.stranger_searches() == strangers);
        // Galleries that enrol the same pictures give the same score; all of a tie are refused together.
        const auto allowed = static_cast<std::size_t>(0.05 * static_cast<double>(strangers));
        CHECK(taken <= allowed);
        CHECK(taken + 6 >= allowed);
        CHECK(results.fpir_at(threshold) == Approx(static_cast<double>(taken) / static_cast<double>(strangers)));
        CHECK(results.tpir_at(threshold, {}).value == Approx(static_cast<double>(known) / static_cast<double>(residents)));
    }
}

TEST_CASE("votes of several pictures are one search", "[unit]") {
    const FaceSet set{{{"li", {at_angle(0), at_angle(0), at_angle(0), at_angle(0)}},
                       {"wang", {at_angle(60), at_angle(60), at_angle(60), at_angle(60)}}}};
    const auto found = search_round(set, {.persons = 2, .pictures = 1, .votes = 2}, 0);
    // Three pictures each: two searches, the second with the one that is left.
    REQUIRE(found.residents.size() == 4);
    for (const auto& one : found.residents) CHECK(one.score == Approx(1.0));
}

TEST_CASE("one picture against whole enrolments, by hand", "[unit]") {
    const auto scores = person_scores(small_set(), {.pictures = 1}, 1);
    // All three can be enrolled; Li and Wang have another picture; five pictures meet two others' enrolments each.
    CHECK(scores.genuine.size() == 2);
    CHECK(scores.impostor_pairs == 10);
    CHECK(scores.impostors.high.size() == 10);
    CHECK(scores.genuine.front().score == Approx(degrees(4)));
}

TEST_CASE("an enrolment of several pictures: their mean, or the nearest, or both", "[unit]") {
    const std::vector<Template> enrolled = {turned(0), turned(20)};
    CHECK(fused(enrolled, Fusion::best).size() == 2);
    const auto mean = fused(enrolled, Fusion::mean);
    REQUIRE(mean.size() == 1);
    CHECK(cosine(mean[0], turned(10)) == Approx(1.0));
    CHECK(fused(enrolled, Fusion::best_and_mean).size() == 3);
    CHECK(fused({turned(7)}, Fusion::mean).size() == 1);
    CHECK(fused({}, Fusion::mean).empty());
    for (const auto fusion : {Fusion::best, Fusion::mean, Fusion::best_and_mean, Fusion::average})
        CHECK(fusion_of(name_of(fusion)) == fusion);
    CHECK_FALSE(fusion_of("sum"));
}

TEST_CASE("a quality weighs an enrolment's mean", "[unit]") {
    const std::vector<float> one = {1, 0}, other = {0, 1};
    const std::vector<const std::vector<float>*> rows = {&one, &other};
    CHECK(mean_of(rows, {})[0] == Approx(std::sqrt(0.5)));
    const std::vector<float> weights = {3, 1};
    CHECK(mean_of(rows, weights)[0] == Approx(3 / std::sqrt(10.0)));
    CHECK(mean_of({}, {}).empty());
}
