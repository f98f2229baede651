// What bounds the pump: the window, the rows ahead of the confirm, the share of bulk; and a seeded storm.
#include <algorithm>
#include <random>

#include "tests/daemon/mqtt/conversation.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::mqtt;
using menshen::test::play;
using menshen::test::Talk;

TEST_CASE("a broker that never acknowledges is handed no more than the window", "[unit]") {
    Talk talk;
    (void)talk.happens("records 5000");
    for (int i = 0; i < 100; ++i) (void)talk.happens("alert a" + std::to_string(i) + " 1");
    (void)talk.happens("connect");
    for (int i = 0; i < 1000; ++i) {
        (void)talk.happens("records 1");
        (void)talk.happens("wait 1000");
    }
    CHECK(talk.unacknowledged() == 20);
    CHECK(talk.pump().counts().in_flight == 20);
    CHECK(talk.pump().counts().published == 20);
}

TEST_CASE("the window counts bytes too, and one large row still gets through alone", "[unit]") {
    Talk talk;
    talk.record_bytes = 100'000;
    play(talk, {{"connect", {}}, {"records 5", {"record 1", "record 2"}}, {"ack 1", {"record 3"}}});
    CHECK(talk.pump().counts().in_flight_bytes == 200'000);
    PumpSettings settings;
    settings.window_bytes = 50'000;
    Talk narrow(settings);
    narrow.record_bytes = 100'000;
    play(narrow, {{"connect", {}}, {"records 2", {"record 1"}}, {"ack 1", {"record 2"}}});
}

TEST_CASE("bulk gets at most one slot in four while alerts wait", "[unit]") {
    Talk talk;
    (void)talk.happens("records 200");
    for (int i = 0; i < 60; ++i) (void)talk.happens("alert a" + std::to_string(i) + " 1");
    auto said = talk.happens("connect");
    while (talk.unacknowledged() > 0) {
        const auto more = talk.happens("ack 1");
        said.insert(said.end(), more.begin(), more.end());
    }
    const auto is_alert = [](const std::string& s) { return s.rfind("alert", 0) == 0; };
    const auto last_alert = std::find_if(said.rbegin(), said.rend(), is_alert).base();
    const auto alerts = std::count_if(said.begin(), last_alert, is_alert);
    CHECK(alerts == 60);
    CHECK(is_alert(said.front()));
    const auto records_between = std::distance(said.begin(), last_alert) - alerts;
    CHECK(records_between <= 20);
    CHECK(records_between >= 10);  // and bulk is not starved
    CHECK(said.size() == 260);
}

TEST_CASE("the confirm is not outrun by more than the limit", "[unit]") {
    PumpSettings settings;
    settings.ahead_rows = 10;
    Talk talk(settings);
    (void)talk.happens("records 100");
    CHECK(talk.happens("connect").size() == 10);
    CHECK(talk.happens("ack all").empty());
    // Alerts have a limit of their own: a platform that does not confirm records still hears them.
    play(talk, {{"alert a 1", {"alert a 1 lane 1 after 0"}}});
    CHECK(talk.happens("confirm 4 0") ==
          std::vector<std::string>{"release 4 0", "record 11", "record 12", "record 13", "record 14"});
}

TEST_CASE("at most 500 open alerts are retained again, and it is said when there are more", "[unit]") {
    const bool more = GENERATE(false, true);
    Talk talk;
    for (std::uint64_t i = 1; i <= (more ? 501 : 500); ++i) talk.add_open("a" + std::to_string(i), i);
    (void)talk.happens("records 0");
    auto said = talk.happens("connect");
    while (talk.unacknowledged() > 0) {
        const auto next = talk.happens("ack 1");
        said.insert(said.end(), next.begin(), next.end());
    }
    const auto is = [](const char* what) { return [=](const std::string& s) { return s.rfind(what, 0) == 0; }; };
    CHECK(std::count_if(said.begin(), said.end(), is("alert ")) == 500);
    CHECK(std::count_if(said.begin(), said.end(), is("alert a1 ")) == (more ? 0 : 1));  // the oldest
    CHECK(std::count_if(said.begin(), said.end(), is("trouble more than 500")) == (more ? 1 : 0));
}

TEST_CASE("a storm of bad confirms is counted, not told one by one", "[unit]") {
    Talk talk;
    (void)talk.happens("connect");
    std::size_t told = 0;
    for (int i = 0; i < 1000; ++i) told += talk.happens("say nonsense").size();
    CHECK(told == 10);
    CHECK(talk.pump().counts().refused_confirms == 1000);
    (void)talk.happens("wait 60000");
    CHECK(talk.happens("say nonsense") == std::vector<std::string>{"trouble confirm: not JSON (and 990 more before it)"});
}

TEST_CASE("a read that was under way when the pass began again is not used", "[unit]") {
    Talk talk;
    play(talk, {{"records 3", {}},
                {"store waits", {}},
                {"connect", {}},
                {"disconnect", {}},
                {"connect", {}},
                {"store answers", {"record 1", "record 2", "record 3"}}});
}

// Whatever happens: every row is said in order within a pass, nothing is let go that was not confirmed, and in the end all of it
// is.
TEST_CASE("a storm of trouble loses nothing", "[unit][seeded]") {
    const auto seed = GENERATE(range(1u, 40u));
    CAPTURE(seed);
    std::mt19937 random(seed);
    PumpSettings settings;
    settings.ahead_rows = 16;
    settings.window_messages = 5;
    Talk talk(settings);
    std::set<int> heard;
    std::map<std::string, int> newest_heard;
    std::map<std::string, int> newest;
    int records = 0;
    int confirmed = 0;
    int alert_lane = 0;
    int alerts_to = 0;
    const auto take = [&](const std::vector<std::string>& said) {
        for (const auto& s : said) {
            int n = 0, change = 0, lane = 0, previous = 0, released = 0, released_alerts = 0;
            char name[16] = {};
            if (std::sscanf(s.c_str(), "record %d", &n) == 1) heard.insert(n);
            if (std::sscanf(s.c_str(), "alert %15s %d lane %d after %d", name, &change, &lane, &previous) == 4) {
                newest_heard[name] = std::max(newest_heard[name], change);
                if (previous <= alert_lane) alert_lane = std::max(alert_lane, lane);
            }
            if (std::sscanf(s.c_str(), "release %d %d", &released, &released_alerts) == 2) {
                REQUIRE(released <= confirmed);
                REQUIRE(released_alerts <= alert_lane);
            }
        }
    };
    const auto confirm = [&] {
        while (heard.contains(confirmed + 1)) ++confirmed;
        take(talk.happens("confirm " + std::to_string(confirmed) + " " + std::to_string(alert_lane)));
    };
    bool up = false;
    for (int step = 0; step < 600; ++step) {
        const auto dice = random() % 100;
        if (dice < 25) {
            records += 2;
            take(talk.happens("records 2"));
        } else if (dice < 40) {
            const auto name = "a" + std::to_string(random() % 4);
            ++alerts_to;
            take(talk.happens(fmt::format("alert {} {}{}", name, ++newest[name], random() % 4 == 0 ? " over" : "")));
        } else if (dice < 45) {
            take(talk.happens(up ? "disconnect" : "connect"));
            up = !up;
        } else if (dice < 80) {
            if (talk.unacknowledged() > 0) take(talk.happens("ack 1"));
        } else if (dice < 90) {
            take(talk.happens("wait " + std::to_string(random() % 8000)));
        } else if (up) {
            confirm();
        }
        REQUIRE(talk.pump().counts().in_flight <= 5);
    }
    if (!up) take(talk.happens("connect"));
    for (int i = 0; i < 2000 && talk.pump().settled() != Settled::empty; ++i) {
        if (talk.unacknowledged() > 0) take(talk.happens("ack 1"));
        confirm();
    }
    CHECK(talk.pump().settled() == Settled::empty);
    CHECK(static_cast<int>(heard.size()) == records);
    CHECK(newest_heard == newest);
}
