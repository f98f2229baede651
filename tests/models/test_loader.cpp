#include "models/load_face_engine.hpp"

#include "tests/models/sample_photos.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

TEST_CASE("the engine is loaded from the library beside the program", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto engine = load_face_engine({*cache, 1, {}, DetectorChoice::best});
    REQUIRE(engine);
    CHECK((*engine)->model().dim == 64);
    CHECK((*engine)->describe().find("OpenCV") != std::string::npos);
    CHECK((*engine)->enroll(test::photo(test::johns("John_Simm").front())));
}

TEST_CASE("errors cross the library's border in words", "[models]") {
    const test::Scratch empty;
    const auto no_models = load_face_engine({empty.path(), 1, {}, DetectorChoice::best});
    REQUIRE_FALSE(no_models);
    CHECK(no_models.error().message.find("is missing; run: menshen-models fetch") != std::string::npos);
    const auto no_library = load_face_engine_from("/no/such/library.so", {});
    REQUIRE_FALSE(no_library);
    CHECK(no_library.error().message.find("/no/such/library.so") != std::string::npos);
    // Any other library: libc is always there.
    const auto other = load_face_engine_from("libc.so.6", {});
    REQUIRE_FALSE(other);
    CHECK(other.error().message.find("not menshen's vision library") != std::string::npos);
}
