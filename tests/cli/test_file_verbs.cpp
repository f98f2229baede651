#include "tests/cli/fake_gate.hpp"

using namespace menshen::cli;
using Catch::Matchers::Contains;

namespace {

const std::string kConfig = R"(site: tianlin-12
gate: gate-3
zone: Asia/Shanghai
devices:
  front-in: {driver: wiegand, source: simulated, formats: [H10301]}
  front-lock: {driver: simulated, lock: true}
doors:
  front: {readers: {in: front-in}, lock: front-lock}
rules: {files: [silence.yaml]}
recipients: [grid-3]
)";

const std::string kRule = R"(rules:
  - id: silence
    watch: passage
    per: person
    absent: {for: 24h}
    alert: {to: [grid-3], text: {zh: "{person}", en: "{person}"}}
)";

const std::string kRecords = R"({"at":"2026-11-01T08:00:00+08:00","kind":"passage","person":"p1","certainty":"strong"})"
                             "\n";

}  // namespace

TEST_CASE("config check: all right, or every mistake of the config and its rules", "[unit]") {
    Folder folder;
    const auto rule = folder.write("silence.yaml", kRule);
    const auto config = folder.write("gate.yaml", kConfig);
    const auto right = run_menshen({"config", "check", config});
    CAPTURE(right.err);
    CHECK(right.code == kDone);
    CHECK(right.err.empty());
    CHECK_THAT(right.out, Contains("tianlin-12 gate-3, 1 doors, 2 devices, 1 rules: all right"));
    CHECK(json::parse(run_menshen({"config", "check", config, "--json"}).out) == json{{"ok", true}, {"problems", json::array()}});

    std::ignore = folder.write("silence.yaml", kRule + "    notes: hm\n");
    const auto bad_rule = run_menshen({"config", "check", config});
    CHECK(bad_rule.code == kFailed);
    CHECK_THAT(bad_rule.err, Contains("silence.yaml:7:5") && Contains("1 mistakes"));

    const auto bad = folder.write("bad.yaml", kConfig + "sotre: {}\n");
    const auto ran = run_menshen({"config", "check", bad, "--json"});
    CHECK(ran.code == kFailed);
    const auto problem = json::parse(ran.out).at("problems").at(0);
    CHECK(problem.at("line") == 11);
    CHECK(problem.at("column") == 1);
    CHECK(problem.at("severity") == "error");
    CHECK_THAT(problem.at("message").get<std::string>(), Contains("did you mean \"store\""));
}

TEST_CASE("rules check: unknown recipients are a mistake when somebody says who exists", "[unit]") {
    Folder folder;
    const auto rule = folder.write("silence.yaml", kRule);
    CHECK(run_menshen({"rules", "check", rule}).code == kDone);
    CHECK(run_menshen({"rules", "check", rule, "--recipients", "grid-3,street-duty"}).code == kDone);
    const auto ran = run_menshen({"rules", "check", rule, "--recipients", "grid-4"});
    CHECK(ran.code == kFailed);
    CHECK_THAT(ran.err, Contains("silence.yaml:6:") && Contains("grid-3"));
}

TEST_CASE("rules backtest runs the engine over a file", "[unit]") {
    Folder folder;
    const auto rule = folder.write("silence.yaml", kRule);
    const auto records = folder.write("records.jsonl", kRecords);
    const auto ran = run_menshen(
        {"rules", "backtest", "--rules", rule, "--records", records, "--until", "2026-11-03T00:00:00+08:00", "--json"});
    CAPTURE(ran.err);
    CHECK(ran.code == kDone);
    const auto change = json::parse(ran.out);
    CHECK(change.at("rule") == "silence");
    CHECK(change.at("subject") == "p1");
    CHECK(change.at("state") == "firing");
    CHECK_THAT(change.at("at").get<std::string>(), Contains("2026-11-02T08:00:00"));

    const auto broken = folder.write("broken.jsonl", kRecords + "no json\n");
    const auto failed = run_menshen({"rules", "backtest", "--rules", rule, "--records", broken});
    CHECK(failed.code == kFailed);
    CHECK_THAT(failed.err, Contains("broken.jsonl:2"));
}
