#include <fstream>
#include <nlohmann/json.hpp>

#include "core/record.hpp"
#include "daemon/mqtt/payload.hpp"
#include "tests/daemon/mqtt/schema_check.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::mqtt;
using nlohmann::json;

namespace {

json schema(const std::string& name) {
    std::ifstream in(std::string(MENSHEN_SOURCE_DIR) + "/docs/schema/" + name + ".json");
    REQUIRE(in.good());
    return json::parse(in);
}

AlertChange silence() {
    AlertChange change;
    change.id = AlertId("5f0c");
    change.change = 2;
    change.rule = RuleId("elderly-silence");
    change.per = "person";
    change.subject = "p7";
    change.state = AlertState::resolved;
    change.at = *parse_stamp("2026-11-03T09:00:00+08:00");
    change.fired_at = *parse_stamp("2026-11-02T09:00:00+08:00");
    change.title_zh = "独居老人久未出入";
    change.text_zh = "{household} {person} 已一天未出入,请上门看望 {person}";
    change.text_en = "{household} {person}: not seen";
    change.evidence = {
        {"silence_ms", std::int64_t{86'400'000}}, {"blind", false}, {"doors", std::vector<std::string>{"front", "yard"}}};
    change.by = "cadre-wang";
    change.reason = "well";
    return change;
}

GateState gate_state() {
    GateState gate;
    gate.at = *parse_stamp("2026-11-03T09:00:00+08:00");
    gate.version = "0.1.0";
    gate.rules_version = "9f2c";
    gate.roster_version = 12;
    gate.doors[DoorId("front")] = "locked";
    gate.devices[DeviceId("reader-1")] = "offline: no answer in 2s";
    gate.queues["commit"] = 3;
    gate.chain_seq = 18;
    gate.chain_head = std::string(64, 'a');
    return gate;
}

}  // namespace

TEST_CASE("payloads as they leave keep to their schemas", "[unit]") {
    const OutboxState outbox{{"0123abcd", {4, 18}, {2, 5}}, {{7, 7}, {9, 11}}, {}};
    CHECK(test::schema_complaint(schema("state"), json::parse(state_payload(gate_state(), outbox, true))) == "");
    CHECK(test::schema_complaint(schema("state"), json::parse(state_payload(GateState{}, {}, false))) == "");
    CHECK(test::schema_complaint(schema("state"), json::parse(will_payload())) == "");
    const auto alert = stamp_alert(alert_body(silence(), {"王秀英", "3号楼201"}), "0123abcd", 5, 2);
    CHECK(test::schema_complaint(schema("alert"), json::parse(alert)) == "");
    CHECK(test::schema_complaint(schema("confirm"), json::parse(R"({"epoch":"0123abcd","records":0,"alerts":7})")) == "");

    auto record = make_record(Kind::passage, Now{.mono = {}, .wall = *parse_stamp("2026-11-03T09:00:00+08:00")});
    record.epoch = "0123abcd";
    record.seq = 18;
    record.person = PersonId("p7");
    record.person_tags = {"lives-alone"};
    record.door = DoorId("front");
    record.side = Side::in;
    record.method = Method::card;
    record.certainty = Certainty::strong;
    record.more["count"] = std::int64_t{3};
    CHECK(test::schema_complaint(schema("record"), json::parse(to_json(record))) == "");
}

TEST_CASE("the schemas can say no", "[unit]") {
    const auto confirm = schema("confirm");
    CHECK(test::schema_complaint(confirm, json::parse(R"({"epoch":"0123abcd","records":0})")) == "alerts is missing");
    CHECK(test::schema_complaint(confirm, json::parse(R"({"epoch":"0123abcd","records":"0","alerts":1})")) ==
          "records: not integer");
    CHECK(test::schema_complaint(confirm, json::parse(R"({"epoch":"0123abcd","records":0,"alerts":1,"x":1})")) ==
          "x is not known");
    CHECK(test::schema_complaint(confirm, json::parse(R"({"epoch":"xyz","records":0,"alerts":1})")) == "epoch: does not match");
    CHECK(test::schema_complaint(schema("alert"), json::parse(alert_body(silence(), {}))) == "epoch is missing");
    CHECK(test::schema_complaint(schema("record"), json::parse(R"({"epoch":"0123abcd","seq":1,"at":"x","kind":"nonsense"})")) !=
          "");
    CHECK(test::schema_complaint(schema("state"), json::parse(R"({"online":true})")) != "");
}

TEST_CASE("an alert carries its place in the lane and the names that may travel", "[unit]") {
    const auto body = alert_body(silence(), {"王秀英", "3号楼201"});
    CHECK(body == alert_body(silence(), {"王秀英", "3号楼201"}));
    const auto alert = json::parse(stamp_alert(body, "0123abcd", 5, 2));
    CHECK(alert["epoch"] == "0123abcd");
    CHECK(alert["lane"] == 5);
    CHECK(alert["previous"] == 2);
    CHECK(alert["text"]["zh"] == "3号楼201 王秀英 已一天未出入,请上门看望 王秀英");
    CHECK(alert["evidence"]["doors"][1] == "yard");
    CHECK(alert["state"] == "resolved");
    CHECK(alert["by"] == "cadre-wang");
    CHECK_FALSE(alert.contains("note"));
    CHECK(stamp_alert("{}", "0123abcd", 1, 0) == R"({"epoch":"0123abcd","lane":1,"previous":0})");
}

TEST_CASE("a byte that is no UTF-8 does not cost the alert", "[unit]") {
    auto change = silence();
    change.note = "caf\xe9";
    CHECK(json::parse(alert_body(change, {}))["note"] == "caf\xef\xbf\xbd");
}

TEST_CASE("topics", "[unit]") {
    const Topics topics(SiteId("tianlin-12"), GateId("east"));
    CHECK(topics.state() == "menshen/v1/tianlin-12/east/state");
    CHECK(topics.alert(RecipientId("grid-3"), AlertId("5f0c")) == "menshen/v1/tianlin-12/east/alerts/grid-3/5f0c");
}

TEST_CASE("a confirm is read strictly", "[unit]") {
    const auto good = parse_confirm(R"( {"alerts":7, "epoch":"0123abcd", "records":18446744073709551615} )");
    REQUIRE(good);
    CHECK(good->epoch == "0123abcd");
    CHECK(good->records == 18446744073709551615u);
    CHECK(good->alerts == 7);
    const auto bad = GENERATE(
        as<std::string>{}, "", "null", "[]", "{}", "\xff", R"({"epoch":"0123abcd","records":1})",
        R"({"epoch":"0123abcd","records":-1,"alerts":0})", R"({"epoch":"0123abcd","records":1.0,"alerts":0})",
        R"({"epoch":"0123abcd","records":1e3,"alerts":0})", R"({"epoch":"0123abcd","records":"1","alerts":0})",
        R"({"epoch":"0123ABCD","records":1,"alerts":0})", R"({"epoch":"0123abc","records":1,"alerts":0})",
        R"({"epoch":1,"records":1,"alerts":0})", R"({"epoch":"0123abcd","records":1,"alerts":0,"more":1})",
        R"({"epoch":"0123abcd","records":true,"alerts":0})", R"({"epoch":"0123abcd","records":99999999999999999999,"alerts":0})",
        R"({"epoch":"0123abcd","records":1,"alerts":0}x)", std::string(1025, ' '), std::string(900, '['));
    CAPTURE(bad);
    const auto read = parse_confirm(bad);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.rfind("confirm: ", 0) == 0);
}
