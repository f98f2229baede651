// The measuring of strangers is itself measured: on faces whose answer is known.
#include "models/faces_tool/street.hpp"

#include <cmath>

#include "models/seeded.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::faces_tool;

namespace {

constexpr std::uint16_t kDim = 64;
const ModelTag kModel{"street@1", kDim, Metric::cosine};

Calibration calibration() {
    Calibration out;
    out.model = "street";
    out.one_to_many = {{.persons = 1000, .fpir = kDefaultFpir, .cosine = 0.7F, .measured = true}};
    out.stranger_ceiling = 0.65F;
    out.stranger_join = out.stranger_new = 0.7F;
    return out;
}

float between_minus_one_and_one(Seeded& random) { return static_cast<float>(random.below(20001)) / 10000.0F - 1.0F; }

/// Persons at random, 20 with eight pictures and 60 with one. `noise` 0: all pictures of a person are alike.
FaceSet people(float noise) {
    Seeded random(3);
    FaceSet out;
    for (std::size_t person = 0; person < 80; ++person) {
        std::vector<float> face(kDim);
        for (auto& value : face) value = between_minus_one_and_one(random);
        out.persons.push_back({"p" + std::to_string(person), {}});
        for (std::size_t picture = 0; picture < (person < 20 ? 8 : 1); ++picture) {
            auto values = face;
            for (auto& value : values) value += noise * between_minus_one_and_one(random);
            normalise(values);
            out.persons.back().pictures.push_back({values});
        }
    }
    return out;
}

}  // namespace

TEST_CASE("with faces that never change every repeated stranger is found and nobody else", "[unit]") {
    const auto figures = play_street(people(0), kModel, calibration(), {.residents = 30, .rounds = 5});
    CHECK(figures.residents == 30);
    CHECK(figures.repeaters == 50);  // Half of the twenty, five times.
    CHECK(figures.found == 50);
    CHECK(figures.found_unmerged == 50);
    CHECK(figures.resident_visits == 5 * 10 * 5);
    CHECK(figures.unrecognised == 0);
    CHECK(figures.false_alarms == 0);
    CHECK(figures.taken_for_resident == 0);
    CHECK(figures.no_identity == 0);
    CHECK(figures.merges == 0);
    // Twenty of those with one picture are enrolled, the other forty pass by once.
    CHECK(figures.stranger_visits == 5 * (10 * 3 + 40));
}

TEST_CASE("with faces that are all alike there are only residents, or one stranger who never leaves", "[unit]") {
    auto set = people(0);
    for (auto& person : set.persons)
        for (auto& picture : person.pictures) picture.values = set.persons.front().pictures.front().values;
    auto table = calibration();
    const auto all_residents = play_street(set, kModel, table, {.residents = 30, .rounds = 2});
    CHECK(all_residents.stranger_visits == 2 * 70);
    // Everybody is some resident. When a lead is asked for nobody has it, but all are near to one.
    CHECK(all_residents.taken_for_resident == all_residents.stranger_visits);
    table.margin = 0.01F;
    const auto nobody = play_street(set, kModel, table, {.residents = 30, .rounds = 2});
    CHECK(nobody.taken_for_resident == 0);
    CHECK(nobody.no_identity == nobody.stranger_visits);
    CHECK(nobody.found == 0);
    // Without residents all strangers are one, who comes on every day.
    const auto one = play_street(set, kModel, table, {.residents = 0, .rounds = 2});
    CHECK(one.found + one.false_alarms > 0);
    CHECK(one.false_alarms > 0);
}

TEST_CASE("residents who look like nobody become strangers, and that is counted", "[unit]") {
    // With so much noise no picture is like another: residents are not recognised and everybody is new each day.
    const auto figures = play_street(people(8), kModel, calibration(), {.residents = 30, .rounds = 3});
    CHECK(figures.unrecognised > figures.resident_visits * 9 / 10);
    CHECK(figures.bad_days_as_stranger > figures.resident_visits * 9 / 10);
    CHECK(figures.found < figures.repeaters / 10);
}

TEST_CASE("the same seed gives the same figures, another gives others", "[unit]") {
    const auto set = people(1.0F);
    const auto one = play_street(set, kModel, calibration(), {.residents = 30, .rounds = 3, .seed = 1});
    const auto same = play_street(set, kModel, calibration(), {.residents = 30, .rounds = 3, .seed = 1});
    const auto other = play_street(set, kModel, calibration(), {.residents = 30, .rounds = 3, .seed = 2});
    CHECK(one.found == same.found);
    CHECK(one.merges == same.merges);
    CHECK(one.bad_days_as_stranger == same.bad_days_as_stranger);
    CHECK((one.found != other.found || one.merges != other.merges || one.bad_days_as_stranger != other.bad_days_as_stranger));
}
