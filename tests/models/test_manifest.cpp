#include "models/manifest.hpp"

#include <map>

#include "models/cache.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

TEST_CASE("the manifest that ships is whole", "[unit]") {
    REQUIRE(manifest().with_role("embed") != nullptr);
    REQUIRE(manifest().with_role("points") != nullptr);
    CHECK(manifest().model("dlib-resnet-v1")->converted.sha256.size() == 64);
    for (const auto& model : manifest().models) {
        CAPTURE(model.name);
        CHECK_FALSE(model.licence.empty());
        CHECK(manifest().archive(model.archive) != nullptr);
    }
}

TEST_CASE("every model has a page with its licence in full, and says what its photographs were", "[unit]") {
    for (const auto& model : manifest().models) {
        const auto path = std::string(MENSHEN_SOURCE_DIR) + "/docs/licences/" + model.name + ".md";
        CAPTURE(path);
        const auto page = read_file(path, 1u << 20);
        REQUIRE(page);
        const auto says = [&](std::string_view words) { return page->find(words) != std::string::npos; };
        CHECK(says(model.file));
        CHECK(says(model.sha256));
        CHECK(says("| Licence | " + model.licence));
        CHECK(says("photographs gathered from the web"));
        const std::map<std::string, std::string_view> first_and_last = {{"Apache-2.0", "limitations under the License."},
                                                                        {"CC0-1.0", "CC0 or use of the Work."},
                                                                        {"MIT", "OTHER DEALINGS IN THE\nSOFTWARE."}};
        REQUIRE(first_and_last.contains(model.licence));
        CHECK(says(first_and_last.at(model.licence)));
        CHECK(says("stays shut") == !model.notice.empty());
    }
}

TEST_CASE("the input of a model that is in use stays as it is", "[unit]") {
    // Whoever has to change this test changes what every enrolled template means: give the model another name instead.
    const auto& how = *manifest().model("mobilefacenet-192")->input;
    CHECK(how.align.side == 112);
    CHECK(how.channels == Preprocessing::Channels::rgb);
    CHECK(how.mean == std::array<float, 3>{127.5F, 127.5F, 127.5F});
    CHECK(how.scale == 1.0F / 128);
    const std::vector<Point> places = {{38.8258F, 51.9934F}, {73.0058F, 51.8044F}, {56.0F, 79.448F}};
    REQUIRE(how.align.to.size() == places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        CHECK(how.align.to[i].x == places[i].x);
        CHECK(how.align.to[i].y == places[i].y);
    }
    CHECK(how.views == Preprocessing::Views::mirrored_too);
    CHECK(how.keep == 64);
    CHECK(tag_of(*manifest().model("mobilefacenet-192")).id == "mobilefacenet-192@d8ba40c0");
    CHECK(manifest().with_role("embed")->name == "mobilefacenet-192");
}

TEST_CASE("a preprocessing description says all that a network needs, or is refused", "[unit]") {
    const auto parse = [](const std::string& input, Problems& problems) {
        return parse_manifest("m.yaml",
                              "version: 1\n"
                              "archives:\n"
                              "  - {name: a, file: a.tar, sha256: " +
                                  std::string(64, '0') +
                                  ", bytes: 10, npm_package: a@1}\n"
                                  "models:\n"
                                  "  - {name: m, role: embed, file: m.tflite, sha256: " +
                                  std::string(64, '1') +
                                  ", bytes: 7, archive: a,\n"
                                  "     member: m, licence: MIT, source: s, used_for: u, " +
                                  input +
                                  "}\n"
                                  "photos: []\n",
                              problems);
    };
    Problems none;
    const auto good = parse(
        "input: {side: 112, channels: bgr, mean: [1, 2.5, 3], scale: 0.5, points: [[1, 2], [3, 4], [5, 6]], numbers: 192, keep: "
        "64}",
        none);
    CAPTURE(none.text());
    REQUIRE(good);
    const auto& how = *good->models.front().input;
    CHECK(how.align.side == 112);
    CHECK(how.channels == Preprocessing::Channels::bgr);
    CHECK(how.mean[1] == 2.5F);
    CHECK(how.align.to.size() == 3);
    CHECK(how.align.to[1].y == 4);
    CHECK(tag_of(good->models.front()) == ModelTag{"m@11111111", 64, Metric::cosine});
    for (const auto* bad :
         {"x: 1", "input: {side: 112}",
          "input: {side: 112, channels: rgb, mean: [1, 2], scale: 1, points: [[1, 2], [3, 4], [5, 6]], numbers: 8}",
          "input: {side: 112, channels: rgb, mean: [1, 2, x], scale: 1, points: [[1, 2], [3, 4], [5, 6]], numbers: 8}",
          "input: {side: 112, channels: rgb, mean: [1, 2, 3], scale: 1, points: [[1, 2], [3, 4]], numbers: 8}",
          "input: {side: 112, channels: rgb, mean: [1, 2, 3], scale: 1, numbers: 8}",
          "input: {side: 112, channels: rgb, mean: [1, 2, 3], scale: 1, surroundings: 2, numbers: 8, keep: 9}"}) {
        Problems problems;
        CAPTURE(bad);
        CHECK_FALSE(parse(bad, problems));
        CHECK(problems.has_errors());
    }
}

TEST_CASE("every mistake of a manifest is named at once, at its place", "[unit]") {
    const char* text =
        "version: 1\n"
        "archives:\n"
        "  - {name: a, file: a.tar, sha256: 00, bytes: 10, source_package: p, source_version: '1'}\n"
        "models:\n"
        "  - name: m\n"
        "    role: embedd\n"
        "    file: ../../etc/passwd\n"
        "    sha256: abc\n"
        "    byte: 7\n"
        "    archive: a\n"
        "    member: m.dat\n"
        "    licence: CC0-1.0\n"
        "    source: somewhere\n"
        "    used_for: x\n"
        "photos: []\n";
    Problems problems;
    CHECK_FALSE(parse_manifest("m.yaml", text, problems));
    const auto said = problems.text();
    CAPTURE(said);
    CHECK(said.find("m.yaml:3:") != std::string::npos);
    CHECK(said.find("did you mean \"embed\"") != std::string::npos);
    CHECK(said.find("without \"..\"") != std::string::npos);
    CHECK(said.find("m.yaml:8:") != std::string::npos);
    CHECK(said.find("\"bytes\"") != std::string::npos);
    CHECK(problems.errors() >= 5);
}

TEST_CASE("a model must name an archive that is there", "[unit]") {
    const std::string hash(64, 'a');
    const auto text =
        "version: 1\narchives:\n  - {name: dlib-models, file: a.tar, sha256: " + hash +
        ", bytes: 10, source_package: p, source_version: '1'}\n"
        "models: []\nphotos:\n  - {name: johns, archive: dlib-model, member: examples/johns, pictures: 3, licence: x}\n";
    Problems problems;
    CHECK_FALSE(parse_manifest("m.yaml", text, problems));
    CHECK(problems.text().find("did you mean \"dlib-models\"") != std::string::npos);
}
