#include "models/enrolment.hpp"
#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using Catch::Matchers::Contains;

using menshen::models::test::tag_of;
using menshen::models::test::turned;

namespace {

/// Of one person within 45 degrees; another's face passes with somebody's card within 10.
Calibration table() {
    Calibration out{"test", {{1000, kDefaultFpir, 0.9848F}}, 0.01F, 0.9F, 0.97F, 0.95F};
    out.one_to_one = {{.fmr = 1e-2, .cosine = 0.7071F, .measured = true}, {.fmr = 1e-4, .cosine = 0.9848F, .measured = true}};
    return out;
}

Gallery gallery_of(std::vector<Enrolled> enrolled) {
    Gallery out(tag_of("test@1"), table());
    REQUIRE(out.set(std::move(enrolled)));
    return out;
}

std::string against(const std::vector<double>& degrees, const Gallery& gallery, const char* despite = "") {
    std::vector<Template> faces;
    for (const double angle : degrees) faces.push_back(turned(angle));
    return what_speaks_against({PersonId("li"), faces, PersonId(despite)}, gallery);
}

}  // namespace

TEST_CASE("three varied pictures of one person may be kept", "[unit]") {
    const auto empty = gallery_of({});
    CHECK(against({0, 15, 30}, empty) == "");
    CHECK(against({-10, 30, 10, 20}, empty) == "");
    CHECK_THAT(against({}, empty), Contains("3 different pictures at least are needed, and 0 were given"));
    CHECK_THAT(against({0, 15}, empty), Contains("and 2 were given"));
    CHECK_THAT(against({0, 15, 16}, empty), Contains("and 2 were given; pictures 2 and 3 are nearly the same"));
    CHECK(against({0, 15, 16, 30}, empty) == "");
    CHECK_THAT(against({0, 15, 60}, empty), Contains("pictures 1 and 3 do not seem to show the same person"));
}

TEST_CASE("who looks like somebody enrolled is refused by name, but for older pictures of the same person and for a twin",
          "[unit]") {
    const auto gallery = gallery_of({{PersonId("wang"), turned(38)}, {PersonId("zhao"), turned(50)}});
    CHECK_THAT(against({0, 15, 30}, gallery), Contains("looks like wang") && Contains("--despite wang"));
    CHECK(against({0, 15, 30}, gallery, "wang") == "");
    // The nearer of two is named.
    CHECK_THAT(against({20, 30, 49}, gallery), Contains("looks like zhao"));
    CHECK_THAT(against({20, 30, 49}, gallery, "zhao"), Contains("looks like wang"));
    CHECK(against({0, 12, 24}, gallery) == "");
    CHECK(against({0, 15, 30}, gallery_of({{PersonId("li"), turned(31)}})) == "");
}
