#include "models/manifest.hpp"

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
