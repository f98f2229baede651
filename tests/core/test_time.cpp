#include "core/time.hpp"
#include "core/zone.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;

TEST_CASE("a stamp reads back as it was written", "[unit][time]") {
    const auto* const text = GENERATE("2026-11-01T08:00:00.000+08:00", "1970-01-01T00:00:00.000+00:00",
                                      "2024-02-29T23:59:59.999-03:30", "1969-12-31T23:59:59.001+00:00");
    const auto stamp = parse_stamp(text);
    REQUIRE(stamp);
    CHECK(to_text(*stamp) == text);
}

TEST_CASE("times that do not exist are refused", "[unit][time]") {
    const auto* const text =
        GENERATE("2026-02-29T08:00:00+08:00", "2026-11-01T24:00:00Z", "2026-11-01T08:00:00", "2026-13-01T08:00:00Z", "2026-11-01",
                 "", "2026-11-01T08:61:00Z", "2026-11-01T08:00:00+8", "2026-11-01T08:00:00Z ");
    CAPTURE(text);
    CHECK_FALSE(parse_stamp(text));
}

TEST_CASE("the local day turns at local midnight", "[unit][time]") {
    const auto before = *parse_stamp("2026-11-01T23:59:59.999+08:00");
    const auto after = *parse_stamp("2026-11-02T00:00:00+08:00");
    CHECK(after.local_day() == before.local_day() + 1);
    CHECK(after.time_of_day() == 0ms);
    CHECK(before.time_of_day() == 24h - 1ms);
}

TEST_CASE("durations read back as they were written", "[unit][time]") {
    const auto* const text = GENERATE("0s", "500ms", "30s", "10m", "1h30m", "24h", "7d");
    const auto duration = parse_duration(text);
    REQUIRE(duration);
    CHECK(parse_duration(to_text(*duration)) == duration);
}

TEST_CASE("what is no duration is refused", "[unit][time]") {
    const auto* const text = GENERATE("", "5", "s", "-5s", "5 s", "1y", "99999999999d", "5.5h");
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
}

TEST_CASE("durations in words", "[unit][time]") {
    CHECK(in_words_zh(27h) == "一天三小时");
    CHECK(in_words_en(27h) == "1 day 3 h");
    CHECK(in_words_zh(48h) == "两天");
    CHECK(in_words_zh(12h + 25min) == "十二小时二十五分钟");
    CHECK(in_words_en(49h) == "2 days 1 h");
    CHECK(in_words_en(45s) == "45 s");
}

TEST_CASE("a zone knows its summer time; an unknown one is refused by name", "[unit][time]") {
    const auto berlin = Zone::find("Europe/Berlin");
    REQUIRE(berlin);
    CHECK(berlin->at(parse_stamp("2026-03-29T00:59:59Z")->time).offset == 60min);
    CHECK(berlin->at(parse_stamp("2026-03-29T01:00:00Z")->time).offset == 120min);
    const auto wrong = Zone::find("Asia/Shangai");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message.find("Asia/Shangai") != std::string::npos);
}
