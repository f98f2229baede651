// A then B, A then no B, A with no B before it; and what differs. Distinct values. Limits by the size of the household.

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

TEST_CASE("sequence then, at another door: a cloned card", "[unit]") {
    run_cases(
        rule("watch: card_read\nper: card\nsequence: {then: {watch: card_read, differs: door}, within: 10s}\nopen_for: 1h"),
        {
            {"another door in time", "1 08:00 card_read card=c door=a\n1 08:00:09 card_read card=c door=b",
             "c firing 1 08:00:09"},
            {"a millisecond before the edge", "1 08:00 card_read card=c door=a\n1 08:00:09.999 card_read card=c door=b",
             "c firing 1 08:00:09.999"},
            {"at the edge is too late", "1 08:00 card_read card=c door=a\n1 08:00:10 card_read card=c door=b", ""},
            {"the same door is no other", "1 08:00 card_read card=c door=a\n1 08:00:05 card_read card=c door=a", ""},
            {"another card is another subject", "1 08:00 card_read card=c door=a\n1 08:00:05 card_read card=d door=b", ""},
            {"the second read at its own door does not hide the first",
             "1 08:00 card_read card=c door=a\n1 08:00:03 card_read card=c door=b\n1 09:30 card_read card=c door=b\n1 09:30:05 "
             "card_read card=c door=b\n1 09:30:07 card_read card=c door=a",
             "c firing 1 08:00:03; c resolved 1 09:00:03; c firing 1 09:30:07"},
            {"an older read at the other door still counts when the latest was here",
             "1 08:00 card_read card=c door=a\n1 08:00:04 card_read card=c\n1 08:00:08 card_read card=c door=b",
             "c firing 1 08:00:08"},
            {"it ends by itself", "1 08:00 card_read card=c door=a\n1 08:00:05 card_read card=c door=b\n1 10:00 time",
             "c firing 1 08:00:05; c resolved 1 09:00:05"},
        });
}

TEST_CASE("sequence then, with nothing that must differ", "[unit]") {
    run_cases(rule("watch: denied\nper: door\nsequence: {then: {watch: door_forced}, within: 5m}"),
              {
                  {"A then B", "1 08:00 denied door=a\n1 08:04 door_forced door=a", "a firing 1 08:04"},
                  {"B alone", "1 08:04 door_forced door=a", ""},
                  {"B then A", "1 08:00 door_forced door=a\n1 08:01 denied door=a", ""},
                  {"the latest A counts", "1 08:00 denied door=a\n1 08:04 denied door=a\n1 08:08 door_forced door=a",
                   "a firing 1 08:08"},
                  {"B at another door", "1 08:00 denied door=a\n1 08:01 door_forced door=b", ""},
              });
}

TEST_CASE("sequence then_not: a door that is not closed, a child who does not come home", "[unit]") {
    run_cases(rule("watch: door_opened\nper: door\nsequence: {then_not: {watch: door_closed}, within: 30s}"),
              {
                  {"left open, with no traffic at all", "1 08:00 door_opened door=a\n1 08:01 time", "a firing 1 08:00:30"},
                  {"closed in time", "1 08:00 door_opened door=a\n1 08:00:29.999 door_closed door=a\n1 08:05 time", ""},
                  {"closed at the edge is too late", "1 08:00 door_opened door=a\n1 08:00:30 door_closed door=a",
                   "a firing 1 08:00:30; a resolved 1 08:00:30"},
                  {"the awaited record ends it", "1 08:00 door_opened door=a\n1 08:10 door_closed door=a",
                   "a firing 1 08:00:30; a resolved 1 08:10"},
                  {"opening again while open starts nothing anew",
                   "1 08:00 door_opened door=a\n1 08:00:20 door_opened door=a\n1 08:01 time", "a firing 1 08:00:30"},
                  {"one alert, however often it is opened",
                   "1 08:00 door_opened door=a\n1 08:01 door_opened door=a\n1 09:00 door_opened door=a\n1 10:00 time",
                   "a firing 1 08:00:30"},
                  {"and again after it was closed",
                   "1 08:00 door_opened door=a\n1 08:01 door_closed door=a\n1 09:00 door_opened door=a\n1 09:01 time",
                   "a firing 1 08:00:30; a resolved 1 08:01; a firing 1 09:00:30"},
              });
    run_cases(
        rule("watch: passage\nwhere: {side: out, person.tags: child}\nper: person\nsequence: {then_not: {watch: passage, "
             "where: {side: in}}, within: 10h}"),
        {
            {"out and not back", "1 07:30 passage person=p side=out tags=child\n1 18:00 time", "p firing 1 17:30"},
            {"out and back", "1 07:30 passage person=p side=out tags=child\n1 16:00 passage person=p side=in\n2 00:00 time", ""},
            {"somebody else came in",
             "1 07:30 passage person=p side=out tags=child\n1 16:00 passage person=q side=in\n1 18:00 time", "p firing 1 17:30"},
        });
}

TEST_CASE("sequence not_before: a door opened with nobody let in", "[unit]") {
    run_cases(
        rule("watch: door_opened\nper: door\nsequence: {not_before: {watch: [granted, exit_request]}, within: 8s}\nopen_for: 1h"),
        {
            {"nothing before it", "1 08:00 door_opened door=a", "a firing 1 08:00"},
            {"a grant before it", "1 08:00 granted door=a\n1 08:00:07.999 door_opened door=a", ""},
            {"a grant too long before it", "1 08:00 granted door=a\n1 08:00:08 door_opened door=a", "a firing 1 08:00:08"},
            {"the exit button", "1 08:00 exit_request door=a\n1 08:00:01 door_opened door=a", ""},
            {"a grant at another door", "1 08:00 granted door=b\n1 08:00:01 door_opened door=a", "a firing 1 08:00:01"},
            {"a grant after it explains nothing", "1 08:00 door_opened door=a\n1 08:00:01 granted door=a", "a firing 1 08:00"},
        });
    // A record that is both does not explain itself.
    run_cases(rule("watch: passage\nper: person\nsequence: {not_before: {watch: passage}, within: 1h}\nopen_for: 1s"),
              {{"the first of an hour", "1 08:00 passage person=p\n1 08:30 passage person=p\n1 10:00 passage person=p",
                "p firing 1 08:00; p resolved 1 08:00:01; p firing 1 10:00"}});
}

TEST_CASE("distinct: different values in a window", "[unit]") {
    run_cases(
        rule("watch: granted\nper: card\ndistinct: {of: who, over: 1d, more_than: 2}\nlegal_basis: test"),
        {
            {"three people with one card",
             "1 08:00 granted card=c person=a\n1 09:00 granted card=c person=b\n1 10:00 granted card=c person=d",
             "c firing 1 10:00"},
            {"one person often",
             "1 08:00 granted card=c person=a\n1 09:00 granted card=c person=a\n1 10:00 granted card=c person=a", ""},
            {"a stranger counts when there is no person",
             "1 08:00 granted card=c person=a\n1 09:00 granted card=c stranger=s\n1 10:00 granted card=c stranger=t",
             "c firing 1 10:00"},
            {"who is the person, not the stranger beside it",
             "1 08:00 granted card=c person=a stranger=s\n1 09:00 granted card=c person=a stranger=t\n1 10:00 granted card=c "
             "person=b stranger=u",
             ""},
            {"it is over when one has left the window",
             "1 08:00 granted card=c person=a\n1 09:00 granted card=c person=b\n1 10:00 granted card=c person=d\n2 12:00 time",
             "c firing 1 10:00; c resolved 2 08:00"},
            {"at the edge of the window it has left",
             "1 08:00 granted card=c person=a\n1 09:00 granted card=c person=b\n2 08:00 granted card=c person=d", ""},
            {"a millisecond before it has not",
             "1 08:00 granted card=c person=a\n1 09:00 granted card=c person=b\n2 07:59:59.999 granted card=c person=d\n2 08:00 "
             "time",
             "c firing 2 07:59:59.999; c resolved 2 08:00"},
            {"seen again stays in the window longer",
             "1 08:00 granted card=c person=a\n1 09:00 granted card=c person=b\n1 10:00 granted card=c person=d\n1 20:00 granted "
             "card=c person=a\n2 12:00 time",
             "c firing 1 10:00; c resolved 2 09:00"},
        });
    Player player(rule("watch: granted\nper: household\ndistinct: {of: card, over: 1d, more_than: 1}"));
    const auto out = player.play("1 08:00 granted household=h card=c2\n1 09:00 granted household=h card=c1");
    REQUIRE(out.size() == 1);
    CHECK(std::get<std::vector<std::string>>(out[0].evidence.at("values")) == std::vector<std::string>{"c1", "c2"});
    CHECK(std::get<std::int64_t>(out[0].evidence.at("count")) == 2);
}

TEST_CASE("limits by the size of the household", "[unit]") {
    const auto sized = [](const std::string& limit) {
        return rule("watch: granted\nper: household\ncount: {over: 1d, more_than: " + limit + "}");
    };
    const auto play = [&](const std::string& limit, int size, int times) {
        Player player(sized(limit));
        std::string steps;
        for (int i = 0; i < times; ++i) {
            steps += fmt::format("1 {:02}:00 granted household=h{}\n", i, size == 0 ? "" : " size=" + std::to_string(size));
        }
        return in_short(player.play(steps));
    };
    CHECK(play("{household.size: +2}", 1, 3).empty());
    CHECK(play("{household.size: +2}", 1, 4) == "h firing 1 03:00");
    CHECK(play("{household.size: +2}", 3, 5).empty());
    CHECK(play("{household.size: +2}", 3, 6) == "h firing 1 05:00");
    CHECK(play("{household.size: -1}", 2, 2) == "h firing 1 01:00");
    CHECK(play("{household.size: -9}", 2, 1) == "h firing 1 00:00");  // never below 0
    CHECK(play("{household.size: +2}", 0, 9).empty());                // unknown: not judged
    CHECK(play("{household.size: +2, unknown: 4}", 0, 5) == "h firing 1 04:00");

    Player grows(sized("{household.size: 0}"));
    CHECK(in_short(
              grows.play("1 08:00 granted household=h size=1\n1 09:00 granted household=h\n1 10:00 granted household=h size=3\n"
                         "1 11:00 granted household=h\n1 12:00 granted household=h\n2 12:00 time")) ==
          "h firing 1 09:00; h resolved 2 09:00");
}
