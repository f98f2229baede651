// rules check, explain, test, backtest and report, on files and on the journal of a gate.

#include "tests/cli/fake_gate.hpp"

using namespace menshen::cli;
using Catch::Matchers::Contains;

namespace {

const std::string kRule = R"(rules:
  - id: silence
    title: {zh: 久未出入, en: Not seen}
    watch: passage
    per: person
    absent: {for: 24h}
    alert: {to: [grid-3], text: {zh: "{person}", en: "{person}"}}
)";

json passage(const char* at) { return {{"at", at}, {"kind", "passage"}, {"person", "p1"}, {"epoch", "0a1b2c3d"}}; }

/// A gate with a status and two passages two days apart.
void fill(FakeGate& gate) {
    gate.results["status"] = {{"gate", "gate-3"}, {"now", "2026-11-30T12:00:00.000+08:00"}};
    gate.items["records"] = {passage("2026-11-10T08:00:00.000+08:00"), passage("2026-11-12T08:00:00.000+08:00")};
    for (std::size_t i = 0; i < 2; ++i) gate.items["records"][i]["seq"] = i + 1;
}

}  // namespace

TEST_CASE("rules backtest without a file asks the gate for its journal", "[unit]") {
    Folder folder;
    const auto rule = folder.write("silence.yaml", kRule);
    FakeGate gate;
    fill(gate);
    const auto ran = gate.run({"rules", "backtest", "--rules", rule, "--days", "25", "--ascii"});
    CAPTURE(ran.err);
    CHECK(ran.code == kDone);
    CHECK_THAT(ran.out, Contains("2026-11-11 08:00  firing    silence  p1"));
    CHECK_THAT(ran.out, Contains("2026-11-13 08:00  firing    silence  p1"));  // time runs on to the gate's now
    CHECK_THAT(ran.out, Contains("silence: would have fired 2 times, for 1 subject"));
    CHECK_THAT(ran.out, Contains("2026-11-11 Wed  ........-...............     1"));
    CHECK(gate.asked().verb == "records");
    CHECK(gate.asked().args.at("from") == "2026-11-05T12:00:00.000+08:00");

    const auto short_one = gate.run({"rules", "backtest", "--rules", rule, "--until", "2026-11-11T12:00:00+08:00", "--json"});
    CHECK(short_one.code == kDone);
    CHECK(json::parse(short_one.out).at("at") == "2026-11-11T08:00:00.000+08:00");

    gate.items["records"].push_back("no record");
    CHECK(gate.run({"rules", "backtest", "--rules", rule}).code == kFailed);
    CHECK(run_menshen({"rules", "backtest", "--rules", rule, "--socket", folder.path("none")}).code == kUnreachable);
}

TEST_CASE("rules check learns from the gate's last thirty days what to expect", "[unit]") {
    Folder folder;
    const auto rule = folder.write("silence.yaml", kRule);
    FakeGate gate;
    fill(gate);
    const auto ran = gate.run({"rules", "check", rule});
    CAPTURE(ran.err);
    CHECK(ran.code == kDone);
    CHECK_THAT(ran.out, Contains("about 0.5 a day: it would have fired 1 time in 2.0 days"));
    CHECK(gate.asked().args.at("from") == "2026-10-31T12:00:00.000+08:00");
    const auto questions = gate.questions();
    CHECK_THAT(gate.run({"rules", "check", rule, "--offline"}).out, Contains("no history: unknown"));
    CHECK(gate.questions() == questions);
    // A gate that does not run is no mistake of the rules.
    CHECK(run_menshen({"rules", "check", rule, "--socket", folder.path("none")}).code == kDone);

    CHECK(run_menshen({"rules", "check"}).code == kUsage);
    const auto recipients = folder.write("recipients.yaml", "recipients: [{id: grid-4, role: cadre}]\n");
    const auto unknown = run_menshen({"rules", "check", rule, "--offline", "--recipients", recipients});
    CHECK(unknown.code == kFailed);
    CHECK_THAT(unknown.err, Contains("silence.yaml:7:18") && Contains("grid-4"));
}

TEST_CASE("rules check takes recipients and the life of records from a config", "[unit]") {
    Folder folder;
    std::ignore = folder.write("silence.yaml", kRule);
    const auto config = folder.write("gate.yaml", R"(site: tianlin-12
gate: gate-3
zone: Asia/Shanghai
devices:
  front-in: {driver: wiegand, source: simulated, formats: [H10301]}
  front-lock: {driver: simulated, lock: true}
doors:
  front: {readers: {in: front-in}, lock: front-lock}
rules: {files: [silence.yaml]}
recipients: [grid-3]
store: {retention: {records: 1d}}
)");
    const auto right = run_menshen({"rules", "check", "--config", config, "--offline"});
    CAPTURE(right.err);
    CHECK(right.code == kDone);
    CHECK_THAT(right.out, Contains("silence"));
    std::ignore = folder.write("silence.yaml",
                               kRule + "  - {id: long, watch: passage, per: person, absent: {for: 2d}, alert: {to: [grid-3]}}\n");
    CHECK_THAT(run_menshen({"rules", "check", "--config", config, "--offline"}).err,
               Contains("long looks back 2d, and records are kept for 1d only"));
    CHECK(run_menshen({"rules", "check", "--config", folder.path("none.yaml"), "--offline"}).code == kFailed);
}

TEST_CASE("rules explain speaks both languages", "[unit]") {
    Folder folder;
    const auto rule = folder.write("silence.yaml", kRule);
    const auto zh = run_menshen({"rules", "explain", "silence", "--rules", rule, "--lang", "zh"});
    CHECK(zh.code == kDone);
    CHECK_THAT(zh.out, Contains("某个人连续一天没有“进出门”时,向 grid-3 发出警告。"));
    CHECK_THAT(run_menshen({"--lang", "en", "rules", "explain", "--rules", rule}).out,
               Contains("has been no passage of one person for 1 day"));
    const auto unknown = run_menshen({"rules", "explain", "silense", "--rules", rule});
    CHECK(unknown.code == kFailed);
    CHECK_THAT(unknown.err, Contains("did you mean \"silence\"?"));
}

TEST_CASE("rules test ends with 1 when a test fails", "[unit]") {
    Folder folder;
    std::ignore = folder.write("silence.yaml", kRule);
    const std::string head =
        "rule_files: silence.yaml\ntests:\n  - name: t\n    records: [{at: 2026-11-01 08:00, kind: passage, person: p1}]\n"
        "    until: 2026-11-02 12:00\n    alerts: ";
    const auto good =
        folder.write("good.test.yaml", head + "[{at: 2026-11-02 08:00, rule: silence, subject: p1, state: firing}]\n");
    const auto bad = folder.write("bad.test.yaml", head + "[]\n");
    CHECK(run_menshen({"rules", "test", good}).code == kDone);
    CHECK_THAT(run_menshen({"rules", "test", good, "-v"}).out, Contains("good.test.yaml: t\n1 test: 1 ok, 0 failed"));
    const auto failed = run_menshen({"rules", "test", good, bad});
    CHECK(failed.code == kFailed);
    CHECK_THAT(failed.out, Contains("bad.test.yaml:3: t") && Contains("+ 2026-11-02 08:00  silence  p1  firing"));
}

TEST_CASE("report: from the journal or a file, for people, spreadsheets and scripts", "[unit]") {
    Folder folder;
    FakeGate gate;
    gate.results["status"] = {{"gate", "gate-3"}, {"now", "2026-12-02T12:00:00.000+08:00"}};
    const auto change = [](int number, const char* state, const char* at, const char* reason, const char* by) {
        json out{{"at", at},
                 {"kind", "alert"},
                 {"alert", "a1"},
                 {"change", number},
                 {"rule", "silence"},
                 {"per", "person"},
                 {"subject", "p1"},
                 {"state", state},
                 {"severity", "info"},
                 {"changed_at", at},
                 {"fired_at", "2026-11-02T08:00:00.000+08:00"},
                 {"to", {"grid-3"}}};
        if (*reason != '\0') out["reason"] = reason;
        if (*by != '\0') out["by"] = by;
        return out;
    };
    gate.items["records"] = {change(1, "firing", "2026-11-02T08:00:00.000+08:00", "", ""),
                             change(2, "resolved", "2026-11-02T08:20:00.000+08:00", "true", "li")};
    const auto words = gate.run({"--lang", "en", "report", "--month", "2026-11"});
    CAPTURE(words.err);
    CHECK(words.code == kDone);
    CHECK_THAT(words.out, Contains("Alerts of 2026-11") && Contains("100 %") && Contains("20 min") && Contains("grid-3"));
    CHECK(gate.asked().args.at("from") == "2026-11-01T00:00:00.000+08:00");
    CHECK(gate.asked().args.at("kinds") == json({"alert", "mute"}));
    CHECK_THAT(gate.run({"report", "--month", "2026-11", "--lang", "zh"}).out, Contains("属实率") && Contains("合计"));
    CHECK_THAT(gate.run({"report", "--month", "2026-11", "--csv", "--lang", "en"}).out,
               Contains("silence,1,0,1,") && Contains("\r\n"));
    const auto as_json = json::parse(gate.run({"report", "--month", "2026-11", "--json"}).out);
    CHECK(as_json.at("total").at("closed").at("true") == 1);
    CHECK(as_json.at("rules").at(0).at("ack_median_ms") == 1'200'000);
    CHECK(as_json.at("recipients").at("grid-3") == 1);

    const auto file = folder.write("r.jsonl", gate.items["records"][0].dump() + "\n");
    CHECK(json::parse(run_menshen({"report", "--month", "2026-11", "--records", file, "--json"}).out)
              .at("total")
              .at("still_open") == 1);
    CHECK_THAT(run_menshen({"report", "--month", "2026-10", "--records", file, "--lang", "en"}).out, Contains("none"));
    CHECK(run_menshen({"report", "--month", "2026-13", "--records", file}).code == kUsage);
    CHECK(run_menshen({"report", "--month", "2026-11", "--records", file, "--csv", "--json"}).code == kUsage);
    const auto broken = folder.write("b.jsonl", R"({"at":"2026-11-02T08:00:00+08:00","kind":"alert"})");
    const auto failed = run_menshen({"report", "--month", "2026-11", "--records", broken});
    CHECK(failed.code == kFailed);
    CHECK_THAT(failed.err, Contains("b.jsonl:1: "));
    CHECK(run_menshen({"report", "--month", "2026-11", "--socket", folder.path("none")}).code == kUnreachable);
}
