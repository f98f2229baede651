#include "models/face_report.hpp"

#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

Calibration table() {
    Calibration out;
    out.model = "test";
    out.source = "made up";
    out.persons = 300;
    out.pictures = 700;
    out.one_to_one = {{1e-3, 0.5F, true, {1e-3, 5e-4, 2e-3}, Rate{0.01, 0.005, 0.02}, 300}};
    out.one_to_many = {{50, 1e-2, 0.55F, true, {0.008, 0.002, 0.02}, Rate{0.98, 0.97, 0.99}, 290},
                       {50, 1e-3, 0.61F, false, {1e-3, 1e-4, 4e-3}, Rate{0.95, 0.93, 0.97}, 290},
                       {500, 1e-2, 0.62F, false, {0.01, 1e-3, 0.04}, std::nullopt, 240}};
    return out;
}

bool says(const std::vector<std::string>& lines, std::string_view what) {
    for (const auto& line : lines)
        if (line.find(what) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("what was measured may open", "[unit]") {
    const auto report = face_report(table(), {.persons = 40, .target_fpir = 0.01});
    CHECK(report.alone == FaceAlone::may_open);
    CHECK(report.cosine == 0.55F);
    CHECK(report.for_persons == 50);
    CHECK(report.strangers_per_1000->value == Approx(8));
    CHECK(report.refused_per_1000->value == Approx(20));
    CHECK(report.refused_per_1000->low == Approx(10));
    CHECK(report.refused_per_1000->high == Approx(30));
    CHECK(report.behind == 290);
    CHECK(says(report.en, "A face alone may open"));
    CHECK(says(report.en, "about 8.0 are taken for somebody (95 % interval 2.0-20, measured, 290 persons"));
    CHECK(says(report.zh, "允许仅凭人脸开门"));
}

TEST_CASE("what is extrapolated only greets, and the report says what was measured", "[unit]") {
    const auto strict = face_report(table(), {.persons = 40});
    CHECK(strict.alone == FaceAlone::extrapolated);
    CHECK(strict.strictest_measured_fpir == 0.01);
    CHECK(strict.largest_measured_gallery == 0);
    CHECK(says(strict.en, "only greets"));
    CHECK(says(strict.en, "strictest target that was measured for so many persons is 1.0 %"));
    CHECK(says(strict.zh, "不开门"));

    const auto large = face_report(table(), {.persons = 51, .target_fpir = 0.01});
    CHECK(large.alone == FaceAlone::extrapolated);
    CHECK_FALSE(large.strictest_measured_fpir);
    CHECK(large.largest_measured_gallery == 50);
    CHECK_FALSE(large.refused_per_1000);
    CHECK(says(large.en, "was not measured for so many persons"));
    CHECK(says(large.en, "has 50 persons"));
}

TEST_CASE("beyond the table nobody is recognised", "[unit]") {
    const auto report = face_report(table(), {.persons = 501, .target_fpir = 0.01});
    CHECK(report.alone == FaceAlone::beyond_table);
    CHECK_FALSE(report.cosine);
    CHECK_FALSE(report.strangers_per_1000);
    CHECK(says(report.en, "recognises nobody"));
}

TEST_CASE("card and face are told apart from face alone", "[unit]") {
    const auto report = face_report(table(), {.persons = 40, .target_fmr = 1e-3});
    CHECK(report.others_per_million->value == Approx(1000));
    CHECK(report.owners_refused_per_1000->value == Approx(10));
    CHECK_FALSE(report.card_extrapolated);
    CHECK(says(report.en, "of a million faces of other people about 1000 would pass"));
    CHECK_FALSE(face_report(table(), {.persons = 40, .target_fmr = 1e-4}).others_per_million);
}

TEST_CASE("nobody enrolled, and both languages say as much", "[unit]") {
    CHECK(face_report(table(), {}).alone == FaceAlone::nobody);
    for (const std::size_t persons : {0, 40, 51, 501}) {
        const auto report = face_report(table(), {.persons = persons, .target_fpir = 0.01});
        CHECK(report.zh.size() == report.en.size());
    }
}
