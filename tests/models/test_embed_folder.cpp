#include "models/faces_tool/embed_folder.hpp"

#include <filesystem>
#include <fstream>

#include "tests/models/sample_photos.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::faces_tool;
namespace fs = std::filesystem;

namespace {

void write(const std::string& path, const std::vector<std::uint8_t>& content) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

}  // namespace

TEST_CASE("a folder of photographs is embedded, the bad ones among them passed over", "[models]") {
    const auto cache = test::filled_cache();
    if (!cache) return;
    const test::Scratch dir;
    auto picture = test::photo(test::johns("John_Simm").front());
    write(dir / "simm/1.jpg", picture);
    picture.resize(picture.size() / 2);
    write(dir / "simm/2.jpg", picture);
    write(dir / "simm/3.png", {'t', 'e', 'x', 't'});
    write(dir / "salley/1.jpg", test::photo(test::johns("John_Salley").front()));
    const EmbedRequest request{
        .images = dir.path(), .pipeline = {.models_dir = *cache}, .workers = 2, .cache = dir / "templates"};
    const auto folder = embed_folder(request);
    REQUIRE(folder);
    REQUIRE(folder->set.persons.size() == 2);
    CHECK(folder->set.persons[0].name == "salley");
    CHECK(folder->set.pictures() == 4);
    CHECK(folder->set.acquired() == 2);
    CHECK(folder->unreadable == 2);
    CHECK(folder->from_cache == 0);
    const auto again = embed_folder(request);
    REQUIRE(again);
    CHECK(again->from_cache == 2);
    CHECK(again->set.persons[1].pictures[0].values == folder->set.persons[1].pictures[0].values);

    fs::create_symlink("loop", dir / "loop");
    const auto refused = embed_folder(request);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find(dir / "loop") != std::string::npos);
}
