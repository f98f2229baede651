// What menshen-faces does before and around the networks; it needs no model file.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "models/faces_tool/commands.hpp"
#include "models/faces_tool/embed_folder.hpp"
#include "models/faces_tool/embed_work.hpp"
#include "models/faces_tool/folder.hpp"
#include "tests/models/scratch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using namespace menshen::models::faces_tool;
namespace fs = std::filesystem;

namespace {

bool says(const std::string& message, const std::string& word) { return message.find(word) != std::string::npos; }

void write(const std::string& path, const std::string& content) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << content;
}

/// Pictures that are their own content; "no face", "broken" and "huge" are what they say.
Result<PictureFace> embed(std::string_view file) {
    if (file == "huge") throw std::bad_alloc();
    if (file == "broken") throw std::runtime_error("the decoder gave up");
    if (file == "text") return fail("neither a JPEG nor a PNG file");
    if (file == "no face") return PictureFace{};
    return PictureFace{{static_cast<float>(file.size()), 0}, 1};
}

struct Street {
    test::Scratch dir;
    FaceSet set;
    std::vector<PictureTask> tasks;

    void add(const std::string& content) {
        if (set.persons.empty()) set.persons.push_back({"one", {}});
        const auto path = dir / (std::to_string(tasks.size()) + ".jpg");
        write(path, content);
        tasks.push_back({path, 0, set.persons[0].pictures.size()});
        set.persons[0].pictures.emplace_back();
    }
};

/// What a command line is refused with, before anything is done; "" when it was not. There are no models: whoever asks for them
/// has gone too far.
std::string refusal(const std::string& line, const test::Scratch& dir) {
    CLI::App app;
    int status = 0;
    add_calibrate(app, status);
    add_evaluate(app, status);
    add_strangers(app, status);
    std::fflush(stderr);
    const int screen = ::dup(STDERR_FILENO);
    std::FILE* said = std::tmpfile();
    ::dup2(::fileno(said), STDERR_FILENO);
    std::string out;
    try {
        app.parse(line + " --models " + (dir / "no-models"));
    } catch (const CLI::ParseError& error) {
        out = error.what();
    }
    std::fflush(stderr);
    ::dup2(screen, STDERR_FILENO);
    ::close(screen);
    std::rewind(said);
    for (int c = std::fgetc(said); c != EOF; c = std::fgetc(said)) out += static_cast<char>(c);
    std::fclose(said);
    return out;
}

}  // namespace

TEST_CASE("an option that cannot be kept is refused before anything is embedded", "[unit]") {
    const test::Scratch dir;
    for (int person = 0; person < 60; ++person)
        for (int picture = 0; picture < 3; ++picture)
            write(dir / ("faces/p" + std::to_string(person) + "/" + std::to_string(picture) + ".jpg"), "not looked at");
    const auto images = " --images " + (dir / "faces");
    const auto calibrate = "calibrate" + images;

    // What is in order goes on to the models.
    for (const auto& line :
         {calibrate + " --source \"one line, 一行\" --fusion best+mean --margin 0.02 --out " + (dir / "table.yaml"),
          "evaluate" + images + " --fusion average", "strangers" + images + " --fusion best"}) {
        CAPTURE(line);
        CHECK(says(refusal(line, dir), "no-models"));
    }

    const std::vector<std::pair<std::string, std::string>> wrong = {
        {calibrate + " --fusion average", "average not in"},
        {"strangers" + images + " --fusion average", "average not in"},
        {calibrate + " --margin -1", "--margin"},
        {calibrate + " --strangers 0.5 0.6 7", "--strangers"},
        {calibrate + " --source \"one\ntwo\"", "--source"},
        {calibrate + " --source \"\x1b[31mred\"", "--source"},
        {calibrate + " --source " + std::string(501, 'x'), "--source"},
        {calibrate + " --model rfb-320", "--model rfb-320: there is no such embedder"},
        {"evaluate" + images + " --model nobody", "--model nobody: there is no such embedder"},
        {calibrate + " --out " + (dir / "none/table.yaml"), "--out"},
        {calibrate + " --cache " + dir.path(), "--cache"},
        {"evaluate" + images + " --calibration " + (dir / "none.yaml"), "none.yaml"},
        {"strangers" + images + " --calibration " + (dir / "none.yaml"), "none.yaml"},
        {"calibrate --images " + (dir / "none"), "none"},
    };
    for (const auto& [line, word] : wrong) {
        CAPTURE(line);
        const auto said = refusal(line, dir);
        CHECK(says(said, word));
        CHECK_FALSE(says(said, "no-models"));
    }
    CHECK_FALSE(fs::exists(dir / "table.yaml"));

    fs::remove_all(dir / "faces");
    write(dir / "faces/one/1.jpg", "");
    const auto few = refusal(calibrate, dir);
    CHECK(says(few, "at least 20"));
    CHECK_FALSE(says(few, "no-models"));
}

TEST_CASE("a folder that cannot be read is named, with what to do", "[unit]") {
    const test::Scratch dir;
    const auto missing = list_folder(dir / "none");
    REQUIRE_FALSE(missing);
    CHECK(says(missing.error().message, dir / "none"));
    CHECK(says(missing.error().message, "name another"));

    write(dir / "file", "");
    CHECK_FALSE(list_folder(dir / "file"));
    const auto empty = list_folder(dir.path());
    REQUIRE_FALSE(empty);
    CHECK(says(empty.error().message, "one folder a person"));

    write(dir / "anna/1.jpg", "");
    write(dir / "anna/2.PNG", "");
    write(dir / "anna/notes.txt", "");
    fs::create_directory(dir / "empty");
    // A picture that is not there is the pictures' business: it is passed over when it is read.
    fs::create_symlink("nowhere", dir / "anna/3.jpeg");
    const auto listed = list_folder(dir.path());
    REQUIRE(listed);
    REQUIRE(listed->persons.size() == 1);
    CHECK(listed->persons[0].name == "anna");
    CHECK(listed->pictures() == 3);
    CHECK(listed->acquired() == 0);

    // Of a person who cannot be looked at nobody knows how many pictures there are: no figure without them.
    fs::create_symlink("berta", dir / "berta");
    const auto loop = list_folder(dir.path());
    REQUIRE_FALSE(loop);
    CHECK(says(loop.error().message, dir / "berta"));
    fs::remove(dir / "berta");
    if (::geteuid() == 0) return;
    fs::create_directory(dir / "closed");
    fs::permissions(dir / "closed", fs::perms::none);
    const auto closed = list_folder(dir.path());
    REQUIRE_FALSE(closed);
    CHECK(says(closed.error().message, dir / "closed"));
}

TEST_CASE("a bad picture among good ones is counted and passed over", "[unit]") {
    Street street;
    for (const char* content : {"a", "text", "bb", "broken", "no face", "ccc"}) street.add(content);
    street.tasks.push_back({street.dir / "nowhere.jpg", 0, 0});
    const auto workers = GENERATE(std::size_t{1}, std::size_t{3});
    EmbedWork work(street.tasks, {}, street.set);
    CHECK(work.run(std::vector<EmbedPicture>(workers, embed)));
    CHECK(work.unreadable() == 3);
    const auto& pictures = street.set.persons[0].pictures;
    CHECK(street.set.acquired() == 3);
    for (const auto& [at, size] : {std::pair{0, 1.0F}, {2, 2.0F}, {5, 3.0F}}) CHECK(pictures[at].values.at(0) == size);
    // Known, and known to have no face; a broken one is tried again next time.
    CHECK(work.cache().find(TemplateCache::key_of("no face")) != nullptr);
    CHECK(work.cache().find(TemplateCache::key_of("broken")) == nullptr);
}

TEST_CASE("when memory runs out the picture is named, and what was done is kept", "[unit]") {
    Street street;
    for (int i = 0; i < 20; ++i) street.add(std::string(i + 1, 'a'));
    street.add("huge");
    for (int i = 0; i < 20; ++i) street.add(std::string(i + 1, 'b'));
    const auto workers = GENERATE(std::size_t{1}, std::size_t{4});
    EmbedWork work(street.tasks, {}, street.set);
    const auto done = work.run(std::vector<EmbedPicture>(workers, embed));
    REQUIRE_FALSE(done);
    CHECK(says(done.error().message, street.tasks[20].path));
    CHECK(says(done.error().message, "--workers"));
    CHECK(work.cache().find(TemplateCache::key_of("a")) != nullptr);
    if (workers == 1) CHECK(work.cache().find(TemplateCache::key_of("b")) == nullptr);
}

TEST_CASE("where something is to be written is known before", "[unit]") {
    const test::Scratch dir;
    CHECK(can_write(dir / "table.yaml", "--out"));
    CHECK(can_write("table.yaml", "--out"));
    const auto folder = can_write(dir.path(), "--out");
    REQUIRE_FALSE(folder);
    CHECK(says(folder.error().message, "--out " + dir.path()));
    const auto nowhere = can_write(dir / "none/table.yaml", "--cache");
    REQUIRE_FALSE(nowhere);
    CHECK(says(nowhere.error().message, "--cache"));
    CHECK(says(nowhere.error().message, "there is no folder"));
    write(dir / "file", "");
    CHECK_FALSE(can_write(dir / "file/table.yaml", "--out"));
}
