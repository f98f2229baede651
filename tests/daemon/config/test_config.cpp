#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/daemon/config/sample.hpp"

using namespace menshen;
using namespace menshen::config;
using Catch::Matchers::Contains;

TEST_CASE("a whole config is read", "[unit]") {
    const auto config = config_of(kHead + kDevices + kDoors + R"(
mqtt:
  host: broker.district.example
  protocol: "5"
  delivery: broker
  username: gate-3
  retry: {min: 2s, max: 5m}
rules: {files: [rules.d, /srv/rules/extra.yaml]}
recipients: [grid-3, street-duty]
privacy: {names_in_alerts: [household]}
faces: {models: models, threads: 2, embedder: dlib-resnet-v1, target_fpir: 1%, target_fmr: 0.0005, liveness: require}
control: {socket: run/control.sock}
store: {outbox_limit: 16MB, retention: {records: 90d}}
log: {level: debug}
)");
    CHECK(config.gate.site.str() == "tianlin-12");
    CHECK(config.gate.gate.str() == "gate-3");
    CHECK(config.zone.name() == "Asia/Shanghai");
    REQUIRE(config.devices.size() == 5);
    CHECK(config.devices[0].id.str() == "front-in");
    CHECK(config.devices[0].driver == "wiegand");
    REQUIRE(config.gate.doors.size() == 1);
    const auto& door = config.gate.doors[0];
    CHECK(door.name_zh == "大门");
    CHECK(door.name_en == "Front door");
    CHECK(door.readers_in == std::vector{DeviceId("front-in"), DeviceId("front-camera")});
    CHECK(door.readers_out.empty());
    CHECK(door.lock.str() == "front-lock");
    CHECK(door.fire.str() == "gate-fire");
    CHECK(door.mode == DoorMode::card_or_face);
    REQUIRE(config.mqtt);
    CHECK(config.mqtt->host == "broker.district.example");
    CHECK(config.mqtt->port == 1883);
    CHECK(config.mqtt->protocol == config::Protocol::v5);
    CHECK(config.mqtt->delivery == Delivery::broker);
    CHECK(config.mqtt->retry_min == 2s);
    CHECK(config.mqtt->retry_max == 5min);
    CHECK(config.rule_paths == std::vector<std::string>{"/etc/menshen/rules.d", "/srv/rules/extra.yaml"});
    CHECK(config.recipients == std::vector{RecipientId("grid-3"), RecipientId("street-duty")});
    CHECK(config.privacy.household_names);
    CHECK_FALSE(config.privacy.person_names);
    REQUIRE(config.faces);
    CHECK(config.faces->models == "/etc/menshen/models");
    CHECK(config.faces->threads == 2);
    CHECK(config.faces->embedder == "dlib-resnet-v1");
    CHECK(config.faces->target_fpir == Approx(0.01));
    CHECK(config.faces->target_fmr == Approx(0.0005));
    CHECK(config.faces->liveness == Liveness::require);
    CHECK(config.control.socket == "/etc/menshen/run/control.sock");
    CHECK(config.store.outbox_limit == 16u << 20);
    CHECK(config.store.keep_records == 24h * 90);
    CHECK(config.log_level == LogLevel::debug);
}

TEST_CASE("what is left out has its default", "[unit]") {
    const auto config = config_of(kHead + kDevices + kDoors);
    CHECK_FALSE(config.mqtt);
    CHECK(config.rule_paths.empty());
    CHECK_FALSE(config.privacy.household_names);
    CHECK_FALSE(config.privacy.person_names);
    REQUIRE(config.faces);  // a door has a camera
    CHECK(config.faces->models.empty());
    CHECK(config.control.socket == "/run/menshen/control.sock");
    CHECK(config.store.outbox_limit == 64u << 20);
    CHECK(config.gate.doors[0].unlock == 5s);
    CHECK(config.gate.doors[0].held_after == 30s);
    CHECK(config.gate.doors[0].audit == Audit::prompt);
}

TEST_CASE("five mistakes show five, each at its place", "[unit]") {
    const auto text = kHead + R"(devices:
  front-in: {driver: wiegnad, formats: [H10301]}
  front-lock: {driver: simulated, lock: true}
doors:
  front:
    readers: {in: front-in}
    lock: front-lok
    unlok: 5s
    held_after: 70m
log: {level: loud}
)";
    Problems problems;
    CHECK_FALSE(read_config_text("gate.yaml", text, problems));
    CHECK(problems.errors() == 5);
    const auto lines = problems.text();
    CAPTURE(lines);
    CHECK_THAT(lines, Contains("gate.yaml:5:22: devices.front-in.driver cannot be \"wiegnad\"; did you mean \"wiegand\"?"));
    CHECK_THAT(lines, Contains("gate.yaml:10:11: doors.front.lock names the device \"front-lok\", which is not there; did you "
                               "mean \"front-lock\"?"));
    CHECK_THAT(lines, Contains("gate.yaml:11:5: doors.front.unlok is not known here; did you mean \"unlock\"?"));
    CHECK_THAT(lines, Contains("gate.yaml:12:17: doors.front.held_after must be from 1s to 10m, got \"70m\""));
    CHECK_THAT(lines, Contains("gate.yaml:13:14: log.level cannot be \"loud\" (one of: debug, info, warning, error)"));
}

TEST_CASE("each part complains of what cannot be", "[unit]") {
    const auto [part, words] = GENERATE(table<std::string, std::string>({
        {"mqtt: {host: \"mqtt://broker\"}", "mqtt.host must be a name or an address without a scheme"},
        {"mqtt: {port: 1883}", "mqtt.host is missing"},
        {"mqtt: {host: h, port: 0}", "mqtt.port must be a whole number from 1 to 65535"},
        {"mqtt: {host: h, protocol: 4}", "(one of: 3.1.1, 5)"},
        {"mqtt: {host: h, retry: {min: 10s, max: 1s}}", "mqtt.retry has min 10s above max 1s"},
        {"mqtt: {host: h, tls: {}}", "mqtt.tls.ca is missing"},
        {"mqtt: {host: h, tls: {ca: /a, cert: /b}}", "mqtt.tls needs both cert and key"},
        {"mqtt: {host: h, password_file: /p}", "mqtt.password_file needs a username"},
        {"mqtt: {host: h, hots: h}", "did you mean \"host\""},
        {"rules: [rules.d]", "rules must be a map"},
        {"rules: {}", "rules.files is missing"},
        {"recipients: [Grid]", "recipients must match"},
        {"recipients: [a, a]", "recipients names \"a\" twice"},
        {"privacy: {names_in_alerts: [households]}", "did you mean \"household\""},
        {"store: {outbox_limit: 1KB}", "store.outbox_limit must be from 1MB to 4GB"},
        {"store: {outbox_limit: lots}", "store.outbox_limit must be from 1MB to 4GB"},
        {"store: {retention: {records: 1h}}", "store.retention.records must be from 1d to 3650d"},
        {"faces: {threads: 9}", "faces.threads must be a whole number from 1 to 8"},
        {"faces: {target_fpir: 10%}", "faces.target_fpir must be a share from 0.0001% to 5%, such as 0.1%, got \"10%\""},
        {"faces: {target_fmr: often}", "faces.target_fmr must be a share"},
        {"faces: {liveness: requires}", "did you mean \"require\"?"},
        {"control: {socket: \"\"}", "control.socket must be a path"},
        {"control: {sokcet: /x}", "did you mean \"socket\""},
        {"peers: []", "peers is not known here"},
    }));
    CAPTURE(part);
    Problems problems;
    CHECK_FALSE(read_config_text("gate.yaml", kHead + kDevices + kDoors + part + "\n", problems));
    CAPTURE(problems.text());
    CHECK(problems.errors() >= 1);
    CHECK_THAT(problems.text(), Contains(words));
}

TEST_CASE("who and where the gate is must be said", "[unit]") {
    const auto lines = problems_of("site: Tianlin\nzone: Asia/Shangai\n" + kDevices + kDoors);
    CHECK_THAT(lines, Contains("gate.yaml:1:7: site must be 1 to 32 of a-z, 0-9 and -"));
    CHECK_THAT(lines, Contains("gate is missing"));
    CHECK_THAT(lines, Contains("gate.yaml:2:7: zone is not known") && Contains("Asia/Shangai"));
    CHECK_THAT(problems_of(kHead), Contains("devices is missing") && Contains("doors is missing"));
}

TEST_CASE("files that are not there are a warning, for the check may run on another machine", "[unit]") {
    Problems problems;
    const auto config =
        read_config_text("gate.yaml", kHead + kDevices + kDoors + "mqtt: {host: h, tls: {ca: /none/ca.pem}}\n", problems);
    REQUIRE(config);
    CHECK(config->mqtt->port == 8883);
    CHECK_THAT(problems.text(), Contains("warning: mqtt.tls.ca: /none/ca.pem is not there"));
}

TEST_CASE("hostile text is refused, not expanded", "[unit]") {
    // The billion laughs: ten levels of ten references.
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 10; ++k) bomb += std::string(k > 0 ? ", " : "") + "*a" + std::to_string(i - 1);
        bomb += "]\n";
    }
    CHECK_THAT(problems_of(bomb), Contains("aliases (*name) are not supported"));
    CHECK_THAT(problems_of("site: " + std::string(1000, '[')), Contains("nested deeper than 64"));
    CHECK_THAT(problems_of("#" + std::string(2 << 20, 'x')), Contains("larger than 1 MiB"));
    CHECK_THAT(problems_of("site: \xFF\xFE"), Contains("not UTF-8"));
    CHECK_THAT(problems_of("site: a\nsite: b\n"), Contains("\"site\" is given twice"));
    CHECK_THAT(problems_of("site: [a\n"), Contains("not YAML"));
    CHECK_THAT(problems_of(""), Contains("the config is empty"));
    CHECK_THAT(problems_of("- a\n"), Contains("must be a map"));
}

TEST_CASE("a config full of mistakes does not fill memory", "[unit]") {
    std::string text = kHead;
    for (int i = 0; i < 4000; ++i) text += "key" + std::to_string(i) + ": 1\n";
    Problems problems;
    CHECK_FALSE(read_config_text("gate.yaml", text, problems));
    CHECK(problems.errors() >= 4000);
    CHECK(problems.all().size() <= Problems::kLimit + 1);
}

TEST_CASE("files: read from disk, or said why not", "[unit]") {
    std::string pattern = (std::filesystem::temp_directory_path() / "menshen-config-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    const auto path = pattern + "/gate.yaml";
    std::ofstream(path) << kHead << kDevices << kDoors;
    Problems problems;
    const auto config = read_config(path, problems);
    CHECK(config);
    CHECK(read_config(pattern + "/none.yaml", problems) == std::nullopt);
    CHECK_THAT(problems.text(), Contains("none.yaml: cannot be opened: No such file"));
    CHECK(read_config(pattern, problems) == std::nullopt);
    CHECK_THAT(problems.text(), Contains("cannot be read: Is a directory"));
    std::filesystem::remove_all(pattern);
}

TEST_CASE("sizes", "[unit]") {
    CHECK(parse_size("64MB") == 64u << 20);
    CHECK(parse_size("512KB") == 512u << 10);
    CHECK(parse_size("4GB") == 4ull << 30);
    CHECK(parse_size("100") == 100u);
    CHECK(parse_size("7B") == 7u);
    for (const auto* bad :
         {"", "MB", "-1MB", "1.5MB", "64mb", "64 MB", "99999999999999999999", "18446744073709551615GB", "64MB "}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_size(bad));
    }
}
