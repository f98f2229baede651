// Whatever the clocks do: steps, boots, 1970, time that the gate was off.

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

const auto kSilence = rule("watch: passage\nper: person\nabsent: {for: 24h}");

}  // namespace

TEST_CASE("within a boot durations are of the monotonic clock", "[unit]") {
    run_cases(
        kSilence,
        {
            {"an hour forward fires nothing early",
             "1 08:00 passage person=p1 boot=1 mono=1h\n1 10:00 clock_step boot=1 mono=2h\n2 08:30 time boot=1 mono=24h30m", ""},
            {"but when the time has really passed, by the clock as it then reads",
             "1 08:00 passage person=p1 boot=1 mono=1h\n1 10:00 clock_step boot=1 mono=2h\n2 09:30 time boot=1 mono=25h30m",
             "p1 firing 2 09:00"},
            {"an hour back fires nothing late",
             "1 08:00 passage person=p1 boot=1 mono=1h\n1 08:00 clock_step boot=1 mono=2h\n2 07:10 time boot=1 mono=25h10m",
             "p1 firing 2 07:00"},
            {"a record that comes late does not turn time back",
             "1 08:00 passage person=p1 boot=1 mono=1h\n1 09:00 activity boot=1 mono=2h\n1 08:30 activity boot=1 mono=1h30m\n2 "
             "08:00 time boot=1 mono=25h",
             "p1 firing 2 08:00"},
        });
    run_cases(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 1}"),
              {{"a window over a step",
                "1 08:00 granted card=c boot=1 mono=1h\n1 09:30 clock_step boot=1 mono=1h30m\n1 09:40 granted card=c boot=1 "
                "mono=1h40m\n"
                "1 10:10 time boot=1 mono=2h10m",
                "c firing 1 09:40; c resolved 1 10:00"}});
}

TEST_CASE("midnights are of the wall clock", "[unit]") {
    run_cases(
        rule("watch: denied\nper: card\ndays: {consecutive: 2}"),
        {
            {"an hour forward brings midnight nearer",
             "1 12:00 denied card=c boot=1 mono=1h\n2 12:00 denied card=c boot=1 mono=25h\n3 14:00 clock_step boot=1 mono=50h\n"
             "4 00:30 time boot=1 mono=60h30m",
             "c firing 2 12:00; c resolved 4 00:00"},
            {"a step over midnight is over it",
             "1 12:00 denied card=c boot=1 mono=1h\n2 12:00 denied card=c boot=1 mono=25h\n4 00:20 clock_step boot=1 mono=60h",
             "c firing 2 12:00; c resolved 4 00:00"},
            {"an hour back puts it off",
             "1 12:00 denied card=c boot=1 mono=1h\n2 12:00 denied card=c boot=1 mono=25h\n3 12:00 clock_step boot=1 mono=50h\n"
             "3 23:30 time boot=1 mono=61h30m\n4 00:10 time boot=1 mono=62h10m",
             "c firing 2 12:00; c resolved 4 00:00"},
        });
}

TEST_CASE("across boots durations are of the wall clock", "[unit]") {
    run_cases(
        kSilence,
        {
            {"a reboot counts",
             "1 08:00 passage person=p1 boot=1 mono=500h\n1 20:00 started boot=2 mono=1m more.alive=1/19:01\n2 08:30 time "
             "boot=2 mono=12h31m",
             "p1 firing 2 08:00"},
            {"an hour off does not count, and somebody is told",
             "1 08:00 passage person=p1 boot=1 mono=500h\n1 20:00 started boot=2 mono=1m more.alive=1/19:00\n2 09:30 time "
             "boot=2 mono=13h31m",
             "gate firing 1 20:00; gate resolved 1 21:00; p1 firing 2 09:00"},
            {"what fell due while the gate was off fires at its start",
             "1 08:00 passage person=p1 boot=1 mono=500h\n2 08:40 started boot=2 mono=1m more.alive=2/07:50",
             "p1 firing 2 08:40"},
            {"a long time off is taken out of the count as a whole",
             "1 08:00 passage person=p1 boot=1 mono=500h\n2 12:00 started boot=2 mono=1m more.alive=1/20:00\n"
             "3 00:00 time boot=2 mono=12h1m",
             "gate firing 2 12:00; gate resolved 2 13:00; p1 firing 3 00:00"},
            {"what fell due while it was alive fires at its own time",
             "1 08:00 passage person=p1 boot=1 mono=500h\n2 12:00 started boot=2 mono=1m more.alive=2/09:00",
             "p1 firing 2 08:00"},
            {"a restart in the same boot is the same",
             "1 08:00 passage person=p1 boot=1 mono=500h\n2 08:40 started boot=1 mono=524h40m more.alive=2/07:50",
             "p1 firing 2 08:40"},
            {"without a stamp of life, the last record is the last that is known",
             "1 08:00 passage person=p1 boot=1 mono=500h\n2 07:30 stopped boot=1 mono=523h30m\n2 08:20 started boot=2 mono=1m",
             "p1 firing 2 08:20"},
            {"a file's records know of starts as well", "1 08:00 passage person=p1\n2 08:30 started more.alive=2/07:45",
             "p1 firing 2 08:30"},
            {"the clock went back over the boot: no time is not less than none",
             "1 08:00 passage person=p1 boot=1 mono=500h\n1 06:00 started boot=2 mono=1m more.alive=1/07:00\n2 05:00 time "
             "boot=2 mono=23h1m\n"
             "2 06:00 time boot=2 mono=24h",
             "p1 firing 2 05:59"},
        });
    run_cases(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 0}"),
              {{"what falls back while off is told at the start",
                "1 08:00 granted card=c boot=1 mono=1h\n1 12:00 started boot=2 mono=1m more.alive=1/08:30",
                "c firing 1 08:00; c resolved 1 12:00"}});
}

TEST_CASE("a gate that wakes up in 1970", "[unit]") {
    run_cases(kSilence, {
                            {"the time off is not known, and then it is",
                             "1 08:00 passage person=p1 boot=1 mono=500h\n"
                             "1 00:00 started boot=2 mono=1m untrusted at=1970-01-01T08:01:00+08:00\n"
                             "1 00:00 activity boot=2 mono=10m untrusted at=1970-01-01T08:10:00+08:00\n"
                             "2 12:00 clock_trusted boot=2 mono=20m\n3 12:00 time boot=2 mono=24h20m",
                             "gate firing 2 12:00; gate resolved 2 13:00; p1 firing 3 11:40"},
                            {"if it was short, the silence runs on",
                             "1 08:00 passage person=p1 boot=1 mono=500h\n"
                             "1 00:00 started boot=2 mono=1m untrusted at=1970-01-01T08:01:00+08:00\n"
                             "1 09:00 clock_trusted boot=2 mono=20m\n2 09:00 time boot=2 mono=24h20m",
                             "p1 firing 2 08:00"},
                            {"a gate that never knew better does not jump by half a century",
                             "1 00:00 started boot=1 mono=1m untrusted at=1970-01-01T08:01:00+08:00\n"
                             "1 00:00 passage person=p1 boot=1 mono=10m untrusted at=1970-01-01T08:10:00+08:00\n"
                             "1 09:00 clock_trusted boot=1 mono=20m\n2 09:00 time boot=1 mono=24h20m",
                             "p1 firing 2 08:50"},
                        });
}

TEST_CASE("the time off that is known late comes before the boot, not into what is under way", "[unit]") {
    // 1 08:00 is the last that boot 1 knew; boot 2 wakes in 1970 and learns at 12:00 that it is 12:00.
    const std::string before = "1 08:00 activity boot=1 mono=500h\n";
    const auto in_1970 = [](const std::string& what, const std::string& mono) {
        return "1 00:00 " + what + " boot=2 mono=" + mono + " untrusted at=1970-01-01T08:01:00+08:00\n";
    };
    const auto boot = in_1970("started", "1m");
    const std::string trusted = "1 12:00 clock_trusted boot=2 mono=2m\n";
    run_cases(
        rule("watch: door_opened\nper: door\nsequence: {then_not: {watch: door_closed}, within: 2m}"),
        {{"closed in time",
          before + boot + in_1970("door_opened door=d", "90s") + trusted + "1 12:01 door_closed door=d boot=2 mono=3m\n", ""},
         {"not closed in time", before + boot + in_1970("door_opened door=d", "90s") + trusted + "1 12:10 time boot=2 mono=12m",
          "d firing 1 12:01:30"}});
    run_cases(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 2}"),
              {{"uses of before the boot have left the window",
                "1 07:58 granted card=c boot=1 mono=499h58m\n1 07:59 granted card=c boot=1 mono=499h59m\n" + before + boot +
                    trusted + "1 12:01 granted card=c boot=2 mono=3m",
                ""},
               {"uses of this boot have not",
                before + boot + in_1970("granted card=c", "70s") + in_1970("granted card=c", "80s") + trusted +
                    "1 12:01 granted card=c boot=2 mono=3m\n1 13:00 time boot=2 mono=62m",
                "c firing 1 12:01; c resolved 1 12:59:10"}});
    run_cases(rule("watch: card_read\nper: card\nsequence: {then: {watch: card_read, differs: door}, within: 1m}"),
              {{"a cloned card",
                before + boot + in_1970("card_read card=c door=a", "100s") + trusted +
                    "1 12:00 card_read card=c door=b boot=2 mono=2m10s",
                "c firing 1 12:00"}});
    run_cases(rule("watch: denied\nper: card\neach: {cooldown: 10m}"),
              {{"a cooldown of this boot holds on",
                before + boot + in_1970("denied card=c", "110s") + trusted +
                    "1 12:01 denied card=c boot=2 mono=3m\n1 12:58 time boot=2 mono=60m",
                "c firing 1 08:01"}});
}

TEST_CASE("deadlines are stamped in the site's zone", "[unit]") {
    const auto zone = Zone::find("Europe/Berlin");
    REQUIRE(zone.has_value());
    EngineSettings settings{.zone = *zone, .in_force = InForce::from_start};
    SECTION("silence over the end of summer time is 24 hours, not a day of the calendar") {
        Player player(kSilence, settings);
        auto out =
            player.play("1 08:00 passage person=p1 at=2026-10-24T20:00:00+02:00\n1 08:00 time at=2026-10-26T00:00:00+01:00");
        REQUIRE(out.size() == 1);
        CHECK(to_text(out[0].at) == "2026-10-25T19:00:00.000+01:00");
    }
    SECTION("a run of days breaks at a midnight of the new offset") {
        Player player(rule("watch: denied\nper: card\ndays: {consecutive: 2}"), settings);
        auto out = player.play(
            "1 08:00 denied card=c at=2026-10-23T20:00:00+02:00\n1 08:00 denied card=c at=2026-10-24T20:00:00+02:00\n"
            "1 08:00 time at=2026-10-27T00:00:00+01:00");
        REQUIRE(out.size() == 2);
        CHECK(to_text(out[1].at) == "2026-10-26T00:00:00.000+01:00");
    }
}

TEST_CASE("the next deadline is told in the time of the loop", "[unit]") {
    Player player(kSilence);
    const auto now = [](int day, const char* time, const char* mono) {
        return Now{MonoTime{parse_duration(mono).value()}, stamp_of(day, time), true, 1};
    };
    CHECK_FALSE(player.engine.next_deadline(now(1, "08:00", "1h")).has_value());
    player.play("1 08:00 passage person=p1 boot=1 mono=1h\n1 09:00 passage person=p2 boot=1 mono=2h");
    CHECK(player.engine.next_deadline(now(1, "10:00", "3h"))->since_boot == 25h);
    player.play("1 11:00 passage person=p1 boot=1 mono=4h");
    CHECK(player.engine.next_deadline(now(1, "12:00", "5h"))->since_boot == 26h);
    player.play("2 09:00 time boot=1 mono=26h");
    CHECK(player.engine.next_deadline(now(2, "09:00", "26h"))->since_boot == 28h);
    player.play("2 11:00 time boot=1 mono=28h");
    CHECK_FALSE(player.engine.next_deadline(now(2, "11:00", "28h")).has_value());
}
