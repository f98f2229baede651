#include <algorithm>

#include "drivers/driver.hpp"
#include "drivers/picture_camera/settings.hpp"
#include "drivers/wiegand/settings.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers;

namespace {

struct Read {
    std::optional<DeviceSettings> device;
    Problems problems;
};

Read read(const std::string& yaml) {
    Read result;
    const auto node = parse_document("gate.yaml", yaml, result.problems);
    REQUIRE(node);
    result.device = read_device(DeviceId("front"), *node, "gate.yaml", "devices.front", result.problems);
    return result;
}

std::string complaint(const std::string& yaml) {
    const auto result = read(yaml);
    CHECK_FALSE(result.device);
    CHECK(result.problems.has_errors());
    return result.problems.text();
}

}  // namespace

TEST_CASE("the settings of a wiegand reader", "[unit]") {
    const auto result = read("driver: wiegand\nsource: simulated\nformats: [H10301, uid34]\nhold: 3s\n");
    INFO(result.problems.text());
    REQUIRE(result.device);
    CHECK(result.device->id.str() == "front");
    CHECK(result.device->driver == "wiegand");
    CHECK(result.device->simulated);
    CHECK(result.device->abilities.cards);
    CHECK(result.device->abilities.signals);
    CHECK_FALSE(result.device->abilities.lock);
    CHECK_FALSE(result.device->abilities.has(Line::contact));
    const auto& own = dynamic_cast<const wiegand::Settings&>(*result.device->settings);
    REQUIRE(own.formats.size() == 2);
    CHECK(own.formats[1]->name == "UID34");
    CHECK(own.hold == 3s);
    CHECK(result.problems.all().empty());

    const auto single = read("{driver: wiegand, source: simulated, formats: H10301}");
    REQUIRE(single.device);
    CHECK(dynamic_cast<const wiegand::Settings&>(*single.device->settings).hold == 1500ms);
}

TEST_CASE("an unknown driver lists the choices and the nearest", "[unit]") {
    CHECK(complaint("driver: weigand\nsource: simulated\n") ==
          "gate.yaml:1:9: devices.front.driver cannot be \"weigand\"; did you mean \"wiegand\"? (one of: picture_camera, "
          "rtsp_camera, simulated, v4l2_camera, wiegand)\n");
    CHECK_THAT(complaint("source: simulated\n"), Catch::Contains("devices.front.driver is missing"));
    CHECK_THAT(complaint("[wiegand]\n"), Catch::Contains("devices.front must be a map"));
    CHECK_THAT(complaint("wiegand\n"), Catch::Contains("devices.front must be a map"));
}

TEST_CASE("a source that does not exist yet is refused in plain words", "[unit]") {
    CHECK(complaint("driver: wiegand\nsource: gpio\nformats: [H10301]\n") ==
          "gate.yaml:2:9: devices.front.source cannot be gpio yet: this version has no GPIO source; the only choice is "
          "simulated\n");
    CHECK_THAT(complaint("driver: wiegand\nsource: serial\nformats: [H10301]\n"), Catch::Contains("cannot be \"serial\""));
    CHECK_THAT(complaint("driver: wiegand\nformats: [H10301]\n"), Catch::Contains("devices.front.source is missing"));
}

TEST_CASE("every mistake of a device is told at once, each at its place", "[unit]") {
    const auto text = complaint("driver: wiegand\nsource: simulated\nformats: [H10301, H1030, UID26]\nhold: 1h\nfromats: []\n");
    CHECK_THAT(text, Catch::Contains("gate.yaml:3:19: devices.front.formats cannot hold \"H1030\"; did you mean \"H10301\"?"));
    CHECK_THAT(text,
               Catch::Contains("gate.yaml:3:26: devices.front.formats cannot hold both H10301 and UID26: both have 26 bits"));
    CHECK_THAT(text, Catch::Contains("gate.yaml:4:7: devices.front.hold "));
    CHECK_THAT(text, Catch::Contains("gate.yaml:5:1: devices.front.fromats is not known here; did you mean \"formats\"?"));
    CHECK(std::count(text.begin(), text.end(), '\n') == 4);
    CHECK_THAT(complaint("{driver: wiegand, source: simulated, formats: []}"), Catch::Contains("formats is empty"));
    CHECK_THAT(complaint("{driver: wiegand, source: simulated}"), Catch::Contains("formats is missing"));
    CHECK_THAT(complaint("{driver: wiegand, source: simulated, formats: [[H10301]]}"), Catch::Contains("names of formats only"));
}

TEST_CASE("a format without parity is a warning", "[unit]") {
    const auto result = read("{driver: wiegand, source: simulated, formats: [UID32]}");
    CHECK(result.device);
    REQUIRE(result.problems.all().size() == 1);
    CHECK_THAT(result.problems.text(), Catch::Contains("UID32 has no parity"));
}

TEST_CASE("the settings of a picture camera", "[unit]") {
    const auto result = read("{driver: picture_camera, path: /srv/pictures, every: 250ms, loop: false}");
    INFO(result.problems.text());
    REQUIRE(result.device);
    CHECK(result.device->abilities.frames);
    const auto& own = dynamic_cast<const picture_camera::Settings&>(*result.device->settings);
    CHECK(own.path == "/srv/pictures");
    CHECK(own.every == 250ms);
    CHECK_FALSE(own.loop);

    const auto bare = read("{driver: picture_camera}");
    REQUIRE(bare.device);
    CHECK(dynamic_cast<const picture_camera::Settings&>(*bare.device->settings).path.empty());
    CHECK_THAT(complaint("{driver: picture_camera, loop: true}"), Catch::Contains("devices.front.loop says how to play a path"));
    CHECK_THAT(complaint("{driver: picture_camera, path: x, every: 1ms}"), Catch::Contains("devices.front.every"));
}

TEST_CASE("the settings of simulated lines and locks", "[unit]") {
    const auto result = read("{driver: simulated, lines: [contact, fire], lock: true}");
    INFO(result.problems.text());
    REQUIRE(result.device);
    CHECK(result.device->abilities.lock);
    CHECK_FALSE(result.device->abilities.signals);
    CHECK(result.device->abilities.has(Line::contact));
    CHECK(result.device->abilities.has(Line::fire));
    CHECK_FALSE(result.device->abilities.has(Line::tamper));
    CHECK_THAT(complaint("{driver: simulated, lines: [contat]}"), Catch::Contains("did you mean \"contact\"?"));
    CHECK_THAT(complaint("{driver: simulated, lines: [fire, fire]}"), Catch::Contains("holds fire twice"));
    CHECK_THAT(complaint("{driver: simulated}"), Catch::Contains("has nothing to simulate; give lines, lock or signals"));
    CHECK_THAT(complaint("{driver: simulated, lock: yes}"), Catch::Contains("devices.front.lock must be true or false"));
}

TEST_CASE("both tables of drivers have the same rows", "[unit]") {
    const auto names = driver_names();
    const auto table = driver_table();
    REQUIRE(names.size() == table.size());
    for (std::size_t i = 0; i < names.size(); ++i) CHECK(names[i] == table[i].name);
    CHECK(std::is_sorted(names.begin(), names.end()));
    // A builder refuses the settings of another driver.
    for (const auto& entry : table) CHECK_FALSE(entry.build(DeviceSettings{}));
}

TEST_CASE("injections as text", "[unit]") {
    const DeviceId id("front");
    CHECK(std::get<InjectBits>(parse_injection(id, "bits", "1011")->what).bits == "1011");
    CHECK(std::get<InjectBits>(parse_injection(id, "bits", "5:15")->what).bits == "10101");
    CHECK(std::get<InjectLine>(parse_injection(id, "fire", "on")->what).line == Line::fire);
    CHECK(std::get<InjectLine>(parse_injection(id, "exit_button", "on")->what).active);
    CHECK_FALSE(std::get<InjectLine>(parse_injection(id, "contact", "off")->what).active);
    CHECK(std::get<InjectPicture>(parse_injection(id, "picture", "a.jpg")->what).path == "a.jpg");
    CHECK(std::get<InjectFault>(parse_injection(id, "fail", "unplugged")->what).reason == "unplugged");
    CHECK(parse_injection(id, "mend", ""));
    CHECK_THAT(parse_injection(id, "contact", "open").error().message, Catch::Contains("\"on\" or \"off\""));
    CHECK_THAT(parse_injection(id, "bit", "1").error().message, Catch::Contains("did you mean \"bits\"?"));
    CHECK_THAT(parse_injection(id, "bits", "12").error().message, Catch::Contains("0 and 1"));
    CHECK_THAT(parse_injection(id, "bits", "26:1").error().message, Catch::Contains("7 hex digits"));
    CHECK_FALSE(parse_injection(id, "picture", ""));
}
