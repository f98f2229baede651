// Silence, exactly: excuses with an end, who left and did not come back, blind time, labels; days of the week.

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

const std::string kWatch = "watch: passage\nper: person\nabsent: {for: 24h}\nunless: {person.tags: away, gate.tags: rain}";

}  // namespace

TEST_CASE("tags with an end", "[unit]") {
    run_cases(
        rule(kWatch),
        {
            {"the silence counts anew from the end, and alerts once",
             "1 08:00 passage person=p\n1 09:00 tag_added person=p tag=away more.until=3/12:00\n6 12:00 time",
             "p firing 4 12:00"},
            {"taken away before its end",
             "1 08:00 passage person=p\n1 09:00 tag_added person=p tag=away more.until=5/12:00\n2 10:00 tag_removed person=p "
             "tag=away\n3 11:00 time",
             "p firing 3 10:00"},
            {"seen while away",
             "1 08:00 passage person=p\n1 09:00 tag_added person=p tag=away more.until=3/12:00\n3 11:00 passage "
             "person=p\n4 11:30 time",
             ""},
            {"made longer",
             "1 08:00 passage person=p\n1 09:00 tag_added person=p tag=away more.until=2/12:00\n2 11:00 tag_added person=p "
             "tag=away "
             "more.until=4/12:00\n5 11:59 time\n5 12:00 time",
             "p firing 5 12:00"},
            {"the removal that the gate records at the end changes nothing more",
             "1 08:00 passage person=p\n1 09:00 tag_added person=p tag=away more.until=3/12:00\n3 12:00:02 tag_removed person=p "
             "tag=away reason=ended\n4 13:00 time",
             "p firing 4 12:00"},
            {"an open alert has its explanation, and comes again when that is over",
             "1 08:00 passage person=p\n2 09:00 tag_added person=p tag=away more.until=3/12:00\n4 13:00 time",
             "p firing 2 08:00; p resolved 2 09:00; p firing 4 12:00"},
            {"the gate's own", "1 08:00 passage person=p\n1 09:00 tag_added tag=rain more.until=1/15:00\n2 16:00 time",
             "p firing 2 15:00"},
            {"an end in the past is over at once",
             "1 08:00 passage person=p\n1 09:00 tag_added person=p tag=away more.until=1/07:00\n2 10:00 time",
             "p firing 2 09:00"},
            {"no end: until it is taken away", "1 08:00 passage person=p\n1 09:00 tag_added person=p tag=away\n9 08:00 time", ""},
        });
}

TEST_CASE("a wall clock that is stepped takes the ends of tags with it", "[unit]") {
    run_cases(
        rule(kWatch),
        {
            {"an hour forward: the end comes an hour earlier",
             "1 08:00 passage person=p boot=1 mono=1h\n1 09:00 tag_added person=p tag=away more.until=1/20:00 boot=1 mono=2h\n"
             "1 11:00 clock_step boot=1 mono=3h\n2 22:00 time boot=1 mono=38h",
             "p firing 2 20:00"},
            {"an hour back: later",
             "1 08:00 passage person=p boot=1 mono=1h\n1 09:00 tag_added person=p tag=away more.until=1/20:00 boot=1 mono=2h\n"
             "1 09:00 clock_step boot=1 mono=3h\n2 21:00 time boot=1 mono=39h",
             "p firing 2 20:00"},
        });
}

TEST_CASE("a known exit suspends what was learned, not at_most", "[unit]") {
    // Thirty days, a passage an hour from 8 to 20: by day a few hours are unusual.
    std::string days;
    for (int day = 1; day <= 28; ++day) {
        for (int hour = 8; hour <= 20; ++hour)
            days += fmt::format("{} {:02}:{:02} passage person=p side=in\n", day, hour, (day * 7 + hour * 11) % 30);
    }
    const auto text =
        rule("watch: passage\nper: person\nabsent: {budget: 2 per 30d, per_subject: true, at_least: 1h, at_most: 48h}");
    Player home(text);
    CHECK(in_short(home.play(days)).find("p firing 28") == std::string::npos);
    const auto fired = home.play("29 09:00 passage person=p side=in\n30 23:00 time");
    REQUIRE_FALSE(fired.empty());
    CAPTURE(in_short(fired));
    CHECK(fired.front().at.time < stamp_of(30, "09:00").time);
    CHECK(std::get<std::int64_t>(fired.front().evidence.at("usual_ms")) < 24 * 3'600'000);
    Player out(text);
    out.play(days);
    CHECK(in_short(out.play("28 21:00 passage person=p side=out\n30 20:59 time\n30 21:00 time")) == "p firing 30 21:00");
}

TEST_CASE("a learned silence begins with at_most", "[unit]") {
    run_cases(rule("watch: passage\nper: person\nabsent: {budget: 1 per 30d, at_most: 30h}"),
              {{"nothing is known yet", "1 08:00 passage person=p\n1 09:00 passage person=p\n3 09:00 time", "p firing 2 15:00"}});
}

TEST_CASE("blind: no source that could match works", "[unit]") {
    const auto text = rule("watch: passage\nper: person\nabsent: {for: 24h}");
    const auto on = [](const char* when, const char* device) {
        return fmt::format("{} device_online device={} more.feeds=passage,granted\n", when, device);
    };
    const auto off = [](const char* when, const char* device) {
        return fmt::format("{} device_offline device={} more.feeds=passage,granted\n", when, device);
    };
    const auto begin = on("1 07:00", "in") + on("1 07:00", "out") + "1 08:00 passage person=p\n";
    const auto lamp = std::string("1 09:00 device_offline device=lamp more.feeds=door_held\n2 09:00 time");
    run_cases(
        text,
        {
            {"one of two readers: partly blind, the count runs", (begin + off("1 10:00", "in") + "2 09:00 time").c_str(),
             "p firing 2 08:00"},
            {"all of them: it stops, and somebody is told after an hour",
             (begin + off("1 10:00", "in") + off("1 12:00", "out") + "1 14:00 time\n" + on("1 20:00", "in") + "2 17:00 time")
                 .c_str(),
             "gate firing 1 13:00; gate resolved 1 20:00; p firing 2 16:00"},
            {"less than an hour is let pass",
             (begin + off("1 10:00", "in") + off("1 12:00", "out") + on("1 12:59", "out") + "2 09:00 time").c_str(),
             "p firing 2 08:00"},
            {"it goes on for days", (begin + off("1 10:00", "in") + off("1 12:00", "out") + "4 12:00 time").c_str(),
             "gate firing 1 13:00"},
            {"a device that could not have matched", (begin + lamp).c_str(), "p firing 2 08:00"},
            {"what fell due in the first hour fires",
             (begin + off("2 07:20", "in") + off("2 07:30", "out") + "2 10:00 time").c_str(), "p firing 2 08:00"},
            {"an alert that is open stays open, and is not listed",
             (begin + "2 08:30 time\n" + off("2 09:00", "in") + off("2 09:00", "out") + "2 11:00 time").c_str(),
             "p firing 2 08:00"},
        });
    run_cases(rule("watch: passage\nper: person\nabsent: {for: 2h}"),
              {{"a quarter of a short silence is enough",
                (begin + off("1 08:30", "in") + off("1 08:30", "out") + "1 09:30 time\n" + on("1 09:30", "in") + "1 11:30 time")
                    .c_str(),
                "gate firing 1 09:00; gate resolved 1 09:30; p firing 1 11:00"}});
    Player player(text);
    const auto fired =
        player.play(begin + "1 09:00 passage person=q\n" + off("1 10:00", "in") + off("1 12:00", "out") + "1 14:00 time");
    REQUIRE(fired.size() == 1);
    CHECK(fired[0].rule.str() == "gate-blind");
    CHECK(std::get<std::vector<std::string>>(fired[0].evidence.at("values")) == std::vector<std::string>{"p", "q"});
    CHECK(std::get<std::vector<std::string>>(fired[0].evidence.at("sources")) == std::vector<std::string>{"in", "out"});
    CHECK(fired[0].text_zh.find("p、q") != std::string::npos);
    // Partly blind: the evidence says so.
    Player partly(text);
    const auto with = partly.play(begin + off("1 10:00", "in") + "2 09:00 time");
    REQUIRE(with.size() == 1);
    CHECK(std::get<std::vector<std::string>>(with[0].evidence.at("blind_sources")) == std::vector<std::string>{"in"});
}

TEST_CASE("labels of strangers", "[unit]") {
    run_cases(
        rule("watch: face_seen\nwhere: {not: {stranger.label: courier}}\nper: stranger\neach: {}\nopen_for: 1m\nlegal_basis: "
             "test"),
        {
            {"a courier is passed over",
             "1 08:00 tag_added stranger=s tag=courier\n1 09:00 face_seen stranger=s\n1 09:00 face_seen stranger=t",
             "t firing 1 09:00"},
            {"until the label ends",
             "1 08:00 tag_added stranger=s tag=courier more.until=1/10:00\n1 09:00 face_seen stranger=s\n1 11:00 face_seen "
             "stranger=s",
             "s firing 1 11:00"},
            {"or is taken away",
             "1 08:00 tag_added stranger=s tag=courier\n1 09:00 tag_removed stranger=s tag=courier\n1 09:30 face_seen stranger=s",
             "s firing 1 09:30"},
        });
}

TEST_CASE("days of the week; a night belongs to the day on which it begins", "[unit]") {
    // 2026-11-01 is a Sunday.
    run_cases(rule("watch: denied\nper: door\nweekdays: [fri]\nduring: \"22:00-06:00\"\neach: {}\nopen_for: 1s"),
              {
                  {"Friday night", "6 23:00 denied door=d", "d firing 6 23:00"},
                  {"its morning is Saturday's", "7 05:59 denied door=d", "d firing 7 05:59"},
                  {"Friday morning is Thursday's night", "6 05:00 denied door=d", ""},
                  {"Saturday night", "7 23:00 denied door=d", ""},
              });
    run_cases(rule("watch: denied\nper: door\nweekdays: workdays\neach: {}\nopen_for: 1s"),
              {
                  {"Monday", "2 10:00 denied door=d", "d firing 2 10:00"},
                  {"Sunday", "1 10:00 denied door=d", ""},
              });
}
