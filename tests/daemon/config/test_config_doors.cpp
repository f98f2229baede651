#include <algorithm>

#include "tests/daemon/config/sample.hpp"

using namespace menshen;
using namespace menshen::config;
using Catch::Matchers::Contains;

namespace {

/// A second lock and reader, so that a door's own mistake is the only one.
const std::string kMore = kDevices + R"(  back-in: {driver: wiegand, source: simulated, formats: [H10301]}
  back-lock: {driver: simulated, lock: true}
  back-exit: {driver: simulated, lines: [exit_button]}
)";

std::string front_and(const std::string& door) { return kHead + kMore + kDoors + door; }

}  // namespace

TEST_CASE("a face is never the only way in", "[unit]") {
    const std::string only_camera = R"(doors:
  front: {readers: {in: front-camera}, lock: front-lock, mode: card_or_face}
)";
    CHECK_THAT(problems_of(kHead + kDevices + only_camera),
               Contains("doors.front.readers.in holds cameras only: a face is never the only way in. Add a card reader"));
    const std::string face = R"(doors:
  front: {readers: {in: [front-in, front-camera]}, lock: front-lock, mode: face}
)";
    CHECK_THAT(problems_of(kHead + kDevices + face),
               Contains("gate.yaml:11:") &&
                   Contains("doors.front.mode cannot be \"face\": a face is never the only way in. Use card_or_face"));
}

TEST_CASE("a face is the only way out nowhere, unless there is a button", "[unit]") {
    const std::string way_out =
        "doors:\n  front: {readers: {in: front-in, out: front-camera}, lock: front-lock, mode: card_or_face";
    CHECK_THAT(problems_of(kHead + kMore + way_out + "}\n"), Contains("doors.front.readers.out holds cameras only"));
    CHECK_THAT(problems_of(kHead + kMore + way_out + ", exit_button: back-exit}\n"), !Contains("holds cameras only"));
    // With mode: card the camera only looks.
    const std::string looks = "doors:\n  front: {readers: {in: [front-in], out: front-camera}, lock: front-lock, mode: card}\n";
    CHECK_THAT(problems_of(kHead + kMore + looks), !Contains("holds cameras only"));
}

TEST_CASE("a device is no door's reader, lock or contact twice", "[unit]") {
    const auto twice = problems_of(front_and("  back: {readers: {in: front-in}, lock: front-lock, fire: gate-fire}\n"));
    CHECK_THAT(twice, Contains("doors.back.lock: the device \"front-lock\" is a lock already, at doors.front.lock"));
    CHECK_THAT(twice, Contains("doors.back.readers.in: the device \"front-in\" is a reader already, at doors.front.readers.in"));
    CHECK_THAT(problems_of(front_and("  back: {readers: {in: back-in, out: back-in}, lock: back-lock}\n")),
               Contains("doors.back.readers.out: the device \"back-in\" is a reader already, at doors.back.readers.in"));
    // A fire panel releases every door.
    CHECK_THAT(twice, !Contains("gate-fire"));
}

TEST_CASE("one device may have several duties", "[unit]") {
    const auto config = config_of(kHead + R"(devices:
  front-in: {driver: wiegand, source: simulated, formats: [H10301]}
  board: {driver: simulated, lock: true, lines: [contact, exit_button, fire]}
doors:
  front: {readers: {in: front-in}, lock: board, contact: board, exit_button: board, fire: board}
)");
    CHECK(config.gate.doors[0].contact.str() == "board");
}

TEST_CASE("a device must be able to do its duty", "[unit]") {
    const auto lines =
        problems_of(kHead + kDevices +
                    "doors:\n  front: {readers: {in: front-lock}, lock: front-in, contact: gate-fire, fire: front-contact}\n");
    CHECK_THAT(lines, Contains("doors.front.readers.in: the device \"front-lock\" (driver simulated) cannot be a reader"));
    CHECK_THAT(lines, Contains("doors.front.lock: the device \"front-in\" (driver wiegand) cannot be a lock"));
    CHECK_THAT(lines, Contains("doors.front.contact: the device \"gate-fire\" (driver simulated) cannot be a contact"));
    CHECK_THAT(lines, Contains("doors.front.fire: the device \"front-contact\" (driver simulated) cannot be a fire input"));
}

TEST_CASE("a device that cannot be read is complained of once, not by the doors that use it", "[unit]") {
    const auto lines = problems_of(kHead + R"(devices:
  front-in: {driver: wiegand, source: simulated, formats: [H99999]}
  front-lock: {driver: simulated, lock: true}
doors:
  front: {readers: {in: front-in}, lock: front-lock}
)");
    CHECK(std::count(lines.begin(), lines.end(), '\n') == 1);
    CHECK_THAT(lines, Contains("devices.front-in.formats") && Contains("H99999"));
}

TEST_CASE("what looks odd is a warning", "[unit]") {
    Problems problems;
    const auto config = read_config_text(
        "gate.yaml", kHead + kMore + "doors:\n  front: {lock: front-lock, mode: card_or_face}\nfaces: {threads: 1}\n", problems);
    REQUIRE(config);
    CHECK_FALSE(config->faces);
    const auto lines = problems.text();
    CHECK_THAT(lines, Contains("gate.yaml:5:3: warning: devices.front-in is used by no door"));
    CHECK_THAT(lines, Contains("warning: doors.front.mode is card_or_face, but no reader of this door is a camera"));
    CHECK_THAT(lines, Contains("warning: doors.front.readers.in holds no card reader"));
    CHECK_THAT(lines, Contains("warning: faces is given, but no door has a camera"));
}

TEST_CASE("a misspelt reference does not make the device look unused", "[unit]") {
    const auto lines = problems_of(kHead + kDevices + "doors:\n  front: {readers: {in: front-inn}, lock: front-lock}\n");
    CHECK_THAT(lines, Contains("did you mean \"front-in\""));
    CHECK_THAT(lines, !Contains("used by no door"));
}

TEST_CASE("doors: names, times, settings", "[unit]") {
    const auto config = config_of(kHead + kMore + R"(doors:
  front: {name: 大门, readers: {in: front-in}, lock: front-lock, unlock: 500ms, held_after: 1m, audit: strict,
          relock: on_opening, untrusted_clock: deny}
  back: {name: {zh: 后门}, readers: {in: [back-in]}, lock: back-lock, exit_button: back-exit, relock: after_time}
)");
    REQUIRE(config.gate.doors.size() == 2);
    const auto& front = config.gate.doors[0];
    CHECK(front.name_zh == "大门");
    CHECK(front.name_en == "大门");
    CHECK(front.unlock == 500ms);
    CHECK(front.held_after == 1min);
    CHECK(front.audit == Audit::strict);
    CHECK(front.relock == Relock::on_opening);
    CHECK(front.untrusted_clock == UntrustedClock::deny);
    CHECK(front.mode == DoorMode::card);
    CHECK(config.gate.doors[1].name_en == "后门");
    CHECK(config.gate.doors[1].relock == Relock::after_time);
    CHECK_FALSE(config.faces);

    CHECK_THAT(problems_of(front_and("  back: {lock: back-lock, unlock: 61s}\n")),
               Contains("doors.back.unlock must be from 500ms to 1m"));
    CHECK_THAT(problems_of(front_and("  back: {readers: {inn: back-in}, lock: back-lock}\n")), Contains("did you mean \"in\""));
    CHECK_THAT(problems_of(front_and("  back: {readers: {in: back-in}}\n")), Contains("doors.back.lock is missing"));
    CHECK_THAT(problems_of(front_and("  Back: {readers: {in: back-in}, lock: back-lock}\n")),
               Contains("the name \"Back\" must be"));
    CHECK_THAT(problems_of(kHead + kDevices + "doors: [front]\n"), Contains("doors must be a map"));
    CHECK_THAT(problems_of(kHead + kDevices + "doors: {}\n"), Contains("doors must hold one door at least"));
}
