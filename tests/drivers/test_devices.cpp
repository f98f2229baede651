#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "drivers/picture_camera/picture_file.hpp"
#include "tests/drivers/stage.hpp"

using namespace menshen;
using namespace menshen::drivers;
namespace fs = std::filesystem;

namespace {

const std::string kCard = "10111101100010001110101110";
const std::string kReader = "{driver: wiegand, source: simulated, formats: [H10301, UID34], hold: 1500ms}";

/// A folder that goes when the test ends.
struct Folder {
    fs::path path = fs::temp_directory_path() / ("menshen-drivers-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
    std::string put(const std::string& name, const std::string& bytes) const {
        std::ofstream(path / name, std::ios::binary) << bytes;
        return (path / name).string();
    }
    static inline int count = 0;
};

std::string jpeg(const std::string& rest) { return "\xFF\xD8\xFF\xE0" + rest; }
std::string png(const std::string& rest) { return "\x89PNG\r\n\x1A\n" + rest; }
std::string bytes_of(const Frame& frame) { return {frame.bytes->begin(), frame.bytes->end()}; }

}  // namespace

TEST_CASE("a frame at a simulated reader becomes a card read, once for each presentation", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("front", kReader));
    stage.supervisor.start();
    REQUIRE(stage.until_online());

    for (int i = 0; i < 10; ++i) {
        REQUIRE(stage.inject("front", "bits", kCard));
        stage.time += 300ms;
    }
    auto reads = stage.sink.all<CardRead>();
    REQUIRE(reads.size() == 1);
    CHECK(reads[0].device.str() == "front");
    CHECK(reads[0].number == CardNumber{26, "2F623AE"});
    CHECK(reads[0].format == "H10301");

    stage.time += 2s;
    REQUIRE(stage.inject("front", "bits", "26:2F623AE"));
    CHECK(stage.sink.all<CardRead>().size() == 2);
    REQUIRE(stage.inject("front", "bits", "26:2F623AF"));
    const auto malformed = stage.sink.all<CardMalformed>();
    REQUIRE(malformed.size() == 1);
    CHECK(malformed[0].raw == "26:2F623AF");
    CHECK(malformed[0].reason == "H10301: trailing parity is even, must be odd");
    CHECK(stage.status().counters.at("bad_reads") == 1);
}

TEST_CASE("a refused card read is not held against the person who waits", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("front", kReader));
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    stage.sink.takes_reads = false;
    REQUIRE(stage.inject("front", "bits", kCard));
    stage.sink.takes_reads = true;
    stage.time += 300ms;
    REQUIRE(stage.inject("front", "bits", kCard));
    CHECK(stage.sink.all<CardRead>().size() == 1);
    CHECK(stage.status().counters.at("refused") == 1);
}

TEST_CASE("simulated lines report their state when they come and when they change", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("door", "{driver: simulated, lines: [contact, exit_button, fire, tamper], lock: true}"));
    stage.supervisor.start();
    REQUIRE(stage.until([&] { return stage.sink.all<LineChanged>().size() == 4; }));
    REQUIRE(std::holds_alternative<DeviceChanged>(stage.sink.events.at(0)));
    for (const auto& line : stage.sink.all<LineChanged>()) CHECK_FALSE(line.active);

    REQUIRE(stage.inject("door", "fire", "on"));
    REQUIRE(stage.inject("door", "fire", "on"));
    const auto lines = stage.sink.all<LineChanged>();
    REQUIRE(lines.size() == 5);
    CHECK(lines[4].line == Line::fire);
    CHECK(lines[4].active);
    CHECK(stage.inject("door", "bits", kCard).error().message == "door: this device has no use for \"bits\"");

    // What it has after a failure is reported again.
    REQUIRE(stage.inject("door", "fail", "unplugged"));
    REQUIRE(stage.until([&] { return !stage.status().online; }));
    REQUIRE(stage.inject("door", "mend"));
    REQUIRE(stage.until([&] { return stage.sink.all<LineChanged>().size() == 9; }));
    int active = 0;
    for (std::size_t i = 5; i < 9; ++i) active += stage.sink.all<LineChanged>()[i].active ? 1 : 0;
    CHECK(active == 1);
}

TEST_CASE("a device refuses lines it does not have", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("door", "{driver: simulated, lines: [contact]}"));
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    CHECK(stage.inject("door", "fire", "on").error().message == "door: this device has no use for \"fire\"");
}

TEST_CASE("locks and signals remember what they were told", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("door", "{driver: simulated, lock: true, signals: true}"));
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    const DeviceId door("door");
    CHECK_FALSE(stage.status().outputs.unlocked.has_value());
    stage.supervisor.apply(SetLock{door, false});
    stage.supervisor.apply(SetLock{door, true});
    stage.supervisor.apply(SetLock{door, true});
    CHECK(stage.status().outputs.unlocked == true);
    CHECK(stage.status().outputs.unlocks == 1);
    stage.supervisor.apply(SetLock{door, false});
    CHECK(stage.status().outputs.unlocked == false);
    stage.supervisor.apply(Signal{door, Signal::Meaning::granted});
    stage.supervisor.apply(Signal{door, Signal::Meaning::denied});
    CHECK(stage.status().outputs.granted == 1);
    CHECK(stage.status().outputs.last_signal == Signal::Meaning::denied);
    stage.supervisor.apply(SetLock{DeviceId("nobody"), true});
    CHECK(stage.supervisor.unknown_commands() == 1);
}

TEST_CASE("a device without a lock ignores SetLock and counts it", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("door", "{driver: simulated, lines: [contact]}"));
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    stage.supervisor.apply(SetLock{DeviceId("door"), true});
    CHECK_FALSE(stage.status().outputs.unlocked.has_value());
    CHECK(stage.status().counters.at("commands_ignored") == 1);
}

TEST_CASE("a picture camera plays a folder by name, again and again", "[unit]") {
    const Folder folder;
    folder.put("b.PNG", png("second"));
    folder.put("a.jpg", jpeg("first"));
    folder.put("c.jpeg", "this is no picture");
    folder.put("notes.txt", "no picture either");
    Stage stage;
    REQUIRE(stage.add("camera", "{driver: picture_camera, path: " + folder.path.string() + ", every: 100ms}"));
    stage.supervisor.start();
    REQUIRE(stage.until([&] { return stage.sink.frames.size() >= 4; }));
    CHECK(bytes_of(stage.sink.frames[0]) == jpeg("first"));
    CHECK(bytes_of(stage.sink.frames[1]) == png("second"));
    CHECK(bytes_of(stage.sink.frames[2]) == jpeg("first"));
    CHECK(stage.sink.frames[0].camera.str() == "camera");
    CHECK(stage.sink.frames[0].format == FrameFormat::encoded);
    CHECK(stage.sink.frames[0].width == 0);
    CHECK(stage.status().counters.at("bad_pictures") >= 1);
    CHECK(stage.status().online);
    CHECK(stage.status().failures == 0);
}

TEST_CASE("without loop a picture camera stops after the last picture and stays online", "[unit]") {
    const Folder folder;
    const auto path = folder.put("a.jpg", jpeg("only"));
    Stage stage;
    REQUIRE(stage.add("camera", "{driver: picture_camera, path: " + path + ", every: 100ms, loop: false}"));
    stage.supervisor.start();
    REQUIRE(stage.until([&] { return stage.sink.frames.size() == 1; }));
    const auto later = std::chrono::steady_clock::now() + 400ms;
    REQUIRE(stage.until([&] { return std::chrono::steady_clock::now() > later; }));
    CHECK(stage.sink.frames.size() == 1);
    CHECK(stage.status().online);
    CHECK(stage.status().failures == 0);
}

TEST_CASE("a camera without its folder is offline with the reason, and comes back with the folder", "[unit]") {
    const Folder folder;
    const auto path = (folder.path / "later").string();
    Stage stage;
    REQUIRE(stage.add("camera", "{driver: picture_camera, path: " + path + ", every: 100ms}"));
    stage.supervisor.start();
    REQUIRE(stage.until([&] { return stage.status().failures >= 2; }));
    CHECK_FALSE(stage.status().online);
    CHECK(stage.status().why == path + ": there is no such picture or folder");
    CHECK(stage.sink.all<DeviceChanged>().size() == 1);

    fs::create_directory(path);
    REQUIRE(stage.until([&] { return stage.status().why == path + ": holds no .jpg, .jpeg or .png file"; }));
    folder.put("later/a.jpg", "");
    REQUIRE(stage.until([&] { return stage.status().why == path + "/a.jpg: is empty"; }));
    folder.put("later/a.jpg", jpeg("here"));
    REQUIRE(stage.until([&] { return !stage.sink.frames.empty(); }));
    CHECK(stage.status().online);
    CHECK(stage.status().why.empty());
    const auto changes = stage.sink.all<DeviceChanged>();
    REQUIRE(changes.size() == 2);
    CHECK_FALSE(changes[0].online);
    CHECK(changes[1].online);
}

TEST_CASE("the stage shows pictures to a camera", "[unit]") {
    const Folder folder;
    Stage stage;
    REQUIRE(stage.add("camera", "{driver: picture_camera}"));
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    REQUIRE(stage.inject("camera", "picture", folder.put("face.jpg", jpeg("face"))));
    REQUIRE(stage.sink.frames.size() == 1);
    CHECK(bytes_of(stage.sink.frames[0]) == jpeg("face"));

    const auto missing = (folder.path / "missing.jpg").string();
    CHECK(stage.inject("camera", "picture", missing).error().message ==
          "camera: " + missing + ": cannot be read: No such file or directory");
    stage.sink.takes_frames = false;
    CHECK_THAT(stage.inject("camera", "picture", (folder.path / "face.jpg").string()).error().message,
               Catch::Contains("no vision worker"));
    CHECK(stage.status().online);
}

TEST_CASE("what is no picture is refused with the reason", "[unit]") {
    const Folder folder;
    using picture_camera::read_picture;
    CHECK_THAT(read_picture(folder.put("empty.jpg", "")).error().message, Catch::EndsWith("is empty"));
    CHECK_THAT(read_picture(folder.put("text.jpg", "hello")).error().message, Catch::EndsWith("is neither JPEG nor PNG"));
    CHECK_THAT(read_picture(folder.path.string()).error().message, Catch::EndsWith("is no picture file"));
    CHECK_THAT(read_picture("/dev/zero").error().message, Catch::EndsWith("is no picture file"));
    const auto large = folder.put("large.jpg", jpeg(""));
    fs::resize_file(large, picture_camera::kPictureLimit);
    CHECK(read_picture(large));
    fs::resize_file(large, picture_camera::kPictureLimit + 1);
    CHECK_THAT(read_picture(large).error().message, Catch::EndsWith("has 20000001 bytes; a picture may have 20000000"));
}
