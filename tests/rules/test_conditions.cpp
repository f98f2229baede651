// What each condition does, in virtual time.

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

TEST_CASE("absent: silence of those who were seen", "[unit]") {
    run_cases(
        rule("watch: passage\nper: person\nabsent: {for: 24h}"),
        {
            {"fires at the deadline and resolves when seen", "1 08:00 passage person=p1\n2 09:00 passage person=p1",
             "p1 firing 2 08:00; p1 resolved 2 09:00"},
            {"fires with no traffic at all", "1 08:00 passage person=p1\n5 08:00 time", "p1 firing 2 08:00"},
            {"not a millisecond early", "1 08:00 passage person=p1\n2 07:59:59.999 time", ""},
            {"at its very millisecond", "1 08:00 passage person=p1\n2 08:00 time", "p1 firing 2 08:00"},
            {"a record of that very millisecond comes too late", "1 08:00 passage person=p1\n2 08:00 passage person=p1",
             "p1 firing 2 08:00; p1 resolved 2 08:00"},
            {"a millisecond before, it is in time", "1 08:00 passage person=p1\n2 07:59:59.999 passage person=p1\n3 07:00 time",
             ""},
            {"one alert for one silence", "1 08:00 passage person=p1\n9 08:00 time\n10 08:00 time", "p1 firing 2 08:00"},
            {"a second silence, a second alert", "1 08:00 passage person=p1\n3 08:00 passage person=p1\n5 08:00 time",
             "p1 firing 2 08:00; p1 resolved 3 08:00; p1 firing 4 08:00"},
            {"each person alone", "1 08:00 passage person=p1\n1 20:00 passage person=p2\n2 10:00 passage person=p1\n3 00:00 time",
             "p1 firing 2 08:00; p1 resolved 2 10:00; p2 firing 2 20:00"},
            {"in the order of deadlines, then of subjects",
             "1 09:00 passage person=p3\n1 09:00 passage person=p1\n1 08:00:00.001 time\n1 09:00 passage person=p2\n3 00:00 time",
             "p1 firing 2 09:00; p2 firing 2 09:00; p3 firing 2 09:00"},
            {"another kind is no sign of life", "1 08:00 passage person=p1\n2 07:00 denied person=p1\n2 10:00 time",
             "p1 firing 2 08:00"},
            {"a record without a person concerns nobody", "1 08:00 passage\n3 08:00 time", ""},
            {"a record of a sibling gate is not watched",
             "1 08:00 passage person=p1\n2 07:00 passage person=p1 origin=b\n2 10:00 time", "p1 firing 2 08:00"},
            {"who leaves the roster is watched no longer",
             "1 08:00 passage person=p1\n1 09:00 roster_changed person=p1 more.change=person_removed\n3 08:00 time", ""},
            {"an open alert of who leaves the roster ends",
             "1 08:00 passage person=p1\n3 09:00 roster_changed person=p1 more.change=person_removed card=c1",
             "p1 firing 2 08:00; p1 resolved 3 09:00"},
        });
}

TEST_CASE("absent: subjects by tag", "[unit]") {
    run_cases(
        rule("watch: passage\nwhere: {person.tags: lives-alone, certainty: strong}\nper: person\nabsent: {for: 24h}"),
        {
            {"the tag alone begins the silence", "1 08:00 tag_added person=p1 tag=lives-alone\n3 08:00 time",
             "p1 firing 2 08:00"},
            {"another tag does not", "1 08:00 tag_added person=p1 tag=deaf\n3 08:00 time", ""},
            {"tags on a record count as well", "1 08:00 activity person=p1 tags=deaf,lives-alone\n3 08:00 time",
             "p1 firing 2 08:00"},
            {"who is not tagged is no subject", "1 08:00 passage person=p1 certainty=strong\n3 08:00 time", ""},
            {"a weak sighting does not end the silence",
             "1 08:00 tag_added person=p1 tag=lives-alone\n1 20:00 passage person=p1 certainty=weak\n3 08:00 time",
             "p1 firing 2 08:00"},
            {"a strong one does",
             "1 08:00 tag_added person=p1 tag=lives-alone\n1 20:00 passage person=p1 certainty=strong\n2 19:00 time", ""},
            {"the end of the tag ends the watch",
             "1 08:00 tag_added person=p1 tag=lives-alone\n1 20:00 tag_removed person=p1 tag=lives-alone\n3 08:00 time", ""},
            {"and resolves what is open",
             "1 08:00 tag_added person=p1 tag=lives-alone\n3 08:00 tag_removed person=p1 tag=lives-alone\n9 08:00 time",
             "p1 firing 2 08:00; p1 resolved 3 08:00"},
            {"tagged again, the silence begins again",
             "1 08:00 tag_added person=p1 tag=lives-alone\n1 20:00 tag_removed person=p1 tag=lives-alone\n"
             "1 22:00 tag_added person=p1 tag=lives-alone\n3 08:00 time",
             "p1 firing 2 22:00"},
            {"the same tag again is nothing new",
             "1 08:00 tag_added person=p1 tag=lives-alone\n1 20:00 tag_added person=p1 tag=lives-alone\n3 08:00 time",
             "p1 firing 2 08:00"},
            {"a record with other tags tells that the tag is gone",
             "1 08:00 tag_added person=p1 tag=lives-alone\n1 20:00 granted person=p1 tags=deaf\n3 08:00 time", ""},
            {"a record without tags tells nothing",
             "1 08:00 tag_added person=p1 tag=lives-alone\n1 20:00 granted person=p1\n3 08:00 time", "p1 firing 2 08:00"},
        });
}

TEST_CASE("absent: unless a person's tag", "[unit]") {
    run_cases(rule("watch: passage\nper: person\nabsent: {for: 24h}\nunless: {person.tags: [away, hospital]}"),
              {
                  {"no alert while away", "1 08:00 passage person=p1\n1 09:00 tag_added person=p1 tag=away\n9 08:00 time", ""},
                  {"the count begins anew when it ends",
                   "1 08:00 passage person=p1\n1 09:00 tag_added person=p1 tag=away\n5 12:00 tag_removed person=p1 tag=away\n9 "
                   "08:00 time",
                   "p1 firing 6 12:00"},
                  {"an open alert has its explanation",
                   "1 08:00 passage person=p1\n3 09:00 tag_added person=p1 tag=hospital\n9 08:00 time",
                   "p1 firing 2 08:00; p1 resolved 3 09:00"},
                  {"one of two excuses is enough",
                   "1 08:00 passage person=p1\n1 09:00 tag_added person=p1 tag=away\n1 10:00 tag_added person=p1 tag=hospital\n"
                   "2 09:00 tag_removed person=p1 tag=away\n9 08:00 time",
                   ""},
                  {"seen while away", "1 08:00 tag_added person=p1 tag=away\n2 08:00 passage person=p1\n9 08:00 time", ""},
                  {"another's absence excuses nobody",
                   "1 08:00 passage person=p1\n1 09:00 tag_added person=p2 tag=away\n3 08:00 time", "p1 firing 2 08:00"},
                  {"the gate's tag of that name neither", "1 08:00 passage person=p1\n1 09:00 tag_added tag=away\n3 08:00 time",
                   "p1 firing 2 08:00"},
              });
}

TEST_CASE("absent: unless a tag of the gate, and other subjects", "[unit]") {
    const auto rain = rule("watch: passage\nper: household\nabsent: {for: 24h}\nunless: {gate.tags: rain}");
    run_cases(rain,
              {
                  {"nobody is missed in the rain", "1 08:00 passage household=h1\n1 09:00 tag_added tag=rain\n5 08:00 time", ""},
                  {"after it everybody counts from its end",
                   "1 08:00 passage household=h2\n1 08:30 passage household=h1\n1 09:00 tag_added tag=rain\n2 09:00 tag_removed "
                   "tag=rain\n5 08:00 time",
                   "h1 firing 3 09:00; h2 firing 3 09:00"},
                  {"who is first seen in the rain counts from its end",
                   "1 09:00 tag_added tag=rain\n1 10:00 passage household=h1\n2 09:00 tag_removed tag=rain\n5 08:00 time",
                   "h1 firing 3 09:00"},
                  {"rain at a sibling gate is elsewhere",
                   "1 08:00 passage household=h1\n1 09:00 tag_added tag=rain origin=b\n3 08:00 time", "h1 firing 2 08:00"},
              });
    run_cases(rule("watch: passage\nabsent: {for: 12h}"),
              {{"the gate is a subject from the first record on", "1 08:00 door_opened door=front\n3 00:00 time",
                "gate firing 1 20:00"},
               {"any passage ends its silence", "1 08:00 passage person=p1\n1 21:00 passage person=p2\n2 08:00 time",
                "gate firing 1 20:00; gate resolved 1 21:00"}});
    run_cases(rule("watch: [door_opened, door_closed]\nper: door\nabsent: {for: 12h}"),
              {{"a door, from its first record on", "1 08:00 door_opened door=front\n1 19:00 door_closed door=back\n2 00:00 time",
                "front firing 1 20:00"}});
}

TEST_CASE("count: more than N in a sliding window", "[unit]") {
    run_cases(
        rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 2}"),
        {
            {"two are not more than two", "1 08:00 granted card=c\n1 08:10 granted card=c\n1 12:00 time", ""},
            {"the third fires, and the count falls when the first leaves",
             "1 08:00 granted card=c\n1 08:10 granted card=c\n1 08:20 granted card=c\n1 12:00 time",
             "c firing 1 08:20; c resolved 1 09:00"},
            {"a fourth keeps it up",
             "1 08:00 granted card=c\n1 08:10 granted card=c\n1 08:20 granted card=c\n1 08:30 granted card=c\n1 12:00 time",
             "c firing 1 08:20; c resolved 1 09:10"},
            {"a match exactly as old as the window has left it",
             "1 08:00 granted card=c\n1 08:10 granted card=c\n1 09:00 granted card=c\n1 12:00 time", ""},
            {"a millisecond younger has not",
             "1 08:00:00.001 granted card=c\n1 08:10 granted card=c\n1 09:00 granted card=c\n1 12:00 time",
             "c firing 1 09:00; c resolved 1 09:00:00.001"},
            {"it fires again when it rises again",
             "1 08:00 granted card=c\n1 08:10 granted card=c\n1 08:20 granted card=c\n1 09:05 granted card=c\n1 12:00 time",
             "c firing 1 08:20; c resolved 1 09:00; c firing 1 09:05; c resolved 1 09:10"},
            {"at one instant", "1 08:00 granted card=c\n1 08:00 granted card=c\n1 08:00 granted card=c\n1 12:00 time",
             "c firing 1 08:00; c resolved 1 09:00"},
            {"cards do not add up",
             "1 08:00 granted card=a\n1 08:10 granted card=b\n1 08:20 granted card=a\n1 08:30 granted card=b\n1 12:00 time", ""},
        });
    run_cases(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 1}"),
              {{"a card that is gone, but not its holder",
                "1 08:00 granted card=c person=p\n1 08:01 granted card=c person=p\n1 08:02 roster_changed card=c person=p "
                "more.change=card_removed\n1 08:03 granted card=c person=p",
                "c firing 1 08:01; c resolved 1 08:02"}});
    run_cases(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 0}"),
              {{"more than none", "1 08:00 granted card=c\n1 08:30 granted card=c\n1 12:00 time",
                "c firing 1 08:00; c resolved 1 09:30"}});
    run_cases(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 1}\nunless: {person.tags: staff}"),
              {{"who is excused does not count",
                "1 08:00 tag_added person=p tag=staff\n1 08:00 granted card=c person=p\n1 08:01 granted card=c person=p\n"
                "1 08:02 granted card=c person=p\n1 08:03 granted card=c person=q",
                ""}});
}

TEST_CASE("days: consecutive local days", "[unit]") {
    run_cases(
        rule("watch: denied\nper: card\ndays: {consecutive: 3}"),
        {
            {"the third day fires, and the run breaks at the midnight that ends a day without",
             "1 20:00 denied card=c\n2 09:00 denied card=c\n3 23:00 denied card=c\n9 00:00 time",
             "c firing 3 23:00; c resolved 5 00:00"},
            {"several on one day count once",
             "1 20:00 denied card=c\n1 21:00 denied card=c\n2 09:00 denied card=c\n2 10:00 denied card=c\n9 00:00 time", ""},
            {"a day between breaks the run",
             "1 20:00 denied card=c\n2 09:00 denied card=c\n4 09:00 denied card=c\n5 09:00 denied card=c\n9 00:00 time", ""},
            {"the run goes on",
             "1 20:00 denied card=c\n2 09:00 denied card=c\n3 09:00 denied card=c\n4 09:00 denied card=c\n9 00:00 time",
             "c firing 3 09:00; c resolved 6 00:00"},
            {"midnight belongs to the new day",
             "1 23:59:59.999 denied card=c\n2 00:00 denied card=c\n3 00:00 denied card=c\n9 00:00 time",
             "c firing 3 00:00; c resolved 5 00:00"},
            {"a second run, a second alert",
             "1 20:00 denied card=c\n2 09:00 denied card=c\n3 09:00 denied card=c\n6 09:00 denied card=c\n7 09:00 denied "
             "card=c\n8 09:00 denied card=c",
             "c firing 3 09:00; c resolved 5 00:00; c firing 8 09:00"},
            {"the local day is the record's own",
             "1 20:00 denied card=c at=2026-11-01T23:30:00+09:00\n2 09:00 denied card=c\n3 09:00 denied card=c\n9 00:00 time",
             "c firing 3 09:00; c resolved 5 00:00"},
            {"a record without trusted time has no day",
             "1 20:00 denied card=c\n2 09:00 denied card=c untrusted\n3 09:00 denied card=c\n9 00:00 time", ""},
        });
}

TEST_CASE("two identities that were one stranger: their days are the same person's", "[unit]") {
    run_cases(
        rule("watch: face_seen\nper: stranger\ndays: {consecutive: 3}\nlegal_basis: test"),
        {{"the days of both count",
          "1 09:00 face_seen stranger=s1\n2 09:00 face_seen stranger=s2\n3 09:00 roster_changed stranger=s2 "
          "more.change=stranger_merged more.into=s1\n3 09:00 face_seen stranger=s1\n9 00:00 time",
          "s1 firing 3 09:00; s1 resolved 5 00:00"},
         {"of one that was merged before it was seen again",
          "1 09:00 face_seen stranger=s2\n2 09:00 face_seen stranger=s2\n2 10:00 roster_changed stranger=s2 "
          "more.change=stranger_merged more.into=s1\n3 09:00 face_seen stranger=s1\n9 00:00 time",
          "s1 firing 3 09:00; s1 resolved 5 00:00"},
         {"an alert that is open ends with its identity",
          "1 09:00 face_seen stranger=s2\n2 09:00 face_seen stranger=s2\n3 09:00 face_seen stranger=s2\n3 10:00 "
          "roster_changed stranger=s2 more.change=stranger_merged more.into=s1\n3 11:00 face_seen stranger=s1\n9 00:00 time",
          "s2 firing 3 09:00; s2 resolved 3 10:00; s1 firing 3 11:00; s1 resolved 5 00:00"},
         {"nobody is merged into nothing",
          "1 09:00 roster_changed stranger=s2 more.change=stranger_merged\n2 09:00 face_seen stranger=s2", ""}});
    run_cases(rule("watch: card_face\nper: card\ndistinct: {of: who, over: 7d, more_than: 1}\nlegal_basis: test"),
              {{"one face under two names is one face",
                "1 09:00 card_face card=c stranger=s1\n1 10:00 roster_changed stranger=s2 more.change=stranger_merged "
                "more.into=s1\n1 11:00 card_face card=c stranger=s1\n1 12:00 card_face card=c stranger=s3",
                "c firing 1 12:00"},
               {"also when both had used the card",
                "1 09:00 card_face card=c stranger=s1\n1 09:30 card_face card=d stranger=s2\n1 10:00 roster_changed stranger=s2 "
                "more.change=stranger_merged more.into=s1\n1 11:00 card_face card=d stranger=s1",
                ""}});
}

TEST_CASE("days: at least so many within so many", "[unit]") {
    run_cases(rule("watch: denied\nper: card\ndays: {at_least: 3, within: 7d}"),
              {
                  {"three of seven", "1 20:00 denied card=c\n4 09:00 denied card=c\n7 09:00 denied card=c\n20 00:00 time",
                   "c firing 7 09:00; c resolved 8 00:00"},
                  {"the eighth day is outside",
                   "1 20:00 denied card=c\n4 09:00 denied card=c\n8 09:00 denied card=c\n20 00:00 time", ""},
                  {"one more day keeps it up",
                   "1 20:00 denied card=c\n4 09:00 denied card=c\n5 09:00 denied card=c\n6 09:00 denied card=c\n20 00:00 time",
                   "c firing 5 09:00; c resolved 11 00:00"},
              });
}

TEST_CASE("each: a matching record", "[unit]") {
    run_cases(rule("watch: door_held\nper: door\neach: {}"),
              {
                  {"ends by itself after an hour", "1 08:00 door_held door=front\n1 12:00 time",
                   "front firing 1 08:00; front resolved 1 09:00"},
                  {"one open alert for one door", "1 08:00 door_held door=front\n1 08:30 door_held door=front\n1 12:00 time",
                   "front firing 1 08:00; front resolved 1 09:00"},
                  {"doors are separate", "1 08:00 door_held door=front\n1 08:30 door_held door=back",
                   "front firing 1 08:00; back firing 1 08:30"},
                  {"at the end of one the next may begin", "1 08:00 door_held door=front\n1 09:00 door_held door=front",
                   "front firing 1 08:00; front resolved 1 09:00; front firing 1 09:00"},
              });
    run_cases(rule("watch: door_held\nper: door\neach: {cooldown: 2h}\nopen_for: 10m"),
              {{"quiet for the cooldown",
                "1 08:00 door_held door=front\n1 09:00 door_held door=front\n1 09:59:59.999 door_held door=front",
                "front firing 1 08:00; front resolved 1 08:10"},
               {"then not", "1 08:00 door_held door=front\n1 10:00 door_held door=front",
                "front firing 1 08:00; front resolved 1 08:10; front firing 1 10:00"}});
    run_cases(rule("watch: door_forced\neach: {}\nresolve: manual"),
              {{"only a person ends it", "1 08:00 door_forced door=front\n9 08:00 time", "gate firing 1 08:00"}});
}

TEST_CASE("where: which records match", "[unit]") {
    const auto fires = [](const std::string& where, const std::string& step) {
        Player player(rule("watch: [granted, denied]\nwhere: " + where + "\neach: {}"));
        player.play("1 07:00 tag_added person=tagged tag=vip\n1 07:00 tag_added tag=rain");
        return !player.play("1 08:00 " + step).empty();
    };
    CHECK(fires("{door: front}", "granted door=front"));
    CHECK_FALSE(fires("{door: front}", "granted door=back"));
    CHECK_FALSE(fires("{door: front}", "granted"));
    CHECK(fires("{door: [front, back]}", "granted door=back"));
    CHECK_FALSE(fires("{door: front, side: in}", "granted door=front side=out"));
    CHECK(fires("{not: {door: front}}", "granted door=back"));
    CHECK(fires("{not: {door: front}}", "granted"));
    CHECK_FALSE(fires("{not: {door: front}}", "granted door=front"));
    CHECK(fires("{not: {door: front, side: in}}", "granted door=front side=out"));
    CHECK_FALSE(fires("{not: {door: front, side: in}}", "granted door=front side=in"));
    CHECK_FALSE(fires("{not: [{door: front}, {side: in}]}", "granted door=back side=in"));
    CHECK(fires("{method: [card, pin]}", "granted method=pin"));
    CHECK_FALSE(fires("{method: [card, pin]}", "granted method=face"));
    CHECK(fires("{certainty: strong}", "granted certainty=strong"));
    CHECK(fires("{reason: suspended}", "denied reason=suspended"));
    CHECK(fires("{person.tags: vip}", "granted person=tagged"));
    CHECK_FALSE(fires("{person.tags: vip}", "granted person=other"));
    CHECK_FALSE(fires("{person.tags: vip}", "granted"));
    CHECK(fires("{person.tags: vip}", "granted person=other tags=vip"));
    CHECK(fires("{gate.tags: rain}", "granted"));
    CHECK_FALSE(fires("{gate.tags: snow}", "granted"));
    CHECK(fires("{more.xcase: a}", "granted more.xcase=a"));
    CHECK_FALSE(fires("{more.xcase: a}", "granted more.xcase=b"));
    CHECK_FALSE(fires("{late: true}", "granted"));
}

TEST_CASE("during: a part of the day, also over midnight", "[unit]") {
    run_cases(rule("watch: granted\neach: {}\nopen_for: 1s\nduring: \"23:00-05:00\""),
              {
                  {"before", "1 22:59:59.999 granted", ""},
                  {"at its beginning", "1 23:00 granted", "gate firing 1 23:00"},
                  {"after midnight", "1 00:00 granted", "gate firing 1 00:00"},
                  {"its last millisecond", "1 04:59:59.999 granted", "gate firing 1 04:59:59.999"},
                  {"its end is outside", "1 05:00 granted", ""},
                  {"by the record's own local time", "1 05:00 granted at=2026-11-01T05:30:00+09:00", ""},
                  {"an untrusted clock has no time of day", "1 23:30 granted untrusted", ""},
              });
    run_cases(rule("watch: granted\neach: {}\nduring: \"00:00-24:00\""),
              {{"the whole day", "1 23:59:59.999 granted", "gate firing 1 23:59:59.999"}});
}
