#include <limits>

#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::models;
using menshen::models::test::turned;

TEST_CASE("a template survives its bytes", "[unit]") {
    const auto face = turned(30);
    const auto back = Template::from_bytes(face.to_bytes());
    REQUIRE(back);
    CHECK(back->model == face.model);
    CHECK(back->values == face.values);
}

TEST_CASE("a damaged template is refused: every cut, every wrong head, a length other than 1", "[unit]") {
    const auto bytes = turned(30).to_bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CAPTURE(length);
        REQUIRE_FALSE(Template::from_bytes(std::span(bytes).first(length)));
    }
    for (const std::size_t at : {0, 1, 2, 3, 4, 5, 6, 7}) {
        auto wrong = bytes;
        wrong[at] ^= 0xFF;
        CAPTURE(at);
        REQUIRE_FALSE(Template::from_bytes(wrong));
    }
    auto face = turned(30);
    face.values[2] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(Template::from_bytes(face.to_bytes()));
    face.values[2] = 3;
    CHECK_FALSE(Template::from_bytes(face.to_bytes()));
}

TEST_CASE("cosine compares one model only", "[unit]") {
    CHECK(cosine(turned(0), turned(60)) == Approx(0.5));
    CHECK(cosine(turned(0), turned(0, "other@1")) == -1.0F);
}
