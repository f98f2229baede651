#include "daemon/app/mqtt_inputs.hpp"
#include "daemon/app/tag_ends.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::app;
using Catch::Matchers::Contains;

namespace {

Now morning() {
    Now now;
    now.wall = *parse_stamp("2026-11-01T08:00:00+08:00");
    return now;
}

Roster one_resident() {
    Roster roster;
    roster.put(Person{.id = PersonId("p1")});
    return roster;
}

std::string why_not(const End& end, const Now& now) {
    const auto read = read_end(end, now);
    return read ? "" : read.error().message;
}

config::MqttInput input_on(const std::string& topic) {
    config::MqttInput input;
    input.topic = topic;
    return input;
}

}  // namespace

TEST_CASE("an end is a moment or a duration, and lies ahead", "[unit]") {
    auto now = morning();
    CHECK_FALSE(read_end({}, now)->has_value());
    CHECK(**read_end({"2026-11-02T08:00:00+08:00", {}}, now) == now.wall.time + 24h);
    CHECK(**read_end({{}, "6h"}, now) == now.wall.time + 6h);
    CHECK_THAT(why_not({"2026-11-02T08:00:00+08:00", "6h"}, now), Contains("not both"));
    CHECK_THAT(why_not({"2026-11-01T08:00:00+08:00", {}}, now), Contains("lies in the past"));
    CHECK_THAT(why_not({"2026-11-31T08:00:00+08:00", {}}, now), Contains("until"));
    CHECK_THAT(why_not({"2126-11-01T08:00:00+08:00", {}}, now), Contains("ten years"));
    CHECK_THAT(why_not({{}, "500ms"}, now), Contains("from 1s"));
    CHECK_THAT(why_not({{}, "soon"}, now), Contains("for"));
    now.wall_is_trusted = false;
    CHECK_THAT(why_not({{}, "6h"}, now), Contains("not trusted"));
    CHECK(read_end({"2020-01-01T00:00:00Z", {}}, now));  // nobody can say that it is past
}

TEST_CASE("tags end in the order of their ends, and never by a clock that is not trusted", "[unit]") {
    auto now = morning();
    auto roster = one_resident();
    roster.put_tag(PersonId("p1"), "away", now.wall.time + 2h);
    roster.put_tag(PersonId("p1"), "lives-alone", std::nullopt);
    roster.put_tag({}, "rain", now.wall.time + 1h);
    StrangerNotes strangers;
    strangers[StrangerId("s1")] = {.label = "courier", .until = now.wall.time + 3h};
    CHECK(first_end(roster, strangers) == now.wall.time + 1h);
    CHECK(ended_tags(roster, strangers, now, 10).empty());
    now.wall.time = now.wall.time + 1h - 1ms;
    CHECK(ended_tags(roster, strangers, now, 10).empty());
    now.wall.time = now.wall.time + 1ms;
    REQUIRE(ended_tags(roster, strangers, now, 10).size() == 1);
    now.wall.time = now.wall.time + 2h;
    const auto all = ended_tags(roster, strangers, now, 10);
    REQUIRE(all.size() == 3);
    CHECK(all[0].tag == "rain");
    CHECK(all[1].person.str() == "p1");
    CHECK(all[2].stranger.str() == "s1");
    CHECK(ended_tags(roster, strangers, now, 2).size() == 2);
    now.wall_is_trusted = false;
    CHECK(ended_tags(roster, strangers, now, 10).empty());
}

TEST_CASE("a tag file tells every mistake with its line", "[unit]") {
    const auto now = morning();
    const auto roster = one_resident();
    const auto good = read_tag_file(
        "t.csv", {"person,tag,until", "", "# note", " p1 , away , 6h", ",rain,2026-11-01T09:00:00+08:00", "p1,ill"}, roster, now);
    REQUIRE(good.problems.empty());
    REQUIRE(good.lines.size() == 3);
    CHECK(good.lines[0].until == now.wall.time + 6h);
    CHECK(good.lines[1].person.empty());
    CHECK_FALSE(good.lines[2].until);

    const auto bad =
        read_tag_file("t.csv", {"p1", "p2,away", "p1,Away", "p1,away,yesterday", "p1,ill", "p1,ill", "a,b,c,d"}, roster, now);
    REQUIRE(bad.problems.size() == 6);
    CHECK_THAT(bad.problems[0], Contains("t.csv:1: write person,tag,until"));
    CHECK_THAT(bad.problems[1], Contains("t.csv:2: there is no person"));
    CHECK_THAT(bad.problems[2], Contains("t.csv:3: tag \"Away\""));
    CHECK_THAT(bad.problems[3], Contains("t.csv:4: until"));
    CHECK_THAT(bad.problems[4], Contains("t.csv:6: p1 has the tag ill in a line before"));
    CHECK_THAT(bad.problems[5], Contains("t.csv:7"));

    CHECK(read_tag_file("t.csv", std::vector<std::string>(9'000, "x"), roster, now).problems.size() <= 52);
    std::vector<std::string> many;
    for (int i = 0; i < 1'001; ++i) many.push_back(",t" + std::to_string(i));
    CHECK_THAT(read_tag_file("t.csv", many, roster, now).problems.at(0), Contains("t.csv:1001: more than 1000"));
    CHECK_THAT(read_tag_file("t.csv", {"# only"}, roster, now).problems.at(0), Contains("holds no tag"));
}

TEST_CASE("a topic fits a filter level by level", "[unit]") {
    const auto [filter, topic, fits] = GENERATE(table<const char*, const char*, bool>({{"a/b", "a/b", true},
                                                                                       {"a/b", "a/c", false},
                                                                                       {"a/+", "a/b", true},
                                                                                       {"a/+", "a", false},
                                                                                       {"a/+", "a/b/c", false},
                                                                                       {"+/b", "x/b", true},
                                                                                       {"+", "", true},
                                                                                       {"a", "a/", false},
                                                                                       {"a/+/c", "a//c", true}}));
    CAPTURE(filter, topic);
    CHECK(topic_fits(filter, topic) == fits);
}

TEST_CASE("what a message means is decided by the input's when", "[unit]") {
    auto plain = input_on("hall");
    plain.when_values = {"ON", "on"};
    auto pointed = input_on("kettle");
    pointed.when_pointer = "/state/power";
    pointed.when_values = {"true", "21.5"};
    auto any = input_on("mat/+");
    MqttInputs inputs({plain, pointed, any});
    const auto taken = [&](std::string_view topic, std::string_view payload) {
        return inputs.on_message({topic, payload, false}).size();
    };
    CHECK(taken("hall", " ON\r\n") == 1);
    CHECK(taken("hall", "OFF") == 0);
    CHECK(taken("kettle", R"({"state": {"power": true}})") == 1);
    CHECK(taken("kettle", R"({"state": {"power": 21.50}})") == 1);
    CHECK(taken("kettle", R"({"state": {"power": "true"}})") == 1);
    CHECK(taken("kettle", R"({"state": {"power": false}})") == 0);
    CHECK(taken("mat/1", "") == 1);
    CHECK(taken("other", "ON") == 0);
    CHECK(inputs.on_message({"hall", "ON", true}).empty());  // retained: nobody knows when
    CHECK(inputs.counts().taken == 5);
    CHECK(inputs.counts().passed == 3);
    CHECK(inputs.counts().garbled == 0);

    CHECK(taken("kettle", "no JSON") == 0);
    CHECK(taken("kettle", R"({"state": 1})") == 0);
    CHECK(taken("kettle", std::string(4'000, '[')) == 0);
    CHECK(taken("mat/1", std::string(MqttInputs::kPayloadLimit + 1, 'x')) == 0);
    CHECK(inputs.counts().garbled == 4);
}

TEST_CASE("what could not be used is said once an hour", "[unit]") {
    auto input = input_on("kettle");
    input.when_pointer = "";
    input.when_values = {"1"};
    MqttInputs inputs({input});
    CHECK_FALSE(inputs.report(MonoTime{0ms}));
    for (int i = 0; i < 3; ++i) (void)inputs.on_message({"kettle", "{", false});
    CHECK_THAT(*inputs.report(MonoTime{1min}), Contains("3 messages") && Contains("kettle: no JSON"));
    (void)inputs.on_message({"kettle", "{", false});
    CHECK_FALSE(inputs.report(MonoTime{60min}));
    CHECK_THAT(*inputs.report(MonoTime{61min}), Contains("1 messages"));
    CHECK_FALSE(inputs.report(MonoTime{200min}));
}
