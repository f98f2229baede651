#include "models/faces_tool/template_cache.hpp"

#include <filesystem>
#include <fstream>

#include "models/cache.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::faces_tool;
namespace fs = std::filesystem;

TEST_CASE("templates are kept for one pipeline, for their owner alone", "[unit]") {
    const test::Scratch scratch;
    const auto path = scratch / "faces.cache";
    auto cache = TemplateCache::read(path, "one");
    CHECK(cache.find(1) == nullptr);
    cache.keep(1, {{0.5F, -0.5F}, 0.25F});
    cache.keep(2, {});  // No face in it: that is known too.
    REQUIRE(cache.write(path));
    CHECK((fs::status(path).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));

    const auto again = TemplateCache::read(path, "one");
    REQUIRE(again.find(1) != nullptr);
    CHECK(again.find(1)->values == std::vector<float>{0.5F, -0.5F});
    CHECK(again.find(1)->quality == 0.25F);
    REQUIRE(again.find(2) != nullptr);
    CHECK_FALSE(again.find(2)->acquired());
    CHECK(TemplateCache::read(path, "another").find(1) == nullptr);
}

TEST_CASE("a file that ends early, or is something else, costs only time", "[unit]") {
    const test::Scratch scratch;
    const auto path = scratch / "faces.cache";
    auto cache = TemplateCache::read(path, "one");
    for (std::uint64_t key = 0; key < 4; ++key) cache.keep(key, {{1, 0, 0}, 1});
    REQUIRE(cache.write(path));
    const auto whole = *read_file(path, 1 << 20);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::ofstream(path, std::ios::trunc) << whole.substr(0, size);
        const auto part = TemplateCache::read(path, "one");
        for (std::uint64_t key = 0; key < 4; ++key)
            if (const auto* face = part.find(key)) CHECK(face->values.size() == 3);
        CHECK(part.find(3) == nullptr);
    }
}

TEST_CASE("another picture has another key", "[unit]") {
    CHECK(TemplateCache::key_of("a") != TemplateCache::key_of("b"));
    CHECK(TemplateCache::key_of("") != TemplateCache::key_of(std::string_view("\0", 1)));
}
