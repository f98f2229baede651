#include "cli/table.hpp"
#include "tests/cli/fake_gate.hpp"

using namespace menshen;
using namespace menshen::cli;
using Catch::Matchers::Contains;

namespace {

const json kDoors = {{"doors",
                      {{{"door", "front"},
                        {"name", {{"zh", "大门"}, {"en", "Front door"}}},
                        {"mode", "card_or_face"},
                        {"audit", "prompt"},
                        {"state", "locked"},
                        {"since", "2026-11-01T08:00:00.000+08:00"},
                        {"contact", "closed"},
                        {"fire", false},
                        {"readers", {{"in", {"front-in", "front-camera"}}, {"out", json::array()}}},
                        {"lock", "front-lock"},
                        {"offline", {"front-camera"}}}}}};

}  // namespace

TEST_CASE("doors: for people in their language, for scripts as it came", "[unit]") {
    FakeGate gate;
    gate.results["doors"] = kDoors;
    const auto english = gate.run({"--lang", "en", "doors"});
    CHECK(english.code == kDone);
    CHECK_THAT(english.out, Contains("front  Front door  locked  2026-11-01 08:00  closed   card_or_face  prompt  front-lock  "
                                     "in: front-in, front-camera  front-camera\n"));
    const auto chinese = gate.run({"--lang", "zh", "doors"});
    CHECK_THAT(chinese.out, Contains("front  大门  locked"));
    const auto script = gate.run({"doors", "--json"});
    CHECK(json::parse(script.out) == kDoors);
    CHECK(gate.asked().verb == "doors");
    CHECK(gate.asked().args == json::object());
}

TEST_CASE("status: what is wrong is seen", "[unit]") {
    FakeGate gate;
    gate.results["status"] = {
        {"site", "tianlin-12"},
        {"gate", "gate-3"},
        {"version", "0.1.0"},
        {"simulated", true},
        {"now", "2026-11-01T08:00:00.000+08:00"},
        {"clock_trusted", false},
        {"up_ms", 90'000'000},
        {"boot", 3},
        {"epoch", "5f0c9a11"},
        {"seq", 81234},
        {"doors", {{{"door", "front"}, {"name", {{"zh", "大门"}, {"en", "Front door"}}}, {"state", "held"}}}},
        {"devices",
         {{{"device", "front-in"},
           {"driver", "wiegand"},
           {"online", false},
           {"since", "2026-11-01T07:00:00.000+08:00"},
           {"reason", "no power"}}}},
        {"mqtt", {{"state", "connecting"}, {"broker", "10.0.0.2:8883"}, {"error", "connection refused"}}},
        {"outbox", {{"records", 12}, {"alerts", 1}, {"bytes", 1536}, {"limit_bytes", 67108864}}},
        {"store", {{"records", 81234}, {"bytes", 20971520}, {"queue", 0}, {"late", 2}, {"problem", ""}}},
        {"vision", {{"state", "ready"}, {"templates", 12}, {"strangers", 2}, {"error", ""}}},
        {"rules", {{"rules", 4}, {"open_alerts", 1}, {"error", ""}}},
        {"roster", {{"version", 17}, {"persons", 40}, {"cards", 55}, {"faces", 12}}},
        {"config", {{"file", "/etc/menshen/gate.yaml"}, {"error", "gate.yaml:3:1: oh"}}}};
    const auto ran = gate.run({"status"});
    CHECK(ran.code == kDone);
    for (const auto* text :
         {"tianlin-12 gate-3, menshend 0.1.0, simulated time", "2026-11-01 08:00 (clock NOT trusted)", "journal 5f0c9a11-81234",
          "mqtt      connecting 10.0.0.2:8883 (connection refused)", "outbox    12 records, 1 alerts, 1.5 KB of 64.0 MB",
          "81234 records, 0 waiting, 2 late, 20.0 MB\n", "ready, 12 templates, 2 strangers\n", "4 rules, 1 open alerts",
          "version 17: 40 persons, 55 cards, 12 faces", "/etc/menshen/gate.yaml (gate.yaml:3:1: oh)", "held", "OFFLINE",
          "no power"}) {
        CAPTURE(ran.out);
        CHECK_THAT(ran.out, Contains(text));
    }
}

TEST_CASE("tail prints records for people and for scripts", "[unit]") {
    FakeGate gate;
    const json record{{"epoch", "5f0c9a11"},     {"seq", 7},     {"at", "2026-11-01T08:00:01.250+08:00"},
                      {"wall_is_trusted", true}, {"mono", 1000}, {"boot", 1},
                      {"kind", "denied"},        {"card", "c1"}, {"door", "front"},
                      {"reason", "suspended"}};
    gate.items["tail"] = {record};
    const auto ran = gate.run({"tail", "-n", "5", "--kind", "denied,granted"});
    CHECK(ran.code == kDone);
    CAPTURE(ran.out, ran.err);
    CHECK(ran.out == "2026-11-01 08:00:01  denied          card=c1 door=front reason=suspended\n");
    CHECK(gate.asked().args == json{{"lines", 5}, {"follow", false}, {"kinds", {"denied", "granted"}}});
    CHECK(json::parse(gate.run({"tail", "--json"}).out) == record);
    CHECK(gate.asked().args == json{{"lines", 20}, {"follow", false}});
    gate.run({"tail", "-f"});
    CHECK(gate.asked().args.at("follow") == true);
    gate.failures["tail"] = {control::Code::unavailable, "store busy"};
    CHECK(gate.run({"tail"}).code == kFailed);
}

TEST_CASE("a person is registered, listed and removed", "[unit]") {
    FakeGate gate;
    gate.results["persons.add"] = {{"id", "p1"}, {"roster_version", 18}};
    const auto added = gate.run({"persons", "add", "--id", "p1", "--name", "李秀英", "--household", "3-201", "--household-size",
                                 "1", "--tag", "lives-alone", "--tag", "hard-of-hearing"});
    CHECK(added.code == kDone);
    CHECK(added.out == "p1 is registered (roster version 18)\n");
    CHECK(gate.asked().verb == "persons.add");
    CHECK(gate.asked().args == json{{"id", "p1"},
                                    {"name", "李秀英"},
                                    {"household", "3-201"},
                                    {"household_size", 1},
                                    {"tags", {"lives-alone", "hard-of-hearing"}}});
    gate.run({"persons", "add", "--id", "p2", "--name", "Wang"});
    CHECK(gate.asked().args == json{{"id", "p2"}, {"name", "Wang"}});

    gate.results["persons.list"] = {{"persons",
                                     {{{"id", "p1"},
                                       {"name", "李秀英"},
                                       {"household", "3-201"},
                                       {"household_size", 1},
                                       {"tags", {"lives-alone"}},
                                       {"cards", {"c1"}},
                                       {"face", {{"state", "active"}, {"templates", 3}, {"until", "2027-11-01"}}}},
                                      {{"id", "p2"},
                                       {"name", "Wang"},
                                       {"household", ""},
                                       {"tags", json::array()},
                                       {"cards", json::array()},
                                       {"face", nullptr}}}}};
    const auto listed = gate.run({"persons"});
    CHECK(gate.asked().verb == "persons.list");
    std::istringstream lines(listed.out);
    std::string head, first, second;
    std::getline(lines, head);
    std::getline(lines, first);
    std::getline(lines, second);
    CHECK_THAT(first, Contains("李秀英") && Contains("active, until 2027-11-01"));
    CHECK(display_width(head.substr(0, head.find("HOUSEHOLD"))) == display_width(first.substr(0, first.find("3-201"))));
    CHECK_THAT(second, Contains("p2      Wang"));

    gate.results["persons.remove"] = {{"id", "p1"}, {"cards", 1}, {"templates", 3}};
    CHECK(gate.run({"persons", "remove", "p1"}).out == "p1 is removed, with 1 cards and 3 face templates\n");
    CHECK(gate.asked().args == json{{"id", "p1"}});
}

TEST_CASE("cards: the number is told once, in upper case", "[unit]") {
    FakeGate gate;
    gate.results["cards.add"] = {{"id", "c1"}, {"roster_version", 20}};
    const auto added = gate.run(
        {"cards", "add", "--id", "c1", "--person", "p1", "--number", "26:2f623ae", "--until", "2027-01-01T00:00:00+08:00"});
    CHECK(added.code == kDone);
    CHECK(added.out.find("2F623AE") == std::string::npos);
    CHECK(gate.asked().args ==
          json{{"id", "c1"}, {"person", "p1"}, {"number", "26:2F623AE"}, {"valid_until", "2027-01-01T00:00:00+08:00"}});
    const auto [word, state] =
        GENERATE(table<std::string, std::string>({{"suspend", "suspended"}, {"activate", "active"}, {"lost", "lost"}}));
    CHECK(gate.run({"cards", word, "--id", "c1"}).out == "card c1 is " + state + "\n");
    CHECK(gate.asked().verb == "cards.state");
    CHECK(gate.asked().args == json{{"id", "c1"}, {"state", state}});
    CHECK(gate.run({"cards", "remove", "c1"}).out == "card c1 is removed\n");
    CHECK(gate.asked().verb == "cards.remove");
}

TEST_CASE("a face needs a consent and photographs", "[unit]") {
    FakeGate gate;
    Folder folder;
    const auto a = folder.write("a.jpg", "AAA");
    const auto b = folder.write("b.jpg", "BBBB");
    const std::vector<std::string> consent{"--person",       "p1",     "--purpose",  "door access", "--form",
                                           "paper",          "--date", "2026-11-01", "--by",        "self",
                                           "--text-version", "2026-1", "--until",    "2027-11-01"};
    const auto with = [&](std::vector<std::string> more, std::vector<std::string> base) {
        base.insert(base.begin(), {"face", "enroll"});
        base.insert(base.end(), more.begin(), more.end());
        return base;
    };
    gate.results["face.enroll"] = {{"person", "p1"}, {"templates", 2}};
    const auto ran = gate.run(with({"--photo", a, "--photo", b}, consent));
    CAPTURE(ran.err);
    CHECK(ran.code == kDone);
    CHECK(ran.out == "p1: 2 templates from 2 photographs, until 2027-11-01\n");
    CHECK(gate.asked().photos == std::vector<std::string>{"a.jpg=AAA", "b.jpg=BBBB"});
    CHECK(gate.asked().args.at("consent") == json{{"purpose", "door access"},
                                                  {"form", "paper"},
                                                  {"date", "2026-11-01"},
                                                  {"by", "self"},
                                                  {"text_version", "2026-1"},
                                                  {"until", "2027-11-01"}});
    CHECK(gate.run(with({a, b}, consent)).code == kDone);
    CHECK(gate.asked().photos.size() == 2);

    const auto before = gate.questions();
    CHECK(gate.run(with({}, consent)).code == kUsage);
    CHECK(gate.run(with({folder.path("none.jpg")}, consent)).code == kUsage);
    auto bad = consent;
    bad[7] = "2026-02-30";
    CHECK_THAT(gate.run(with({a}, bad)).err, Contains("is no day"));
    bad = consent;
    bad[9] = "nobody";
    CHECK_THAT(gate.run(with({a}, bad)).err, Contains("(one of: self, guardian)"));
    bad = consent;
    bad[13] = "2026-10-01";
    CHECK_THAT(gate.run(with({a}, bad)).err, Contains("is not after"));
    std::ignore = folder.write("empty.jpg", "");
    CHECK_THAT(gate.run(with({folder.path("empty.jpg")}, consent)).err, Contains("empty file"));
    CHECK(gate.questions() == before);

    gate.failures["face.enroll"] = {control::Code::refused, "a.jpg: no face; b.jpg: two faces"};
    const auto refused = gate.run(with({a, b}, consent));
    CHECK(refused.code == kFailed);
    CHECK_THAT(refused.err, Contains("a.jpg: no face"));
}

TEST_CASE("alerts are read in one's language and acknowledged by a few letters", "[unit]") {
    FakeGate gate;
    gate.results["alerts.list"] = {{"alerts",
                                    {{{"id", "9f3c2a7b5d1e8f40"},
                                      {"rule", "elderly-silence"},
                                      {"per", "person"},
                                      {"subject", "p1"},
                                      {"state", "firing"},
                                      {"severity", "warning"},
                                      {"fired_at", "2026-11-03T09:12:00.000+08:00"},
                                      {"at", "2026-11-03T09:12:00.000+08:00"},
                                      {"text", {{"zh", "3-201 李秀英 已一天未出入,请上门看望"}, {"en", "not seen for 1 day"}}},
                                      {"to", {"grid-3"}},
                                      {"note", ""}}}}};
    CHECK_THAT(gate.run({"--lang", "zh", "alerts"}).out,
               Contains("9f3c2a7b  firing  warning   2026-11-03 09:12  elderly-silence  p1       grid-3  "
                        "3-201 李秀英 已一天未出入,请上门看望"));
    CHECK(gate.asked().args == json{{"all", false}});
    CHECK_THAT(gate.run({"--lang", "en", "alerts", "--all"}).out, Contains("not seen for 1 day"));
    CHECK(gate.asked().args == json{{"all", true}});
    gate.results["alerts.ack"] = {{"id", "9f3c2a7b5d1e8f40"}, {"state", "acknowledged"}, {"record", "5f-1"}};
    CHECK(gate.run({"alerts", "ack", "9f3c2a7b", "--note", "visited"}).out == "9f3c2a7b5d1e8f40 is acknowledged\n");
    CHECK(gate.asked().args == json{{"id", "9f3c2a7b"}, {"note", "visited"}});
}

TEST_CASE("tags, doors, audit", "[unit]") {
    FakeGate gate;
    gate.results["tag.add"] = {{"person", "p1"}, {"tags", {"away", "lives-alone"}}};
    const auto tagged = gate.run({"tag", "add", "p1", "away"});
    CHECK(tagged.err == "");
    CHECK(tagged.out == "p1: away, lives-alone\n");
    CHECK(gate.asked().args == json{{"person", "p1"}, {"tag", "away"}});
    gate.run({"tag", "remove", "p1", "away"});
    CHECK(gate.asked().verb == "tag.remove");

    gate.results["door.open"] = {{"door", "front"}, {"record", "5f0c9a11-81235"}};
    CHECK(gate.run({"door", "open", "front"}).out == "front is unlocked (record 5f0c9a11-81235)\n");
    gate.run({"door", "lock", "front"});
    CHECK(gate.asked().verb == "door.lock");

    gate.results["audit.verify"] = {{"records", 9}, {"erased", 0}, {"head", "9f3c"}, {"ok", true}, {"problem", ""}};
    const auto whole = gate.run({"audit", "verify"});
    CHECK(whole.code == kDone);
    CHECK(whole.out == "9 records, 0 erased, head 9f3c: whole\n");
    gate.results["audit.verify"] = {{"records", 9}, {"ok", false}, {"problem", "record 7 was changed"}};
    const auto broken = gate.run({"audit", "verify", "--json"});
    CHECK(broken.code == kFailed);
    CHECK(json::parse(broken.out).at("ok") == false);
    CHECK_THAT(gate.run({"audit", "verify"}).out, Contains("BROKEN: record 7 was changed"));
}
