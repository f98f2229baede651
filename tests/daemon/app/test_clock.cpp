#include "daemon/app/clock.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using app::ClockWatch;

namespace {

Now moment(Millis mono, const char* wall, bool trusted = true) {
    return {.mono = {mono}, .wall = *parse_stamp(wall), .wall_is_trusted = trusted};
}

}  // namespace

TEST_CASE("a step of the wall clock is noticed, either way, and only once", "[app][clock]") {
    ClockWatch watch(moment(0s, "2026-11-01T08:00:00+08:00"));
    CHECK(watch.look(moment(10s, "2026-11-01T08:00:10+08:00")).step == 0ms);
    CHECK(watch.look(moment(20s, "2026-11-01T09:00:20+08:00")).step == 1h);
    CHECK(watch.look(moment(30s, "2026-11-01T09:00:30+08:00")).step == 0ms);
    CHECK(watch.look(moment(40s, "2026-11-01T08:00:40+08:00")).step == -1h);
}

TEST_CASE("slewing is no step", "[app][clock]") {
    ClockWatch watch(moment(0s, "2026-11-01T08:00:00+08:00"));
    CHECK(watch.look(moment(10s, "2026-11-01T08:00:10.400+08:00")).step == 0ms);
}

TEST_CASE("from 1970 to now is a step, and becoming trusted is said once", "[app][clock]") {
    ClockWatch watch(moment(0s, "1970-01-01T00:00:00Z", false));
    auto change = watch.look(moment(10s, "2026-11-01T00:00:00Z", true));
    CHECK(change.became_trusted);
    CHECK(change.step > 24h * 365 * 50);
    change = watch.look(moment(20s, "2026-11-01T00:00:10Z", true));
    CHECK_FALSE(change.became_trusted);
}

TEST_CASE("the stage's time never goes back, and its wall moves with it", "[app][clock]") {
    app::StageClock clock(Zone(8h), 3, parse_stamp("2026-11-01T08:00:00+08:00")->time);
    clock.move_to({1h});
    clock.move_to({30min});
    CHECK(clock.now().mono == MonoTime{1h});
    CHECK(to_text(clock.now().wall) == "2026-11-01T09:00:00.000+08:00");
    CHECK(clock.now().boot == 3);
}

TEST_CASE("a new process begins its mono at zero, however long the machine has been up", "[app][clock]") {
    const app::MachineClock clock(Zone(8h), 7);
    const auto now = clock.now();
    CHECK(now.mono >= MonoTime{0ms});
    CHECK(now.mono < MonoTime{1min});
    CHECK(now.boot == 7);
}
