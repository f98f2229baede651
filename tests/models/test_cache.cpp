#include "models/cache.hpp"

#include "core/digest.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::Scratch;

namespace {

ModelFile model_of(const std::string& content) {
    ModelFile model;
    model.name = "test";
    model.file = "test.dat";
    model.sha256 = to_hex(sha256(content));
    model.bytes = content.size();
    return model;
}

}  // namespace

TEST_CASE("a model file is read when its hash is right", "[unit]") {
    const Scratch dir;
    const auto model = model_of("weights");
    REQUIRE(write_file(dir / "test.dat", "weights"));
    CHECK(load_verified(dir.path(), model).value() == "weights");
    CHECK(verify_file(dir / "test.dat", {model.sha256, model.bytes}, ""));
}

TEST_CASE("a corrupted model file is refused by name, with both hashes and the remedy", "[unit]") {
    const Scratch dir;
    const auto model = model_of("weights");
    REQUIRE(write_file(dir / "test.dat", "weighty"));
    const auto actual = to_hex(sha256("weighty"));
    const auto loaded = load_verified(dir.path(), model);
    REQUIRE_FALSE(loaded);
    for (const auto& word : {std::string("test.dat"), model.sha256, actual, std::string("menshen-models fetch")}) {
        CAPTURE(word, loaded.error().message);
        CHECK(loaded.error().message.find(word) != std::string::npos);
    }
}

TEST_CASE("a missing or endless model file is refused by name", "[unit]") {
    const Scratch dir;
    const auto model = model_of("weights");
    CHECK(load_verified(dir.path(), model).error().message.find("test.dat is missing; run: menshen-models fetch") !=
          std::string::npos);
    REQUIRE(write_file(dir / "test.dat", std::string(3u << 20, 'x')));
    CHECK(load_verified(dir.path(), model).error().message.find("at most") != std::string::npos);
    std::filesystem::remove(dir / "test.dat");
    std::filesystem::create_directory(dir / "test.dat");
    CHECK(load_verified(dir.path(), model).error().message.find("not a file") != std::string::npos);
}

TEST_CASE("writing leaves the old file when it cannot", "[unit]") {
    const Scratch dir;
    CHECK(write_file(dir / "no/such/folder", "x").error().message.find("cannot be written") != std::string::npos);
    REQUIRE(write_file(dir / "a", "old"));
    REQUIRE(write_file(dir / "a", "new"));
    CHECK(read_file(dir / "a", 10).value() == "new");
    CHECK_FALSE(std::filesystem::exists(dir / "a.part"));
}
