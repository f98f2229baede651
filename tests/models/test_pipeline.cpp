// Which networks the pipeline opens, and what it does without.
#include "models/pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "models/cache.hpp"
#include "models/manifest.hpp"
#include "tests/models/sample_photos.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

Image picture(const std::string& path) {
    const auto bytes = test::photo(path);
    auto out = decode(bytes);
    REQUIRE(out);
    return *out;
}

std::string refusal(const PipelineSettings& settings) {
    const auto opened = Pipeline::open(settings);
    return opened ? "" : opened.error().message;
}

bool says(const std::string& message, std::string_view words) { return message.find(words) != std::string::npos; }

PipelineSettings with(const std::string& cache, const std::string& embedder, std::vector<std::string> accepted = {}) {
    return {cache, 1, DetectorChoice::best, embedder, std::move(accepted)};
}

bool is_there(const std::string& cache, std::string_view model) {
    if (std::filesystem::exists(cache + "/" + manifest().model(model)->file)) return true;
    WARN("SKIPPED: " << model << " is not in the cache; run: menshen-models fetch --with " << model);
    return false;
}

}  // namespace

TEST_CASE("every embedder tells two persons apart, and makes templates that only its own compare with", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const std::string name = GENERATE("mobilefacenet-192", "dlib-resnet-v1", "fr-feature-512");
    if (!is_there(*cache, name)) return;
    auto pipeline = Pipeline::open(with(*cache, name, {name}));
    if (!pipeline) FAIL(pipeline.error().message);
    CHECK(pipeline->model() == tag_of(*manifest().model(name)));
    CHECK(pipeline->model().dim == manifest().model(name)->input->keep);
    std::vector<Template> faces;
    for (const auto* person : {"John_Salley", "John_Simm"}) {
        for (const std::size_t which : {0, 1}) {
            const auto shown = picture(test::johns(person)[which]);
            const auto found = pipeline->find(shown);
            REQUIRE(found);
            REQUIRE(found->size() == 1);
            const auto face = pipeline->embed(shown, found->front());
            REQUIRE(face);
            CHECK(cosine(*face, *face) == Approx(1).margin(1e-5));
            CHECK(face->values.size() == pipeline->model().dim);
            faces.push_back(*face);
        }
    }
    const float same = std::min(cosine(faces[0], faces[1]), cosine(faces[2], faces[3]));
    const float other = std::max(
        {cosine(faces[0], faces[2]), cosine(faces[0], faces[3]), cosine(faces[1], faces[2]), cosine(faces[1], faces[3])});
    CAPTURE(name, same, other);
    CHECK(same > other + 0.05F);
}

TEST_CASE("a model of unclear origin stays shut until it was accepted by name", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    for (const auto& accepted : {std::vector<std::string>{}, std::vector<std::string>{"fr-liveness", "mobilefacenet-192"}}) {
        const auto message = refusal(with(*cache, "fr-feature-512", accepted));
        CAPTURE(message);
        CHECK(says(message, "menshen models accept fr-feature-512"));
        CHECK(says(message, manifest().model("fr-feature-512")->notice));
    }
    // What is needed is told even when the file is not there either.
    const test::Scratch empty;
    CHECK(says(refusal(with(empty.path(), "fr-feature-512")), "accept"));
}

TEST_CASE("an embedder that is not known or not there is named, with the remedy", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto unknown = refusal(with(*cache, "facenet"));
    CAPTURE(unknown);
    CHECK(says(unknown, "\"facenet\""));
    CHECK(says(unknown, "mobilefacenet-192, "));
    CHECK(says(refusal(with(*cache, "rfb-320")), "no embedder"));
    const test::Scratch dir;
    const auto& points = *manifest().with_role("points");
    std::filesystem::copy(*cache + "/" + points.file, dir / points.file);
    const auto missing = refusal(with(dir.path(), "mobilefacenet-192"));
    CAPTURE(missing);
    CHECK(says(missing, "MobileFaceNet.tflite is missing"));
    CHECK(says(missing, "run: menshen-models fetch"));
    REQUIRE(write_file(dir / "MobileFaceNet.tflite", "TFL3"));
    CHECK(says(refusal(with(dir.path(), "mobilefacenet-192")), manifest().model("mobilefacenet-192")->sha256));
}

TEST_CASE("liveness is a number from 0 to 1 when its network was accepted, and else nothing", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto shown = picture(test::johns("John_Simm")[0]);
    auto without = Pipeline::open(with(*cache, ""));
    REQUIRE(without);
    const auto found = without->find(shown);
    REQUIRE(found);
    CHECK_FALSE(without->has_liveness());
    const auto nothing = without->liveness(shown, found->front());
    REQUIRE(nothing);
    CHECK_FALSE(nothing->has_value());

    if (!is_there(*cache, "fr-liveness")) return;
    auto opened = Pipeline::open(with(*cache, "", {"fr-liveness"}));
    REQUIRE(opened);
    CHECK(opened->has_liveness());
    // Photographs of living people; with red and blue exchanged the network takes them for something else, and so would a
    // pipeline that mixes up the channels.
    double as_it_is = 0, exchanged = 0;
    constexpr int kPhotos = 6;
    for (int i = 0; i < kPhotos; ++i) {
        auto photo = picture(test::johns("John_Savage")[static_cast<std::size_t>(i)]);
        const auto faces = opened->find(photo);
        REQUIRE(faces);
        REQUIRE_FALSE(faces->empty());
        const auto add = [&](double& sum) {
            const auto live = opened->liveness(photo, faces->front());
            REQUIRE(live);
            REQUIRE(live->has_value());
            CHECK((**live >= 0 && **live <= 1));
            sum += **live / kPhotos;
        };
        add(as_it_is);
        for (std::size_t at = 0; at < photo.rgb.size(); at += 3) std::swap(photo.rgb[at], photo.rgb[at + 2]);
        add(exchanged);
    }
    CAPTURE(as_it_is, exchanged);
    CHECK(as_it_is > 0.6);
    CHECK(exchanged < as_it_is - 0.2);
}

TEST_CASE("pictures of odd shapes hold no face and do no harm", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto detector = GENERATE(DetectorChoice::best, DetectorChoice::hog);
    auto pipeline = Pipeline::open({*cache, 1, detector});
    REQUIRE(pipeline);
    for (const auto& [width, height] :
         {std::pair{1, 1}, std::pair{1, 700}, std::pair{8192, 1}, std::pair{3, 2}, std::pair{97, 13}}) {
        CAPTURE(width, height);
        Image picture{width, height, {}};
        picture.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 90);
        const auto found = pipeline->find(picture);
        REQUIRE(found);
        CHECK(found->empty());
        // A face that is said to be where none is, larger than the picture and beyond it.
        FoundFace face;
        face.box = {-500, 3000, 4000, 4000};
        for (std::size_t i = 0; i < face.points.all.size(); ++i)
            face.points.all[i] = {-400.0F + 900.0F * static_cast<float>(i), 5000};
        const auto made = pipeline->embed(picture, face);
        REQUIRE(made);
        CHECK(made->values.size() == pipeline->model().dim);
    }
}

TEST_CASE("points lie between pixels and follow the face", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    auto pipeline = Pipeline::open(with(*cache, ""));
    REQUIRE(pipeline);
    const auto shown = picture(test::johns("John_Salley")[0]);
    const auto before = pipeline->find(shown);
    REQUIRE(before);
    // The same picture, 7 pixels to the right and 4 down.
    Image moved{shown.width + 7, shown.height + 4, {}};
    moved.rgb.resize(static_cast<std::size_t>(moved.width) * static_cast<std::size_t>(moved.height) * 3);
    for (int y = 0; y < shown.height; ++y)
        std::copy_n(shown.rgb.begin() + static_cast<std::ptrdiff_t>(y) * shown.width * 3, shown.width * 3,
                    moved.rgb.begin() + (static_cast<std::ptrdiff_t>(y + 4) * moved.width + 7) * 3);
    const auto after = pipeline->find(moved);
    REQUIRE(after);
    REQUIRE(after->size() == before->size());
    const auto& one = before->front().points;
    const auto& other = after->front().points;
    const float eyes = std::hypot(one.right_eye().x - one.left_eye().x, one.right_eye().y - one.left_eye().y);
    CHECK(one.left_eye().x < one.right_eye().x);
    CHECK(one.nose().y > one.left_eye().y);
    bool between = false;
    for (std::size_t i = 0; i < one.all.size(); ++i) {
        CAPTURE(i, eyes);
        CHECK(std::hypot(other.all[i].x - one.all[i].x - 7, other.all[i].y - one.all[i].y - 4) < 0.08F * eyes);
        between = between || std::abs(one.all[i].x - std::round(one.all[i].x)) > 0.01F;
    }
    CHECK(between);
}
