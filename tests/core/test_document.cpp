#include "core/document.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;

namespace {

std::string problems_of(std::string_view text) {
    Problems problems;
    (void)parse_document("gate.yaml", text, problems);
    return problems.text();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every problem of a map is reported at its place, with the nearest known key", "[unit][document]") {
    Problems problems;
    const auto root = parse_document("gate.yaml", "unlok: 5s\nheld_after: 70m\nmode: crad\nlevel: x\naudit: yes\n", problems);
    REQUIRE(root);
    MapReader reader(*root, "gate.yaml", "doors.front", problems);
    constexpr std::string_view modes[] = {"card", "face"};
    (void)reader.duration("unlock", {500ms, 60s});
    (void)reader.duration("held_after", {1s, 10min});
    (void)reader.choice("mode", modes);
    (void)reader.integer("level", 0, 9);
    (void)reader.boolean("audit");
    reader.finish();
    CHECK(problems.errors() == 5);
    const auto text = problems.text();
    INFO(text);
    CHECK(has(text, "gate.yaml:1:1: doors.front.unlok is not known here; did you mean \"unlock\"?"));
    CHECK(has(text, "gate.yaml:2:13: doors.front.held_after must be from 1s to 10m, got \"70m\""));
    CHECK(has(text, "gate.yaml:3:7: doors.front.mode cannot be \"crad\"; did you mean \"card\"? (one of: card, face)"));
    CHECK(has(text, "gate.yaml:4:8"));
    CHECK(has(text, "gate.yaml:5:8: doors.front.audit must be true or false"));
}

TEST_CASE("hostile or broken texts are refused with a place", "[unit][document]") {
    CHECK(has(problems_of("a: [1, 2"), "gate.yaml:"));
    CHECK(has(problems_of("a: &x 1\nb: *x\n"), "gate.yaml:2:4: aliases"));
    CHECK(has(problems_of(std::string(100, '[')), "nested deeper than 64"));
    CHECK(has(problems_of(std::string(2 << 20, 'a')), "larger than 1 MiB"));
    CHECK(has(problems_of("a: \xff\xfe"), "1:4: not UTF-8"));
    CHECK(has(problems_of("a: b\nc: \xe4\xbd"), "2:4: not UTF-8"));
    CHECK(has(problems_of(std::string("a: b\nc: d\0e", 11)), "2:5: holds a zero byte"));
    CHECK(has(problems_of("a: b\n---\nc: d\n"), "a second document begins here"));
    std::string wide;
    for (int i = 0; i < 5001; ++i) wide += "k" + std::to_string(i) + ": v\n";
    CHECK(has(problems_of(wide), "more than 5000 keys in one map"));
    CHECK(has(problems_of("a: 1\na: 2\n"), "gate.yaml:2:1: \"a\" is given twice"));
    CHECK(problems_of("").empty());
}

TEST_CASE("an empty value counts as absent and a quoted one as text", "[unit][document]") {
    Problems problems;
    const auto root = parse_document("f", "a:\nb: \"\"\nc: \"true\"\n", problems);
    REQUIRE(root);
    MapReader reader(*root, "f", "", problems);
    CHECK(reader.take("a") == nullptr);
    CHECK(reader.text("b") == "");
    CHECK_FALSE(reader.boolean("c"));
}
