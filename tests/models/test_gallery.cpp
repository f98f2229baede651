#include "models/gallery.hpp"

#include <array>

#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::tag_of;
using menshen::models::test::turned;

namespace {

// A match within 10 degrees of the template, 12 with more than two persons; a lead of 0.01.
const Calibration kCalibration{"test", {{2, kDefaultFpir, 0.9781F}, {1000, kDefaultFpir, 0.9848F}}, 0.01F, 0.9F, 0.97F, 0.95F};

Enrolled enrolled(const char* person, double degrees, const char* model = "test@1") {
    return {PersonId(person), turned(degrees, model)};
}

}  // namespace

TEST_CASE("the nearest of a person's templates counts, and the lead is over other persons", "[unit]") {
    Gallery gallery(tag_of("test@1"), kCalibration);
    REQUIRE(gallery.set({enrolled("li", 0), enrolled("wang", 60), enrolled("li", 5)}));
    CHECK(gallery.persons() == 2);
    CHECK(gallery.templates() == 3);
    const auto found = gallery.compare(turned(4));
    CHECK(found.best == PersonId("li"));
    CHECK(found.best_score == Approx(std::cos(1 * 3.14159265 / 180)));
    // Li's other template is nearer than Wang's and must not be the second.
    CHECK(found.second_score == Approx(std::cos(56 * 3.14159265 / 180)));
    CHECK(found.accepted);
}

TEST_CASE("a face between two persons is nobody", "[unit]") {
    Gallery gallery(tag_of("test@1"), kCalibration);
    REQUIRE(gallery.set({enrolled("li", 0), enrolled("wang", 8)}));
    const auto found = gallery.compare(turned(3.9));
    CHECK(found.best == PersonId("li"));
    CHECK(found.best_score > gallery.threshold());
    CHECK_FALSE(found.accepted);
}

TEST_CASE("a larger gallery asks for more", "[unit]") {
    Gallery gallery(tag_of("test@1"), kCalibration);
    REQUIRE(gallery.set({enrolled("li", 0), enrolled("wang", 90)}));
    CHECK(gallery.compare(turned(11)).accepted);
    REQUIRE(gallery.set({enrolled("li", 0), enrolled("wang", 90), enrolled("chen", 120)}));
    CHECK_FALSE(gallery.compare(turned(11)).accepted);
    CHECK(gallery.compare(turned(9)).accepted);
}

TEST_CASE("templates of another model are never compared, and their persons are named once", "[unit]") {
    Gallery gallery(tag_of("test@1"), kCalibration);
    const auto again = gallery.set({enrolled("li", 0, "test@2"), enrolled("wang", 60), enrolled("li", 1, "test@2")});
    REQUIRE(again);
    CHECK(*again == std::vector<PersonId>{PersonId("li")});
    CHECK(gallery.persons() == 1);
    CHECK(gallery.compare(turned(0)).best == PersonId("wang"));
    // Nor is a face of another model, however well its numbers fit.
    const auto foreign = gallery.compare(turned(60, "test@2"));
    CHECK(foreign.best.empty());
    CHECK_FALSE(foreign.accepted);
}

TEST_CASE("an empty gallery knows nobody, a template of a wrong size is refused and changes nothing", "[unit]") {
    Gallery gallery(tag_of("test@1"), kCalibration);
    CHECK(gallery.compare(turned(0)).best.empty());
    REQUIRE(gallery.set({enrolled("li", 0)}));
    auto wrong = enrolled("wang", 60);
    wrong.face.values.pop_back();
    CHECK_FALSE(gallery.set({wrong}));
    CHECK(gallery.compare(turned(0)).best == PersonId("li"));
}

TEST_CASE("the embedder that ships is calibrated, from loose to strict", "[unit]") {
    const auto calibration = calibration_of("dlib-resnet-v1");
    REQUIRE(calibration);
    CHECK(calibration->threshold_for(0) <= calibration->threshold_for(100));
    CHECK(calibration->threshold_for(100) < calibration->threshold_for(1'000));
    CHECK(calibration->threshold_for(5'000'000) >= calibration->threshold_for(1'000));
    // A stranger must not be easier to recognise than a resident of a small house.
    CHECK(calibration->stranger_join > calibration->threshold_for(1));
    CHECK(calibration->stranger_new < calibration->stranger_join);
    CHECK_FALSE(calibration_of("some-other-model"));
}
