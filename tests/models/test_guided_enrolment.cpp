#include "models/guided_enrolment.hpp"
#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::turned;

namespace {

Calibration table() {
    Calibration out{"test", {{1000, kDefaultFpir, 0.9848F}}, 0.01F, 0.9F, 0.97F, 0.95F};
    out.one_to_one = {{.fmr = 1e-2, .cosine = 0.7071F, .measured = true}};
    return out;
}

FoundFace face(float yaw, int width = 200) {
    FoundFace out;
    out.box = {100, 100, width, width};
    out.quality = {.width = static_cast<float>(width), .sharpness = 200, .yaw = yaw, .brightness = 120, .contrast = 40};
    return out;
}

/// One frame with one good face; its template when it was taken.
bool show(GuidedEnrolment& guide, float yaw, double likeness) {
    const std::vector<FoundFace> faces{face(yaw)};
    if (!guide.wants(faces)) return false;
    const auto before = guide.taken();
    guide.add(turned(likeness));
    return guide.taken() > before;
}

}  // namespace

TEST_CASE("enrolment at the camera asks for the front, one side, the other side", "[unit]") {
    GuidedEnrolment guide(table());
    CHECK(guide.advice() == "look straight into the camera");
    CHECK_FALSE(show(guide, 25, 0));
    CHECK(guide.advice() == "look straight into the camera");
    CHECK(show(guide, 2, 0));
    CHECK_FALSE(show(guide, 2, 0.5));  // the same picture once more
    CHECK(guide.advice() == "move your head a little");
    CHECK(show(guide, -5, 10));
    CHECK(guide.advice() == "turn your head a little to one side");
    CHECK_FALSE(show(guide, 3, 20));
    CHECK(show(guide, 15, 20));
    CHECK(guide.advice() == "now a little to the other side");
    CHECK_FALSE(show(guide, 15, 25));
    CHECK(show(guide, -15, 30));
    CHECK_FALSE(guide.is_done());
    CHECK(show(guide, 0, 40));
    CHECK(guide.is_done());
    CHECK(guide.advice() == "thank you");
    CHECK_FALSE(show(guide, 0, 42));
    CHECK(guide.faces().size() == GuidedEnrolment::kWanted);
}

TEST_CASE("enrolment at the camera says what is wrong", "[unit]") {
    GuidedEnrolment guide(table());
    CHECK_FALSE(guide.wants({}));
    CHECK(guide.advice() == "stand before the camera");
    CHECK_FALSE(guide.wants(std::vector<FoundFace>{face(0, 40)}));
    CHECK(guide.advice() == "come closer");
    CHECK_FALSE(guide.wants(std::vector<FoundFace>{face(0, 200), face(0, 150)}));
    CHECK(guide.advice() == "one person alone, please");
    CHECK(guide.wants(std::vector<FoundFace>{face(0, 200), face(0, 60)}));  // somebody far behind
}

TEST_CASE("somebody else who steps in is not mixed into the pictures", "[unit]") {
    GuidedEnrolment guide(table());
    REQUIRE(show(guide, 0, 0));
    CHECK_FALSE(show(guide, 0, 80));
    CHECK(guide.advice() == "one person alone, please");
    CHECK(guide.taken() == 1);
}

TEST_CASE("who cannot turn the head is enrolled all the same, after a while", "[unit]") {
    GuidedEnrolment guide(table());
    REQUIRE(show(guide, 0, 0));
    REQUIRE(show(guide, 0, 10));
    std::size_t frames = 0;
    while (!guide.is_done() && frames < 1000) {
        (void)show(guide, 0, 10 + 10 * static_cast<double>(guide.taken() - 1));
        ++frames;
    }
    CHECK(guide.is_done());
    CHECK(frames >= GuidedEnrolment::kPatience);
    CHECK(frames <= 2 * GuidedEnrolment::kPatience + 5);
}
