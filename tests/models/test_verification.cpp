#include "models/verification.hpp"

#include "tests/models/face_sets.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::test;

TEST_CASE("all pairs, by hand", "[unit]") {
    // Li at 0 and 10 degrees, Wang at 20, 40 and a picture without a face, Chen at 90.
    const FaceSet set{
        {{"li", {at_angle(0), at_angle(10)}}, {"wang", {at_angle(20), {}, at_angle(40)}}, {"chen", {at_angle(90)}}}};
    const auto pairs = all_pairs(set, 1);
    CHECK(pairs.impostor_pairs == 2 * 2 + 2 * 1 + 2 * 1);
    CHECK(pairs.genuine.size() == 2);
    CHECK(pairs.genuine.front().score == Approx(std::cos(20 * 3.14159265 / 180)));
    // Nearest of two people: 10 and 20 degrees, once; then 20 and 0.
    CHECK(pairs.impostors.high.front().score == Approx(std::cos(10 * 3.14159265 / 180)));
    CHECK(rate_at(pairs.impostors, 0.98F) == Approx(1.0 / 8));
    CHECK(rate_at(pairs.impostors, 0.93F) == Approx(2.0 / 8));
    CHECK(fnmr_at(pairs, 0.95F) == 0.5);
    CHECK(fnmr_by_person_at(pairs, 0.95F) == 0.5);
    CHECK(fnmr_at(pairs, 0.9F) == 0);
}

TEST_CASE("all pairs, by brute force", "[unit]") {
    const auto set = made_up({.persons = 40});
    const auto pairs = all_pairs(set, 0.2);
    std::size_t impostors = 0, genuine = 0;
    for (std::size_t p = 0; p < set.persons.size(); ++p)
        for (std::size_t q = 0; q < set.persons.size(); ++q)
            for (std::size_t i = 0; i < set.persons[p].pictures.size(); ++i)
                for (std::size_t j = 0; j < set.persons[q].pictures.size(); ++j) {
                    if (p == q ? i >= j : p >= q) continue;
                    (p == q ? genuine : impostors) += 1;
                }
    CHECK(pairs.impostor_pairs == impostors);
    CHECK(pairs.genuine.size() == genuine);
    for (const double fmr : {0.1, 0.01, 0.002}) {
        const float threshold = threshold_at(pairs.impostors, fmr);
        std::size_t false_matches = 0, misses = 0;
        for (std::size_t p = 0; p < set.persons.size(); ++p)
            for (std::size_t q = p; q < set.persons.size(); ++q)
                for (std::size_t i = 0; i < set.persons[p].pictures.size(); ++i)
                    for (std::size_t j = p == q ? i + 1 : 0; j < set.persons[q].pictures.size(); ++j) {
                        const float score = cosine_of(set.persons[p].pictures[i].values, set.persons[q].pictures[j].values);
                        if (p != q && score >= threshold) ++false_matches;
                        if (p == q && score < threshold) ++misses;
                    }
        CAPTURE(fmr);
        CHECK(false_matches == static_cast<std::size_t>(fmr * static_cast<double>(impostors)));
        CHECK(fnmr_at(pairs, threshold) == Approx(static_cast<double>(misses) / static_cast<double>(genuine)));
        CHECK(rate_at(pairs.impostors, threshold) <= fmr);
    }
}

TEST_CASE("persons with many pictures do not outvote the others when persons count alike", "[unit]") {
    // Li's three pictures are far apart (three pairs), Wang's two are one.
    const FaceSet set{{{"li", {at_angle(0), at_angle(60), at_angle(120)}}, {"wang", {at_angle(200), at_angle(200)}}}};
    const auto pairs = all_pairs(set, 1);
    CHECK(fnmr_at(pairs, 0.9F) == 0.75);
    CHECK(fnmr_by_person_at(pairs, 0.9F) == 0.5);
}

TEST_CASE("ten folds: perfect faces are told apart, arbitrary ones by chance", "[unit]") {
    const auto clear = ten_folds(made_up({.persons = 120, .dim = 64, .spread = 0.02F}), 30, 1);
    REQUIRE(clear.accuracies.size() == 10);
    CHECK(clear.mean() == 1);
    CHECK(clear.standard_error() == 0);
    const auto noise = ten_folds(made_up({.persons = 120, .dim = 64, .spread = 50}), 30, 1);
    CHECK(noise.mean() == Approx(0.5).margin(0.08));
    CHECK(noise.pairs == 10 * 2 * 30);
    // The same seed draws the same pairs.
    CHECK(noise.accuracies == ten_folds(made_up({.persons = 120, .dim = 64, .spread = 50}), 30, 1).accuracies);
    CHECK(noise.accuracies != ten_folds(made_up({.persons = 120, .dim = 64, .spread = 50}), 30, 2).accuracies);
}

TEST_CASE("ten folds need a pair in each", "[unit]") {
    CHECK(ten_folds(made_up({.persons = 100, .most_pictures = 1}), 30, 1).accuracies.empty());
    CHECK(ten_folds({}, 30, 1).accuracies.empty());
}

TEST_CASE("a person is always in the same half, and the halves are about as large", "[unit]") {
    const auto set = made_up({.persons = 2000, .most_pictures = 1});
    const auto fit = set.half(Half::fit), check = set.half(Half::check);
    CHECK(fit.persons.size() + check.persons.size() == 2000);
    CHECK(fit.persons.size() > 900);
    CHECK(check.persons.size() > 900);
    for (const auto& person : fit.persons) CHECK(half_of(person.name) == Half::fit);
    // Pinned: the tables that ship were fitted to one half, and nobody in it may change sides.
    for (const char* name : {"Abel_Pacheco", "Adriana_Lima", "张伟"}) CHECK(half_of(name) == Half::fit);
    for (const char* name : {"Abba_Eban", "Adelina_Avila", "1"}) CHECK(half_of(name) == Half::check);
}
