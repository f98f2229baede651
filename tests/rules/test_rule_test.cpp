// `rules test`: the form of the files, and that a test can fail.

#include "rules/rule_test.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "rules/local_time.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

const std::string kRule = rule(
    "watch: [passage, activity]\nper: person\nabsent: {for: 24h}\nunless: {person.tags: away}\n"
    "alert: {severity: warning, to: [grid-1], text: {zh: \"{person} 已{silence}\", en: \"{person} for {silence}\"}}");

/// A file with one test of these lines.
std::string file_of(const std::string& lines, const std::string& head = "") {
    std::istringstream in(lines);
    std::string out = "rule_files: r.yaml\n" + head + "tests:\n  - name: t\n";
    for (std::string line; std::getline(in, line);) out += "    " + line + "\n";
    return out;
}

/// "" when it passed, else its lines joined.
std::string outcome(const std::string& lines, const std::string& head = "", const std::string& rule_text = kRule) {
    Problems problems;
    const auto file = parse_rule_test("t.test.yaml", file_of(lines, head), problems);
    INFO(problems.text());
    REQUIRE(file.has_value());
    const auto result = run_rule_test(*file, file->tests.front(), *rules_of(rule_text));
    CHECK(result.passed == result.lines.empty());
    return fmt::format("{}", fmt::join(result.lines, "\n"));
}

std::string problems_of(const std::string& text) {
    Problems problems;
    CHECK_FALSE(parse_rule_test("t", text, problems).has_value());
    return problems.text();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kSeen = "records:\n  - {at: 2026-11-01 08:00, kind: passage, person: p1}\nuntil: 2026-11-03 00:00\n";
const std::string kFires = "{at: 2026-11-02 08:00, rule: r, subject: p1, state: firing";

}  // namespace

TEST_CASE("a test passes when exactly the expected changes come", "[unit]") {
    CHECK(outcome(kSeen + "alerts: [" + kFires + "}]").empty());
    CHECK(outcome(kSeen + "alerts: [" + kFires +
                  ", severity: warning, to: grid-1, text_en: p1 for 1 day, text_zh: p1 已一天, per: person, reason: \"\",\n"
                  "  evidence: {silence: 24h, silence_ms: 86400000, last_seen: 2026-11-01 08:00, person: p1, door: ~}}]")
              .empty());
    CHECK(outcome("records: []\nalerts: []").empty());
    // Without `until` time ends with the last record.
    CHECK(outcome("records: [{at: 2026-11-01 08:00, kind: passage, person: p1}]\nalerts: []").empty());
}

TEST_CASE("a test fails, and shows how, when anything differs", "[unit]") {
    CHECK(outcome(kSeen + "alerts: []") == "+ 2026-11-02 08:00  r  p1  firing");
    CHECK(outcome(kSeen + "alerts: [" + kFires + "}, {at: 2026-11-02 09:00, rule: r, subject: p1, state: resolved}]") ==
          "  2026-11-02 08:00  r  p1  firing\n- 2026-11-02 09:00  r  p1  resolved  (line 7)");
    CHECK(outcome(kSeen + "alerts: [{at: 2026-11-02 08:00:00.001, rule: r, subject: p1, state: firing}]") ==
          "- 2026-11-02 08:00:00.001  r  p1  firing  (line 7)\n+ 2026-11-02 08:00  r  p1  firing");
    const auto differs = [](const std::string& more) { return outcome(kSeen + "alerts: [" + kFires + ", " + more + "}]"); };
    CHECK(has(differs("severity: critical"), "severity: expected \"critical\", got \"warning\""));
    CHECK(has(differs("to: [grid-1, grid-2]"), "to: expected \"[grid-1, grid-2]\", got \"[grid-1]\""));
    CHECK(has(differs("to: []"), "to: expected \"[]\", got \"[grid-1]\""));
    CHECK(has(differs("text_en: p2"), "text_en: expected \"p2\", got \"p1 for 1 day\""));
    CHECK(has(differs("reason: well"), "reason: expected \"well\", got \"\""));
    CHECK(has(differs("until: 2026-11-04 00:00"), "until: expected \"2026-11-04 00:00\", got \"nothing\""));
    CHECK(has(differs("evidence: {silence: 25h}"), "evidence.silence: expected \"25h\", got \"1d\""));
    CHECK(has(differs("evidence: {door: front}"), "evidence.door: expected \"front\", got \"nothing\""));
    CHECK(has(differs("evidence: {person: ~}"), "evidence.person: expected \"nothing\", got \"p1\""));
    CHECK(has(differs("evidence: {last_seen: 2026-11-01 09:00}"), "evidence.last_seen"));
}

TEST_CASE("what a person does is part of the timeline", "[unit]") {
    const std::string seen = "records:\n  - {at: 2026-11-01 08:00, kind: passage, person: p1}\n";
    CHECK(outcome(seen +
                  "  - {at: 2026-11-02 09:00, ack: {rule: r, subject: p1, by: li, note: on my way}}\n"
                  "  - {at: 2026-11-02 10:00, close: {rule: r, subject: p1, reason: well, by: li}}\n"
                  "until: 2026-11-02 20:00\n"
                  "alerts:\n"
                  "  - " +
                  kFires +
                  "}\n"
                  "  - {at: 2026-11-02 09:00, rule: r, subject: p1, state: acknowledged, by: li, note: on my way}\n"
                  "  - {at: 2026-11-02 10:00, rule: r, subject: p1, state: resolved, by: li, reason: well}")
              .empty());
    CHECK(outcome(seen + "  - {at: 2026-11-01 09:00, ack: {rule: r, subject: p1}}\nalerts: []") ==
          "! t.test.yaml:6: p1 has no open alert of r at 2026-11-01 09:00");
}

TEST_CASE("records repeat themselves, and are put in order", "[unit]") {
    const auto lines =
        "records:\n"
        "  - {at: 2026-11-01 08:00, kind: passage, person: p1, every: 12h, times: 3}\n"
        "  - {at: 2026-11-01 10:00, kind: passage, person: p2}\n"
        "until: 2026-11-03 08:00\n"
        "alerts:\n"
        "  - {at: 2026-11-02 10:00, rule: r, subject: p2, state: firing}\n"
        "  - {at: 2026-11-03 08:00, rule: r, subject: p1, state: firing}";
    CHECK(outcome(lines).empty());
}

TEST_CASE("only the rules of a test are compared when it names them", "[unit]") {
    const auto two = kRule + rule("watch: passage\nper: person\neach: {}", "s").substr(7);
    const auto fires = "  - {at: 2026-11-02 08:00, subject: p1, state: firing}";
    CHECK(outcome(kSeen + "rules: r\nalerts:\n" + fires, "", two).empty());
    CHECK(has(outcome(kSeen + "alerts:\n  - " + kFires + "}", "", two), "+ 2026-11-01 08:00  s  p1  firing"));
}

TEST_CASE("local times", "[unit]") {
    const Zone fixed(std::chrono::hours{8});
    CHECK(parse_local_time("2026-11-01 08:00", fixed) == parse_stamp("2026-11-01T08:00:00+08:00"));
    CHECK(parse_local_time("2026-11-01", fixed) == parse_stamp("2026-11-01T00:00:00+08:00"));
    CHECK(parse_local_time("2026-11-01T08:00:00.5+01:00", fixed) == parse_stamp("2026-11-01T08:00:00.5+01:00"));
    CHECK_FALSE(parse_local_time("2026-11-31 08:00", fixed).has_value());
    CHECK_FALSE(parse_local_time("8 o'clock", fixed).has_value());
    CHECK_FALSE(parse_local_time("", fixed).has_value());
    const auto berlin = Zone::find("Europe/Berlin").value();
    CHECK(parse_local_time("2026-03-29 01:59", berlin) == parse_stamp("2026-03-29T01:59:00+01:00"));
    CHECK_FALSE(parse_local_time("2026-03-29 02:30", berlin).has_value());  // put forward over it
    CHECK(parse_local_time("2026-03-29 03:00", berlin) == parse_stamp("2026-03-29T03:00:00+02:00"));
    CHECK(parse_local_time("2026-10-25 02:30", berlin) == parse_stamp("2026-10-25T02:30:00+02:00"));  // the first of the two
    CHECK(parse_local_time("2026-10-25 03:00", berlin) == parse_stamp("2026-10-25T03:00:00+01:00"));
    // In a test the day is that of the zone.
    CHECK(outcome("records: [{at: 2026-03-28 08:00, kind: passage, person: p1}]\nuntil: 2026-03-29 12:00\n"
                  "alerts: [{at: 2026-03-29 09:00, rule: r, subject: p1, state: firing}]",
                  "zone: Europe/Berlin\n")
              .empty());
}

TEST_CASE("all mistakes of a file, each at its place", "[unit]") {
    const auto text = problems_of(
        "rule_files: []\n"
        "zone: Asia/Shanghia\n"
        "tests:\n"
        "  - name: x\n"
        "    records:\n"
        "      - {at: 2026-11-01 25:00, kind: pasage, persn: p1}\n"
        "      - {at: 2026-11-01 20:00, kind: alert}\n"
        "      - {at: 2026-11-01 10:00, kind: passage, every: 1h}\n"
        "      - {at: 2026-11-01 21:00, ack: {rule: x}, kind: passage}\n"
        "      - {at: 2026-11-01 22:00, close: {rule: x, subject: y, reason: fine}}\n"
        "      - {at: 2026-11-01 22:00, mute: {rule: x}}\n"
        "      - {at: 2026-11-01 22:00, snooze: {rule: x, subject: y}}\n"
        "    until: 2026-10-01 00:00\n"
        "    alerts:\n"
        "      - {at: 2026-11-01 21:00, state: fireing}\n"
        "  - name: y\n"
        "    records: 5\n");
    INFO(text);
    for (const char* problem : {
             "t:1:13: rule_files must name at least one file",
             "t:2:7: zone cannot be used",
             "t:6:14: x: records[0].at cannot be used",
             "t:6:38: x: records[0].kind cannot be \"pasage\"; did you mean \"passage\"?",
             "t:6:46: x: records[0].persn is not known here; did you mean \"person\"?",
             "t:7:38: x: records[1].kind cannot be \"alert\"",
             "t:8:9: x: records[2] needs both `every` and `times`",
             "t:9:37: x: records[3].ack.subject is missing",
             "t:9:48: x: records[3].kind is not known here",
             "x: records[4].close.reason cannot be \"fine\"",
             "x: records[5].mute.until is missing",
             "x: records[6].snooze.until is missing",
             "x: alerts[0].rule is missing",
             "x: alerts[0].state cannot be \"fireing\"; did you mean \"firing\"?",
             "t:17:14: tests[1].records must be a list",
             "tests[1].alerts is missing; write `alerts: []`",
         }) {
        INFO(problem);
        CHECK(has(text, problem));
    }
    CHECK(has(problems_of(""), "t:1:1: the file is empty"));
    CHECK(has(problems_of("- 1"), "must be a map"));
    CHECK(has(problems_of("rule_files: a\ntests: []"), "at least one test"));
    CHECK(has(problems_of(file_of("records: [{at: 2026-11-01 08:00, kind: passage, every: 1s, times: 100000},\n"
                                  " {at: 2026-11-01 08:00, kind: passage, every: 1s, times: 100000}]\nalerts: []")),
              "more than 100000 records"));
}

TEST_CASE("files: the exit status, and rules that are not there", "[unit]") {
    const auto folder = std::filesystem::temp_directory_path() / fmt::format("menshen-rule-test-{}", getpid());
    std::filesystem::create_directories(folder);
    const auto write = [&](const std::string& name, const std::string& text) { std::ofstream(folder / name) << text; };
    const auto run = [&](const std::string& name) {
        std::ostringstream out, err;
        const int status = test_rules({.files = {folder / name}, .verbose = true}, out, err);
        return std::to_string(status) + "\n" + out.str() + err.str();
    };
    write("r.yaml", kRule);
    write("good.test.yaml", file_of(kSeen + "alerts: [" + kFires + "}]"));
    write("bad.test.yaml", file_of(kSeen + "alerts: []"));
    write("other.test.yaml", file_of(kSeen + "alerts: [{at: 2026-11-02 08:00, rule: rr, subject: p1, state: firing}]"));
    write("norule.test.yaml", "rule_files: none.yaml\ntests: [{name: a, records: [], alerts: []}]");

    const auto good = run("good.test.yaml");
    CHECK(good.starts_with("0\nok      "));
    CHECK(has(good, "1 test: 1 ok, 0 failed\n"));
    const auto bad = run("bad.test.yaml");
    CHECK(bad.starts_with("1\nFAILED  "));
    CHECK(has(bad, "bad.test.yaml:3: t\n        + 2026-11-02 08:00  r  p1  firing\n1 test: 0 ok, 1 failed\n"));
    const auto other = run("other.test.yaml");
    CHECK(other.starts_with("1\n"));
    CHECK(has(other, "no rule of the files has the id \"rr\"; did you mean \"r\"?"));
    CHECK(run("norule.test.yaml").starts_with("1\n"));
    CHECK(run("none.test.yaml").starts_with("1\n"));
    const auto all = run("");
    CHECK(all.starts_with("1\n"));
    CHECK(has(all, "2 tests: 1 ok, 1 failed; 2 files could not be used\n"));
    std::filesystem::remove_all(folder);
}
