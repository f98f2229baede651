#include "models/calibration.hpp"

#include <algorithm>

#include "models/cache.hpp"
#include "models/preparation.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

Calibration small_table() {
    Calibration out;
    out.model = "test";
    out.weights = "0badcafe";
    out.source = "made up, with a \"quote\"";
    out.pipeline = "none";
    out.preparation = "none";
    out.fusion = Fusion::mean;
    out.persons = 100;
    out.pictures = 250;
    out.margin = 0.02F;
    out.stranger_ceiling = 0.5F;
    out.stranger_join = 0.7F;
    out.stranger_new = 0.6F;
    out.one_to_one = {{1e-2, 0.4F, true, {0.01, 0.005, 0.02}, Rate{0.02, 0.01, 0.03}, 100},
                      {1e-4, 0.6F, false, {1e-4, 1e-5, 1e-3}, std::nullopt, 100}};
    out.one_to_many = {{10, 1e-2, 0.50F, true, {0.01, 0.004, 0.02}, Rate{0.99, 0.97, 1}, 100},
                       {10, 1e-3, 0.55F, false, {1e-3, 1e-4, 1e-2}, std::nullopt, 100},
                       {100, 1e-2, 0.58F, false, {0.01, 0.001, 0.1}, std::nullopt, 100}};
    return out;
}

std::string problems_of(std::string text) {
    Problems problems;
    CHECK_FALSE(parse_calibration("site.yaml", text, problems));
    return problems.text();
}

std::string with(std::string text, std::string_view what, std::string_view instead) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("a threshold is that of the next larger gallery and the next stricter rate", "[unit]") {
    const auto table = small_table();
    CHECK(table.identify(1, 1e-2).cosine == 0.50F);
    CHECK(table.identify(10, 0.5).cosine == 0.50F);
    CHECK_FALSE(table.identify(10, 1e-2).extrapolated);
    CHECK(table.identify(10, 5e-3).cosine == 0.55F);
    CHECK(table.identify(10, 5e-3).extrapolated);
    CHECK(table.identify(11, 1e-2).cosine == 0.58F);
    CHECK(table.verify(1e-2).cosine == 0.4F);
    CHECK(table.verify(1e-3).cosine == 0.6F);
    CHECK(table.verify(1e-3).extrapolated);
}

TEST_CASE("beyond the table nothing matches", "[unit]") {
    const auto table = small_table();
    for (const auto& threshold :
         {table.identify(101, 1e-2), table.identify(100, 1e-3), table.identify(10, 1e-4), table.verify(1e-5)}) {
        CHECK(threshold.cosine == kNeverMatches);
        CHECK(threshold.extrapolated);
    }
}

TEST_CASE("a rate is found however it was written", "[unit]") {
    auto table = small_table();
    table.one_to_many = {{10, 0.1 * 3, 0.5F, true}};  // 0.30000000000000004
    CHECK(table.identify(10, 0.3).cosine == 0.5F);
}

TEST_CASE("a table is written and read without loss", "[unit]") {
    const auto table = small_table();
    const auto text = to_yaml(table);
    Problems problems;
    const auto read = parse_calibration("test.yaml", text, problems);
    CAPTURE(problems.text());
    REQUIRE(read);
    CHECK(to_yaml(*read) == text);
    CHECK(read->source == table.source);
    CHECK(read->persons == 100);
    CHECK(read->fusion == Fusion::mean);
    REQUIRE(read->one_to_many.size() == 3);
    CHECK(read->one_to_many[0].tpir->low == 0.97);
    CHECK_FALSE(read->one_to_many[1].tpir);
    CHECK(read->one_to_many[2].rate.high == 0.1);
    CHECK(read->one_to_one[0].measured);
    CHECK(read->one_to_one[1].behind == 100);
}

TEST_CASE("words in a table stay what they are, whatever is in them", "[unit]") {
    auto table = small_table();
    const auto usual = to_yaml(table);
    const auto lines = std::count(usual.begin(), usual.end(), '\n');
    for (const std::string words :
         {"two\nlines", "made up\"\nmargin: 0\n---\n", "tab\tbell\a\x1b[31m\x7f", "back\\slash \\n", "门神 ü"}) {
        table.source = table.pipeline = words;
        const auto text = to_yaml(table);
        CAPTURE(text);
        Problems problems;
        const auto read = parse_calibration("test.yaml", text, problems);
        REQUIRE(read);
        CHECK(read->source == words);
        CHECK(read->pipeline == words);
        CHECK(read->margin == 0.02F);
        CHECK(std::count(text.begin(), text.end(), '\n') == lines);
    }
}

TEST_CASE("every mistake of a table is named with its line, and nothing of it is used", "[unit]") {
    const auto text = to_yaml(small_table());
    CHECK(problems_of(with(text, "margin: 0.0200", "margin: lots")).find("site.yaml:11:") == 0);
    CHECK(problems_of(with(text, "fpir: 0.001", "fpir: 0.02")).find("one_to_many[1] must be stricter") != std::string::npos);
    CHECK(problems_of(with(text, "cosine: 0.5500", "cosine: 0.4500")).find("lower cosine than a looser fpir") !=
          std::string::npos);
    CHECK(problems_of(with(text, "cosine: 0.5800", "cosine: 0.4900"))
              .find("lower cosine than for 10 persons: run menshen-faces calibrate") != std::string::npos);
    CHECK(problems_of(with(text, "cosine: 0.6000", "cosine: 0.3000")).find("lower cosine than a looser fmr") !=
          std::string::npos);
    CHECK(problems_of(with(text, "[0.01, 0.005, 0.02]", "[0.01, 0.015, 0.02]")).find("low <= rate <= high") != std::string::npos);
    CHECK(problems_of(with(text, "[0.01, 0.005, 0.02]", "[0.01, x, 0.02]")).find("three numbers") != std::string::npos);
    CHECK(problems_of(with(text, "[0.01, 0.005, 0.02]", "[0.01, nan, 0.02]")).find("three numbers") != std::string::npos);
    CHECK(problems_of(with(text, "measured: true", "mesured: true")).find("did you mean \"measured\"") != std::string::npos);
    CHECK(problems_of(with(text, "persons: 100", "persons: -4")).find("whole number") != std::string::npos);
    CHECK(problems_of(with(text, "fusion: mean", "fusion: average")).find("one of: best, mean, best+mean") != std::string::npos);
    CHECK(problems_of(with(text, "preparation:", "# preparation:")).find("preparation is missing") != std::string::npos);
    // An extrapolated rate was not observed, a measured one was.
    CHECK(problems_of(with(text, "expected: [0", "observed: [0")).find("expected") != std::string::npos);
    CHECK(problems_of(with(text, "observed: [0", "expected: [0")).find("observed") != std::string::npos);
    CHECK(problems_of("version: 2\n").find("version") != std::string::npos);
    CHECK_FALSE(problems_of("").empty());
}

TEST_CASE("the tables that ship are read, and belong to their weights", "[unit]") {
    for (const char* model : {"dlib-resnet-v1", "fr-feature-512", "mobilefacenet-192"}) {
        CAPTURE(model);
        const auto table = calibration_of(model);
        REQUIRE(table);
        CHECK(calibration_of(std::string(model) + "@" + table->weights));
        CHECK_FALSE(calibration_of(std::string(model) + "@00000000"));
        // Whoever changes how faces are prepared has to measure the table again.
        CHECK(table->preparation == preparation_of(model));
        CHECK(calibration_for("", std::string(model) + "@" + table->weights));
        CHECK(table->margin > 0);
        // Whoever is not that stranger surely may be a new one, but nobody is both.
        CHECK(table->stranger_new <= table->stranger_join);
        CHECK(table->identify(10'000, kDefaultFpir).cosine < 1);
        CHECK(table->verify(kDefaultFmr).cosine < 1);
        // Three hundred persons cannot say what happens to one stranger in a thousand.
        CHECK(table->persons < 1000);
        CHECK(table->identify(10, kDefaultFpir).extrapolated);
        CHECK_FALSE(table->identify(10, 1e-2).extrapolated);
    }
    CHECK_FALSE(calibration_of("dlib"));
    CHECK_FALSE(calibration_of(""));
}

TEST_CASE("a site's table holds only for the weights and the preparation it was measured with", "[unit]") {
    const test::Scratch dir;
    const auto file = dir / "site.yaml";
    const std::string model = "mobilefacenet-192@d8ba40c0";
    auto table = calibration_of(model).value();
    const auto refusal = [&] {
        REQUIRE(write_file(file, to_yaml(table)));
        const auto read = calibration_for(file, model);
        return read ? std::string() : read.error().message;
    };
    CHECK(refusal().empty());

    // What embeds faces here does not mirror them, or puts the nose elsewhere: every cosine means something else.
    const auto ours = table.preparation;
    table.preparation = with(ours, "with its mirror image", "as it is");
    CHECK(refusal().find(file + ": preparation: ") == 0);
    CHECK(refusal().find(ours) != std::string::npos);
    CHECK(refusal().find(table.preparation) != std::string::npos);
    CHECK(refusal().find("menshen face calibrate") != std::string::npos);
    table.preparation = with(ours, "79.448", "81.6");
    CHECK(refusal().find(file + ": preparation: ") == 0);
    table.preparation = ours;

    table.weights = "00000000";
    CHECK(refusal().find(file + ": model: ") == 0);
    REQUIRE(write_file(file, "version: 1\n"));
    CHECK(calibration_for(file, model).error().message.find(file + ":1:") == 0);
    CHECK(calibration_for(dir / "none.yaml", model).error().message.find("none.yaml") != std::string::npos);
}

TEST_CASE("whatever changes a template changes the words for its preparation", "[unit]") {
    const ModelFile& embedder = *manifest().model("mobilefacenet-192");
    const ModelFile& points = *manifest().with_role("points");
    const auto ours = preparation_of(embedder, points);
    CHECK(ours == preparation_of("mobilefacenet-192"));
    CHECK(ours == preparation_of("mobilefacenet-192@d8ba40c0"));
    const auto changed = [&](auto change) {
        auto other = embedder;
        change(*other.input);
        return preparation_of(other, points) != ours;
    };
    CHECK_FALSE(changed([](Preprocessing&) {}));
    CHECK(changed([](Preprocessing& how) { how.views = Preprocessing::Views::one; }));
    CHECK(changed([](Preprocessing& how) { how.channels = Preprocessing::Channels::bgr; }));
    CHECK(changed([](Preprocessing& how) { how.align.to[2].y += 0.001F; }));
    CHECK(changed([](Preprocessing& how) { how.align.side = 128; }));
    CHECK(changed([](Preprocessing& how) { how.mean[1] = 127; }));
    CHECK(changed([](Preprocessing& how) { how.scale = 0.0079F; }));
    CHECK(changed([](Preprocessing& how) { how.keep = 128; }));
    auto other_points = points;
    other_points.sha256[0] = other_points.sha256[0] == '0' ? '1' : '0';
    CHECK(preparation_of(embedder, other_points) != ours);
    CHECK(preparation_of("nobody").empty());
    CHECK(preparation_of("rfb-320").empty());
}
