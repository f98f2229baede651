#include "daemon/config/rule_options.hpp"
#include "tests/daemon/config/sample.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace menshen;
using namespace menshen::config;
using Catch::Matchers::Contains;

namespace {

const std::string kSite = kHead + kDevices + "  hall: {driver: simulated, lines: activity}\n" + kDoors;
const std::string kBroker = "mqtt: {host: b}\n";

std::vector<Kind> feeds_of(const Config& config, const char* device) {
    const auto found = config.gate.feeds.find(DeviceId(device));
    return found == config.gate.feeds.end() ? std::vector<Kind>{} : found->second;
}

std::string topic_problem(const std::string& topic) {
    return problems_of(kSite + kBroker + "mqtt_inputs: [{topic: \"" + topic + "\", kind: activity}]\ninputs: {hall: }\n");
}

}  // namespace

TEST_CASE("inputs are bound to a person, a household or nobody", "[unit]") {
    const auto config = config_of(kSite + "inputs:\n  hall: {household: 3-201}\n");
    REQUIRE(config.gate.inputs.size() == 1);
    CHECK(config.gate.inputs[0].device.str() == "hall");
    CHECK(config.gate.inputs[0].household.str() == "3-201");
    CHECK(problems_of(kSite + "inputs: {hall: }\n") == "");  // and nobody says that the device is unused
    CHECK_THAT(problems_of(kSite), Contains("devices.hall is used by no door"));
    CHECK_THAT(problems_of(kSite + "inputs: {hal: }\n"), Contains("did you mean \"hall\""));
    CHECK_THAT(problems_of(kSite + "inputs: {front-contact: }\n"), Contains("has no activity line"));
    CHECK_THAT(problems_of(kSite + "inputs: {hall: {person: p1, household: h1}}\n"), Contains("both a person and a household"));
    CHECK_THAT(problems_of(kSite + "inputs: {hall: {person: \"a b\"}}\n"), Contains("inputs.hall.person"));
    CHECK_THAT(problems_of(kSite + "inputs: [hall]\n"), Contains("must be a map"));
}

TEST_CASE("every device tells what it can cause", "[unit]") {
    const auto config = config_of(kSite + kBroker + "inputs: {hall: {person: p1}}\nmqtt_inputs: [{topic: a, kind: activity}]\n");
    const std::vector<Kind> reader{Kind::card_read, Kind::granted, Kind::denied, Kind::passage};
    CHECK(feeds_of(config, "front-in") == reader);
    CHECK(feeds_of(config, "front-camera") ==
          std::vector<Kind>{Kind::face_seen, Kind::card_face, Kind::granted, Kind::denied, Kind::passage});
    CHECK(feeds_of(config, "front-contact") ==
          std::vector<Kind>{Kind::door_opened, Kind::door_closed, Kind::door_held, Kind::door_forced});
    CHECK(feeds_of(config, "hall") == std::vector<Kind>{Kind::activity});
    CHECK(feeds_of(config, "mqtt:inputs") == std::vector<Kind>{Kind::activity});
    CHECK(feeds_of(config, "front-lock").empty());
    CHECK(feeds_of(config_of(kSite + kBroker + "inputs: {hall: }\n"), "mqtt:inputs").empty());
    // With mode card a camera only looks.
    auto text = kSite + "inputs: {hall: }\n";
    text.replace(text.find("mode: card_or_face"), 18, "mode: card");
    CHECK(feeds_of(config_of(text), "front-camera") == std::vector<Kind>{Kind::face_seen, Kind::card_face});
}

TEST_CASE("an MQTT input says whose it is, what it means and when", "[unit]") {
    const auto config = config_of(kSite + kBroker + R"(inputs: {hall: }
mqtt_inputs:
  - {topic: home/+/motion, kind: activity, household: 3-201, when: [ON, "1"]}
  - {topic: weather, kind: tag, tag: rain, for: 2h, when: {pointer: /rain, equals: true}}
)");
    REQUIRE(config.mqtt_inputs.size() == 2);
    const auto& motion = config.mqtt_inputs[0];
    CHECK(motion.household.str() == "3-201");
    CHECK(motion.when_values == std::vector<std::string>{"ON", "1"});
    CHECK_FALSE(motion.when_pointer);
    const auto& rain = config.mqtt_inputs[1];
    CHECK(rain.kind == MqttInput::Kind::tag);
    CHECK(rain.tag == "rain");
    CHECK(rain.lasts == 2h);
    CHECK(rain.when_pointer == "/rain");
    CHECK(rain.when_values == std::vector<std::string>{"true"});
}

TEST_CASE("a topic that nobody may speak on is refused", "[unit]") {
    CHECK(topic_problem("home/menshen/v1/x") == "");
    CHECK(topic_problem("menshen/v2/x") == "");
    for (const auto* topic : {"menshen/v1/tianlin-12/gate-3/confirm", "+/v1/x", "menshen/+/x", "+/+/x"}) {
        CAPTURE(topic);
        CHECK_THAT(topic_problem(topic), Contains("mqtt_inputs[1].topic lies below menshen/v1/"));
    }
    CHECK_THAT(topic_problem("a/#"), Contains("wildcard #"));
    CHECK_THAT(topic_problem("a/b+"), Contains("not a whole level"));
    CHECK_THAT(topic_problem("$SYS/x"), Contains("begin with $"));
    CHECK_THAT(topic_problem(std::string(300, 'x')), Contains("1 to 256 bytes"));
    CHECK_THAT(topic_problem(""), Contains("1 to 256 bytes"));
}

TEST_CASE("an MQTT input that makes no sense is told in words", "[unit]") {
    const auto said = [](const std::string& entry) {
        return problems_of(kSite + kBroker + "mqtt_inputs: [" + entry + "]\ninputs: {hall: }\n");
    };
    CHECK_THAT(said("{topic: a}"), Contains("mqtt_inputs[1].kind is missing"));
    CHECK_THAT(said("{topic: a, kind: tag}"), Contains("tag is missing") && Contains("for is missing"));
    CHECK_THAT(said("{topic: a, kind: tag, tag: rain, for: 1s}"), Contains("must be from 1m to 30d"));
    CHECK_THAT(said("{topic: a, kind: tag, tag: rain, for: 1h, household: h}"), Contains("cannot have a tag"));
    CHECK_THAT(said("{topic: a, kind: activity, for: 1h}"), Contains("for kind: tag only"));
    CHECK_THAT(said("{topic: a, kind: activity, when: {pointer: x, equals: 1}}"), Contains("must begin with /"));
    CHECK_THAT(said("{topic: a, kind: activity, when: {pointer: /x}}"), Contains("equals is missing"));
    CHECK_THAT(problems_of(kSite + "mqtt_inputs: [{topic: a, kind: activity}]\n"), Contains("needs the broker"));
    CHECK_THAT(problems_of(kSite + kBroker + "mqtt_inputs: {topic: a}\n"), Contains("must be a list"));
}

TEST_CASE("memory, calendar and a file of recipients", "[unit]") {
    const auto config = config_of(
        kSite +
        "inputs: {hall: }\nrules: {files: [r], memory: 16MB}\ncalendar: calendar.yaml\nrecipients: people/recipients.yaml\n");
    CHECK(config.rules_memory == 16u << 20);
    CHECK(config.calendar_file == "/etc/menshen/calendar.yaml");
    CHECK(config.recipients_file == "/etc/menshen/people/recipients.yaml");
    CHECK(config.recipients.empty());
    const auto one = config_of(kSite + "recipients: grid-3\n");
    CHECK(one.recipients == std::vector{RecipientId("grid-3")});
    CHECK(one.recipients_file.empty());
    CHECK(one.rules_memory == 64u << 20);
    for (const auto* memory : {"512KB", "2GB", "much"}) {
        CHECK_THAT(problems_of(kSite + "rules: {files: [r], memory: " + memory + "}\n"),
                   Contains("rules.memory must be from 1MB to 1GB"));
    }
}

TEST_CASE("what the rules need is read with them, and every mistake is named by its file", "[unit]") {
    std::string folder = (std::filesystem::temp_directory_path() / "menshen-config-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder + "/" + name) << text; };
    write("calendar.yaml", "holidays: [2026-02-30]\n");
    write("recipients.yaml", "recipients: [{id: grid-3, role: cadre}]\n");
    write("rules.yaml", "rules: [{id: r, watch: passage, each: {}, alert: {to: [grid-4]}}]\n");
    auto config = config_of(kSite + "rules: {files: [rules.yaml]}\ncalendar: calendar.yaml\nrecipients: recipients.yaml\n",
                            folder + "/gate.yaml");
    Problems problems;
    CHECK_FALSE(load_rules(config, problems));
    CHECK_THAT(problems.text(), Contains("calendar.yaml:1:12") && Contains("rules.yaml:1:") && Contains("grid-4"));
    write("calendar.yaml", "holidays: [2026-02-28]\n");
    write("rules.yaml", "rules: [{id: r, watch: passage, each: {}, alert: {to: [grid-3]}}]\n");
    Problems none;
    const auto rules = load_rules(config, none);
    REQUIRE(rules);
    CHECK(rules->recipients.size() == 1);
    CHECK(rules->calendar.holidays.size() == 1);
    config.recipients_file = folder + "/nowhere.yaml";
    Problems missing;
    CHECK_FALSE(load_rules(config, missing));
    CHECK_THAT(missing.text(), Contains("nowhere.yaml"));
    std::filesystem::remove_all(folder);
}
