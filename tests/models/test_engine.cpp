#include <filesystem>

#include "models/cache.hpp"
#include "models/face_engine.hpp"
#include "tests/models/sample_photos.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

bool says(const std::string& message, const std::string& word) { return message.find(word) != std::string::npos; }

std::string refusal(FaceEngine& engine, const std::vector<std::uint8_t>& photo) {
    const auto result = engine.enroll(photo);
    REQUIRE_FALSE(result);
    return result.error().message;
}

}  // namespace

TEST_CASE("enrolling refuses what is no photograph of one face, and says what to do", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto engine = open_face_engine({*cache, 1, {}, GENERATE(DetectorChoice::best, DetectorChoice::hog)});
    REQUIRE(engine);
    FaceEngine& faces = **engine;

    CHECK(says(refusal(faces, {}), "empty"));
    CHECK(says(refusal(faces, test::photo("faces/dogs.jpg")), "no face found"));
    CHECK(says(refusal(faces, test::photo("video_frames/frame_000100.jpg")), "no face found"));
    const auto two = refusal(faces, test::photo("faces/2008_001009.jpg"));
    CHECK(says(two, "2 faces"));
    CHECK(says(two, "one person alone"));
    CHECK(says(refusal(faces, test::photo("faces/2008_002506.jpg")), "3 faces"));

    auto cut = test::photo(test::johns("John_Simm").front());
    REQUIRE(faces.enroll(cut));
    cut.resize(cut.size() / 2);
    CHECK(says(refusal(faces, cut), "truncated"));
}

TEST_CASE("a template has unit length and knows its model", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto engine = open_face_engine({*cache, 1, {}, DetectorChoice::best});
    REQUIRE(engine);
    const auto face = (*engine)->enroll(test::photo(test::johns("John_Simm").front()));
    REQUIRE(face);
    CHECK(face->model == (*engine)->model());
    CHECK(face->model.id == "mobilefacenet-192@d8ba40c0");
    CHECK(face->values.size() == 64);
    CHECK(cosine(*face, *face) == Approx(1.0).margin(1e-5));
    CHECK(Template::from_bytes(face->to_bytes()));
}

TEST_CASE("the engine refuses a corrupted or missing model by name and hash", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto& embedder = *manifest().with_role("embed");
    const auto& points = *manifest().with_role("points");
    const test::Scratch dir;
    std::filesystem::copy(*cache + "/" + points.file, dir / points.file);

    const auto missing = open_face_engine({dir.path(), 1, {}, DetectorChoice::best});
    REQUIRE_FALSE(missing);
    CHECK(says(missing.error().message, embedder.file + " is missing"));

    auto network = read_file(*cache + "/" + embedder.file, 1u << 26).value();
    network[network.size() / 2] = static_cast<char>(network[network.size() / 2] ^ 1);
    REQUIRE(write_file(dir / embedder.file, network));
    const auto actual = hash_file(dir / embedder.file).value();
    const auto corrupted = open_face_engine({dir.path(), 1, {}, DetectorChoice::best});
    REQUIRE_FALSE(corrupted);
    for (const auto& word : {embedder.file, embedder.sha256, actual}) {
        CAPTURE(word, corrupted.error().message);
        CHECK(says(corrupted.error().message, word));
    }
}

TEST_CASE("a corrupted detector is refused, not replaced in silence", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const test::Scratch dir;
    for (const auto& model : manifest().models) {
        if (model.role == "detect") continue;
        const auto& file = model.converted.file.empty() ? model.file : model.converted.file;
        std::filesystem::copy(*cache + "/" + file, dir / file);
    }
    CHECK(open_face_engine({dir.path(), 1, {}, DetectorChoice::best}));
    const auto& detector = *manifest().with_role("detect");
    REQUIRE(write_file(dir / detector.file, "not a network"));
    const auto refused = open_face_engine({dir.path(), 1, {}, DetectorChoice::best});
    REQUIRE_FALSE(refused);
    CHECK(says(refused.error().message, detector.file));
    CHECK(says(refused.error().message, detector.sha256));
    CHECK(open_face_engine({dir.path(), 1, {}, DetectorChoice::hog}));
}
