#include <sstream>

#include "cli/journal.hpp"
#include "tests/cli/fake_gate.hpp"

using namespace menshen;
using namespace menshen::cli;
using Catch::Matchers::Contains;

TEST_CASE("tag: whose, which, how long", "[unit]") {
    FakeGate gate;
    gate.results["tag.add"] = {{"tag", "away"}, {"until", "2026-11-02T18:00:00.000+08:00"}, {"tags", {"away", "lives-alone"}}};
    const auto added = gate.run({"tag", "add", "p1", "away", "--until", "2026-11-02T18:00:00+08:00"});
    CHECK(added.code == kDone);
    CHECK(added.out == "p1: away, lives-alone (away until 2026-11-02 18:00)\n");
    CHECK(gate.asked().args == json{{"person", "p1"}, {"tag", "away"}, {"until", "2026-11-02T18:00:00+08:00"}});
    CHECK(gate.run({"tag", "add", "--gate", "rain", "--for", "6h"}).code == kDone);
    CHECK(gate.asked().args == json{{"gate", true}, {"tag", "rain"}, {"for", "6h"}});
    CHECK(gate.run({"tag", "remove", "--gate", "rain"}).out == "the gate: no tags\n");

    const auto asked = gate.questions();
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{"tag", "add", "p1"},
          {"tag", "add"},
          {"tag", "add", "p1", "away", "--gate", "rain"},
          {"tag", "add", "p1", "away", "--for", "soon"},
          {"tag", "add", "p1", "away", "--until", "tomorrow"},
          {"tag", "add", "p1", "away", "--for", "1h", "--until", "2026-11-02T18:00:00+08:00"},
          {"tag", "add", "a b", "away"},
          {"tag", "remove", "p1", "away", "--for", "1h"}}) {
        CAPTURE(wrong);
        const auto ran = gate.run(wrong);
        CHECK(ran.code == kUsage);
        CHECK_FALSE(ran.err.empty());
    }
    CHECK(gate.questions() == asked);  // nothing was sent
}

TEST_CASE("tag list and stranger list are tables", "[unit]") {
    FakeGate gate;
    gate.results["tag.list"] = {{"tags",
                                 {{{"person", "p1"}, {"tag", "away"}, {"until", "2026-11-02T18:00:00.000+08:00"}},
                                  {{"gate", true}, {"tag", "rain"}, {"until", nullptr}}}}};
    const auto tags = gate.run({"tag", "list"});
    CHECK_THAT(tags.out, Contains("p1      away  2026-11-02 18:00") && Contains("(gate)  rain"));
    gate.run({"tag", "list", "p1"});
    CHECK(gate.asked().args == json{{"person", "p1"}});
    CHECK(gate.run({"stranger", "list"}).out == "no strangers are kept\n");
    gate.results["stranger.label"] = {{"id", "0123456789abcdef"}, {"label", "courier"}, {"until", nullptr}};
    CHECK(gate.run({"stranger", "label", "01234567", "courier", "--for", "7d"}).out == "0123456789abcdef: courier\n");
    CHECK(gate.asked().args == json{{"id", "01234567"}, {"label", "courier"}, {"for", "7d"}});
    gate.run({"stranger", "label", "01234567", "--remove"});
    CHECK(gate.asked().args == json{{"id", "01234567"}, {"remove", true}});
    CHECK(gate.run({"stranger", "label", "01234567"}).code == kUsage);
    CHECK(gate.run({"stranger", "label", "01234567", "courier", "--remove"}).code == kUsage);
}

TEST_CASE("tag import sends the lines; what is no text is told with its line", "[unit]") {
    FakeGate gate;
    const Folder folder;
    gate.results["tag.import"] = {{"set", 2}, {"unchanged", 1}};
    const auto file = folder.write("tags.csv", "\xEF\xBB\xBFperson,tag,until\r\np1,away,6h\n,rain");
    const auto ran = gate.run({"tag", "import", file});
    CHECK(ran.out == "2 tags set, 1 were so already\n");
    CHECK(gate.asked().args == json{{"name", file}, {"lines", {"person,tag,until\r", "p1,away,6h", ",rain"}}});

    gate.failures["tag.import"] = {control::Code::refused, file + ":2: there is no person \"p1\"\n" + file + ":3: more"};
    const auto refused = gate.run({"tag", "import", file});
    CHECK(refused.code == kFailed);
    CHECK_THAT(refused.err, Contains(":2: there is no person \"p1\"\n") && Contains(":3: more\n"));

    const auto asked = gate.questions();
    CHECK_THAT(gate.run({"tag", "import", folder.path("nowhere.csv")}).err, Contains("cannot be opened"));
    CHECK_THAT(gate.run({"tag", "import", folder.write("gbk.csv", "p1,away\np2,\xC0\xEE\n")}).err,
               Contains("gbk.csv:2: is not UTF-8"));
    CHECK_THAT(gate.run({"tag", "import", folder.write("big.csv", std::string(300'000, 'x'))}).err,
               Contains("larger than 200 KB"));
    CHECK(gate.questions() == asked);
}

TEST_CASE("alerts: what may be said to one", "[unit]") {
    FakeGate gate;
    gate.results["alerts.snooze"] = {{"id", "9f3c2a7b00"}, {"state", "acknowledged"}, {"until", "2026-11-02T18:00:00.000+08:00"}};
    CHECK(gate.run({"alerts", "snooze", "9f3c2a7b", "--for", "2h", "--note", "later"}).out ==
          "9f3c2a7b00 is acknowledged until 2026-11-02 18:00\n");
    CHECK(gate.asked().args == json{{"id", "9f3c2a7b"}, {"for", "2h"}, {"note", "later"}});
    gate.run({"alerts", "ack", "9f3c2a7b", "--until", "2026-11-02T18:00:00+08:00"});
    CHECK(gate.asked().verb == "alerts.ack");
    CHECK(gate.asked().args == json{{"id", "9f3c2a7b"}, {"until", "2026-11-02T18:00:00+08:00"}});
    gate.run({"alerts", "close", "9f3c2a7b", "--reason", "well", "--note", "asleep"});
    CHECK(gate.asked().args == json{{"id", "9f3c2a7b"}, {"reason", "well"}, {"note", "asleep"}});
    gate.run({"alerts", "note", "9f3c2a7b", "nobody opens"});
    CHECK(gate.asked().args == json{{"id", "9f3c2a7b"}, {"note", "nobody opens"}});
    gate.run({"alerts", "list", "--all"});
    CHECK(gate.asked().args == json{{"all", true}});

    CHECK(gate.run({"alerts", "snooze", "9f3c2a7b"}).code == kUsage);
    CHECK(gate.run({"alerts", "close", "9f3c2a7b"}).code == kUsage);
    CHECK_THAT(gate.run({"alerts", "close", "9f3c2a7b", "--reason", "wel"}).err, Contains("did you mean \"well\""));
    CHECK(gate.run({"alerts", "note", "9f3c2a7b"}).code == kUsage);
}

TEST_CASE("alerts mute, unmute, mutes", "[unit]") {
    FakeGate gate;
    gate.results["alerts.mute"] = {{"until", "2026-11-02T18:00:00.000+08:00"}};
    CHECK(gate.run({"alerts", "mute", "quiet", "p1", "--for", "10h", "--reason", "in hospital"}).out ==
          "quiet for p1 is muted until 2026-11-02 18:00\n");
    CHECK(gate.asked().args == json{{"rule", "quiet"}, {"subject", "p1"}, {"for", "10h"}, {"reason", "in hospital"}});
    CHECK(gate.run({"alerts", "mute", "quiet", "--for", "1h"}).code == kUsage);
    CHECK(gate.run({"alerts", "mute", "quiet", "--reason", "x"}).code == kUsage);
    CHECK(gate.run({"alerts", "unmute", "quiet"}).out == "quiet is not muted any more\n");
    gate.results["alerts.mutes"] = {
        {"mutes", {{{"rule", "quiet"}, {"subject", ""}, {"until", "2026-11-02T18:00:00.000+08:00"}}}}};
    CHECK_THAT(gate.run({"alerts", "mutes"}).out, Contains("quiet  (all)    2026-11-02 18:00"));
}

TEST_CASE("for_each_record: every stored byte, until somebody says stop", "[unit]") {
    FakeGate gate;
    for (int i = 0; i < 3; ++i) gate.items["records"].push_back({{"seq", i}});
    std::ostringstream out;
    std::ostringstream err;
    const Shell shell{.out = out, .err = err, .socket = gate.socket(), .json = false, .language = "en", .action = {}};
    std::vector<std::string> got;
    const JournalQuery query{.from = "2026-11-01T00:00:00+08:00", .to = {}, .kinds = {"passage"}};
    CHECK(for_each_record(shell, query, [&](std::string_view record) {
              got.emplace_back(record);
              return got.size() < 2;
          }) == kDone);
    CHECK(got == std::vector<std::string>{R"({"seq":0})", R"({"seq":1})"});
    CHECK(gate.asked().args == json{{"from", "2026-11-01T00:00:00+08:00"}, {"kinds", {"passage"}}});
    gate.failures["records"] = {control::Code::unavailable, "the store is busy"};
    CHECK(for_each_record(shell, {}, [](std::string_view) { return true; }) == kFailed);
    CHECK_THAT(err.str(), Contains("the store is busy"));
}
