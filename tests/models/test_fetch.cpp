#include "models/fetch.hpp"

#include "core/digest.hpp"
#include "models/cache.hpp"
#include "models/run_program.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::Scratch;

namespace {

namespace fs = std::filesystem;

/// A stick with one archive that holds a model and two photographs, and the manifest that describes it.
struct Stick {
    Scratch folder;
    Manifest manifest;

    Stick() {
        const Scratch source;
        fs::create_directories(source / "top-1.0/examples/johns/a");
        REQUIRE(write_file(source / "top-1.0/m.dat", "weights"));
        for (const auto* name : {"1.jpg", "2.jpg"})
            REQUIRE(write_file(source / (std::string("top-1.0/examples/johns/a/") + name), "x"));
        const auto packed = run_program({"tar", "-cjf", folder / "a.tar.bz2", "-C", source.path(), "top-1.0"}, {});
        REQUIRE(packed);
        REQUIRE(packed->status == 0);
        manifest.archives.push_back(
            {"a", "a.tar.bz2", hash_file(folder / "a.tar.bz2").value(), fs::file_size(folder / "a.tar.bz2"), "a", "1.0", ""});
        ModelFile model;
        model.name = "m";
        model.file = "m.dat";
        model.sha256 = to_hex(sha256("weights"));
        model.bytes = 7;
        model.archive = "a";
        model.member = "m.dat";
        manifest.models.push_back(model);
        manifest.photos.push_back({"johns", "a", "examples/johns", "x", 2});
    }

    [[nodiscard]] Result<void> fetch_into(const Scratch& cache) const {
        return fetch(manifest, {cache.path(), folder.path(), true, [](const std::string&) {}});
    }
};

}  // namespace

TEST_CASE("a cache is filled from an archive on a stick, and from a filled cache", "[unit]") {
    const Stick stick;
    const Scratch first;
    REQUIRE(stick.fetch_into(first));
    CHECK(read_file(first / "m.dat", 100).value() == "weights");
    CHECK(photos_are_complete(first.path(), stick.manifest.photos.front()));
    // Nothing is left lying about but what belongs there.
    CHECK(std::distance(fs::directory_iterator(first.path()), fs::directory_iterator()) == 2);

    const Scratch second;
    REQUIRE(fetch(stick.manifest, {second.path(), first.path(), true, [](const std::string&) {}}));
    CHECK(read_file(second / "m.dat", 100).value() == "weights");
    CHECK(photos_are_complete(second.path(), stick.manifest.photos.front()));
}

TEST_CASE("a corrupted file in the cache is replaced, a corrupted one on the stick refused", "[unit]") {
    const Stick stick;
    const Scratch cache;
    REQUIRE(write_file(cache / "m.dat", "rubbish"));
    REQUIRE(stick.fetch_into(cache));
    CHECK(read_file(cache / "m.dat", 100).value() == "weights");

    REQUIRE(write_file(stick.folder / "m.dat", "rubbish"));
    const Scratch other;
    const auto refused = stick.fetch_into(other);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("m.dat") != std::string::npos);
    CHECK(refused.error().message.find(to_hex(sha256("rubbish"))) != std::string::npos);
    CHECK_FALSE(fs::exists(other / "m.dat"));
}

TEST_CASE("an archive with another hash is refused unopened; an empty stick says what it lacks", "[unit]") {
    const Stick stick;
    REQUIRE(write_file(stick.folder / "a.tar.bz2", "not an archive"));
    const Scratch cache;
    const auto refused = stick.fetch_into(cache);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find(stick.manifest.archives.front().sha256) != std::string::npos);

    fs::remove(stick.folder / "a.tar.bz2");
    const auto empty = stick.fetch_into(cache);
    REQUIRE_FALSE(empty);
    CHECK(empty.error().message.find("neither m.dat, photos/johns nor the archive a.tar.bz2") != std::string::npos);
    CHECK(fetch(stick.manifest, {cache.path(), "/no/such/folder", true, [](const std::string&) {}}).error().message ==
          "/no/such/folder is not a folder");
}

TEST_CASE("what is optional is done without when the stick lacks it", "[unit]") {
    Stick stick;
    stick.manifest.archives.push_back({"b", "b.tgz", std::string(64, '0'), 10, "", "", "some-package@1.0.0"});
    auto detector = stick.manifest.models.front();
    detector.name = "detector";
    detector.file = "detector.onnx";
    detector.archive = "b";
    detector.optional = true;
    stick.manifest.models.push_back(detector);
    const Scratch cache;
    REQUIRE(stick.fetch_into(cache));
    CHECK(fs::exists(cache / "m.dat"));
    CHECK_FALSE(fs::exists(cache / "detector.onnx"));

    stick.manifest.models.back().optional = false;
    CHECK(stick.fetch_into(cache).error().message.find("neither detector.onnx nor the archive b.tgz") != std::string::npos);
}

TEST_CASE("a program's status and output come back; one that is not there is an error", "[unit]") {
    const auto ran = run_program({"sh", "-c", "echo $WORD; echo err >&2; exit 3"}, {{"WORD", "out"}});
    REQUIRE(ran);
    CHECK(ran->status == 3);
    CHECK(ran->output == "out\nerr\n");
    CHECK_FALSE(run_program({"/no/such/program"}, {}));
}

TEST_CASE("a model with a notice is fetched only when it is named", "[unit]") {
    Stick stick;
    stick.manifest.models.front().notice = "nobody knows where it comes from";
    const Scratch without, with;
    REQUIRE(stick.fetch_into(without));
    CHECK_FALSE(fs::exists(without / "m.dat"));
    REQUIRE(fetch(stick.manifest, {with.path(), stick.folder.path(), true, [](const std::string&) {}, {"m"}}));
    CHECK(fs::exists(with / "m.dat"));
}
