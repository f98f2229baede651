#include <algorithm>
#include <memory>

#include "models/face_engine.hpp"
#include "tests/models/pictures.hpp"
#include "tests/models/sample_photos.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

/// A street without anybody, and the same street with a person in it.
struct Street {
    Street() {
        auto empty = decode(test::photo("video_frames/frame_000100.jpg")).value();
        nobody = with(empty, {});
        somebody = with(empty, decode(test::photo(test::johns("John_Simm").front())).value());
    }

    /// One frame a tenth of a second.
    FrameResult show(FaceEngine& engine, const Frame& frame) {
        at_ += Millis(100);
        const auto result = engine.look(frame, {.mono = {at_}, .wall = {}}, StrangersWanted::no);
        REQUIRE(result);
        return *result;
    }

    /// Of so many frames, how many were looked at.
    int looks(FaceEngine& engine, int frames) {
        int out = 0;
        for (int i = 0; i < frames; ++i)
            if (!show(engine, nobody).was_still) ++out;
        return out;
    }

    [[nodiscard]] Now now() const { return {.mono = {at_}, .wall = {}}; }

    Frame nobody, somebody;

private:
    static Frame with(Image street, const Image& person) {
        for (int y = 0; y < std::min(street.height, person.height); ++y)
            for (int x = 0; x < std::min(street.width, person.width) * 3; ++x)
                street.rgb[static_cast<std::size_t>(y * street.width * 3 + x)] =
                    person.rgb[static_cast<std::size_t>(y * person.width * 3 + x)];
        return {DeviceId("cam"), FrameFormat::encoded, 0, 0,
                std::make_shared<const std::vector<std::uint8_t>>(test::as_jpeg(street))};
    }

    Millis at_{3'600'000};
};

std::unique_ptr<FaceEngine> engine_in(const std::string& cache, LookAt look_at) {
    FaceSettings settings;
    settings.models_dir = cache;
    settings.look_at = look_at;
    auto engine = open_face_engine(settings);
    REQUIRE(engine);
    return std::move(*engine);
}

}  // namespace

TEST_CASE("an empty street is looked at once a second, and whoever comes in the frame they come in", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto engine = engine_in(*cache, LookAt::when_moving);
    Street street;
    street.looks(*engine, 40);  // Until it sleeps.
    CHECK(street.looks(*engine, 50) == 5);

    const auto come = street.show(*engine, street.somebody);
    CHECK_FALSE(come.was_still);
    CHECK(come.faces == 1);
    // Standing stock-still, as long as it takes.
    for (int i = 0; i < 80; ++i) {
        CAPTURE(i);
        const auto stands = street.show(*engine, street.somebody);
        CHECK_FALSE(stands.was_still);
        CHECK(stands.walk_up_open);
    }
}

TEST_CASE("every frame is looked at while somebody waits for it", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto engine = engine_in(*cache, LookAt::when_moving);
    Street street;
    street.looks(*engine, 40);
    REQUIRE(street.looks(*engine, 20) == 2);

    SECTION("a card was read there") {
        engine->ask({1, PersonId("p-1"), {DeviceId("cam")}}, street.now());
        CHECK(street.looks(*engine, 40) == 40);
        street.looks(*engine, 50);  // The question's five seconds end, and what follows is a scene of its own.
        CHECK(street.looks(*engine, 20) == 2);
    }
    SECTION("a card was read at another camera") {
        engine->ask({1, PersonId("p-1"), {DeviceId("other")}}, street.now());
        CHECK(street.looks(*engine, 20) == 2);
    }
    SECTION("somebody is enrolled there") {
        engine->begin_capture(DeviceId("cam"));
        CHECK(street.looks(*engine, 60) == 60);
        engine->end_capture();
        street.looks(*engine, 40);
        CHECK(street.looks(*engine, 20) == 2);
    }
    SECTION("the gallery changed") {
        REQUIRE(engine->set_gallery({}));
        CHECK(street.looks(*engine, 20) == 20);
    }
}

TEST_CASE("a damaged frame of a still scene is told of", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto engine = engine_in(*cache, LookAt::when_moving);
    Street street;
    street.looks(*engine, 60);
    auto cut = *street.nobody.bytes;
    cut.resize(cut.size() / 2);
    Frame damaged = street.nobody;
    damaged.bytes = std::make_shared<const std::vector<std::uint8_t>>(std::move(cut));
    CHECK_FALSE(engine->look(damaged, {.mono = street.now().mono + Millis(50), .wall = {}}, StrangersWanted::no));
    CHECK(street.looks(*engine, 5) == 5);  // What comes after it is a scene of its own.
}

TEST_CASE("an engine told to looks at every frame", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const auto engine = engine_in(*cache, LookAt::every_frame);
    Street street;
    CHECK(street.looks(*engine, 60) == 60);
}
