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

TEST_CASE("a person is the nearest template, their mean, or either: as the calibration says", "[unit]") {
    auto calibration = kCalibration;
    calibration.fusion = GENERATE(Fusion::best, Fusion::mean, Fusion::best_and_mean);
    CAPTURE(name_of(calibration.fusion));
    calibration.one_to_one = {{.fmr = 1e-4, .cosine = 0.9F, .measured = true}};
    Gallery gallery(tag_of("test@1"), calibration);
    // Turned out of the plane to either side: their mean is in it.
    const auto side = [](double degrees) {
        const double angle = degrees * 3.14159265 / 180;
        return Template{tag_of("test@1"), {static_cast<float>(std::cos(angle)), 0, static_cast<float>(std::sin(angle)), 0}};
    };
    REQUIRE(gallery.set({{PersonId("li"), side(20)}, enrolled("wang", 90), {PersonId("li"), side(-20)}}));
    CHECK(gallery.templates() == 3);
    const double twenty = std::cos(20 * 3.14159265 / 180);
    const double in_the_middle = calibration.fusion == Fusion::best ? twenty : 1;
    const double at_one_side = calibration.fusion == Fusion::mean ? twenty : 1;
    CHECK(gallery.compare(turned(0)).best_score == Approx(in_the_middle));
    CHECK(gallery.compare(side(20)).best_score == Approx(at_one_side));
    CHECK(gallery.verify(PersonId("li"), turned(0)).score == Approx(in_the_middle));
    CHECK(gallery.verify(PersonId("li"), side(20)).score == Approx(at_one_side));
    // A single template is its own mean.
    CHECK(gallery.compare(turned(80)).best == PersonId("wang"));
    CHECK(gallery.compare(turned(80)).best_score == Approx(std::cos(10 * 3.14159265 / 180)));
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

TEST_CASE("two persons with the same face: the one whose id comes first is best, and nobody is accepted", "[unit]") {
    Gallery gallery(tag_of("test@1"), kCalibration);
    for (const bool turned_round : {false, true}) {
        std::vector<Enrolled> both = {enrolled("li", 0), enrolled("wang", 0)};
        if (turned_round) std::swap(both[0], both[1]);
        REQUIRE(gallery.set(std::move(both)));
        const auto found = gallery.compare(turned(0));
        CHECK(found.best == PersonId("li"));
        CHECK(found.best_score == found.second_score);
        CHECK_FALSE(found.accepted);
    }
}

TEST_CASE("the threshold is the table's for this gallery and this target, and says whether it was measured", "[unit]") {
    Calibration calibration = kCalibration;
    calibration.one_to_many = {{.persons = 2, .fpir = 1e-2, .cosine = 0.90F, .measured = true},
                               {.persons = 2, .fpir = 1e-3, .cosine = 0.95F, .measured = true},
                               {.persons = 3, .fpir = 1e-2, .cosine = 0.96F, .measured = false}};
    Gallery loose(tag_of("test@1"), calibration, {.target_fpir = 1e-2}), strict(tag_of("test@1"), calibration);
    REQUIRE(loose.set({enrolled("li", 0), enrolled("wang", 90)}));
    REQUIRE(strict.set({enrolled("li", 0), enrolled("wang", 90)}));
    CHECK(loose.threshold() == 0.90F);
    CHECK(strict.threshold() == 0.95F);
    CHECK(loose.compare(turned(20)).accepted);
    CHECK_FALSE(loose.compare(turned(20)).extrapolated);
    CHECK_FALSE(strict.compare(turned(20)).accepted);
    // One more person: beyond what was measured, or beyond the table altogether.
    REQUIRE(loose.set({enrolled("li", 0), enrolled("wang", 90), enrolled("chen", 180)}));
    REQUIRE(strict.set({enrolled("li", 0), enrolled("wang", 90), enrolled("chen", 180)}));
    CHECK(loose.compare(turned(0)).accepted);
    CHECK(loose.compare(turned(0)).extrapolated);
    CHECK_FALSE(strict.compare(turned(0)).accepted);
    CHECK(strict.compare(turned(0)).extrapolated);
}

TEST_CASE("with a card a face is compared with its owner alone, by the threshold of 1:1", "[unit]") {
    Calibration calibration = kCalibration;
    calibration.one_to_one = {{.fmr = 1e-4, .cosine = 0.97F, .measured = true},
                              {.fmr = 1e-5, .cosine = 0.99F, .measured = false}};
    Gallery gallery(tag_of("test@1"), calibration);
    REQUIRE(gallery.set({enrolled("li", 0), enrolled("wang", 6), enrolled("li", 30), enrolled("chen", 0, "test@2")}));
    // Nearer to Wang, but Li's card: that is not the question here.
    const auto own = gallery.verify(PersonId("li"), turned(5));
    CHECK(own.enrolled);
    CHECK(own.score == Approx(std::cos(5 * 3.14159265 / 180)));
    CHECK(own.accepted);
    CHECK_FALSE(own.extrapolated);
    // The nearest of the owner's templates counts.
    CHECK(gallery.verify(PersonId("li"), turned(31)).accepted);
    const auto other = gallery.verify(PersonId("wang"), turned(30));
    CHECK(other.enrolled);
    CHECK_FALSE(other.accepted);
    CHECK_FALSE(gallery.verify(PersonId("wang"), turned(6, "test@2")).accepted);
    for (const char* unknown : {"chen", "zhao", ""}) {
        CHECK_FALSE(gallery.verify(PersonId(unknown), turned(0)).enrolled);
        CHECK_FALSE(gallery.verify(PersonId(unknown), turned(0)).accepted);
    }
    Gallery strict(tag_of("test@1"), calibration, {.target_fmr = 1e-5});
    REQUIRE(strict.set({enrolled("li", 0)}));
    CHECK_FALSE(strict.verify(PersonId("li"), turned(10)).accepted);
    CHECK(strict.verify(PersonId("li"), turned(5)).accepted);
    CHECK(strict.verify(PersonId("li"), turned(5)).extrapolated);
}

TEST_CASE("a model whose dimension is no multiple of eight is compared all the same", "[unit]") {
    const ModelTag odd{"odd@1", 11, Metric::cosine};
    const auto axis = [&](std::size_t i) {
        Template face{odd, WipedFloats(11)};
        face.values[i] = 1;
        return face;
    };
    Gallery gallery(odd, kCalibration);
    std::vector<Enrolled> all;
    for (std::size_t i = 0; i < 11; ++i) all.push_back({PersonId("p" + std::to_string(10 + i)), axis(i)});
    REQUIRE(gallery.set(std::move(all)));
    for (std::size_t i = 0; i < 11; ++i) {
        CHECK(gallery.compare(axis(i)).best == PersonId("p" + std::to_string(10 + i)));
        CHECK(gallery.compare(axis(i)).best_score == 1.0F);
        CHECK(gallery.compare(axis(i)).second_score == 0.0F);
        CHECK(gallery.verify(PersonId("p10"), axis(i)).score == (i == 0 ? 1.0F : 0.0F));
    }
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

TEST_CASE("the embedders that ship are calibrated, from loose to strict", "[unit]") {
    const auto* model = GENERATE("dlib-resnet-v1", "fr-feature-512", "mobilefacenet-192");
    CAPTURE(model);
    const auto calibration = calibration_of(model);
    REQUIRE(calibration);
    CHECK(calibration->identify(0, kDefaultFpir).cosine <= calibration->identify(100, kDefaultFpir).cosine);
    CHECK(calibration->identify(100, kDefaultFpir).cosine < calibration->identify(1'000, kDefaultFpir).cosine);
    CHECK(calibration->identify(5'000'000, kDefaultFpir).cosine >= calibration->identify(1'000, kDefaultFpir).cosine);
    // Nobody checks a stranger's identity by hand: it takes more than what one in a thousand strangers would pass with.
    CHECK(calibration->stranger_join > calibration->verify(1e-3).cosine);
    CHECK(calibration->stranger_new <= calibration->stranger_join);
    CHECK_FALSE(calibration_of("some-other-model"));
}
