#include <nlohmann/json.hpp>

#include "tests/daemon/mqtt/conversation.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::mqtt;
using menshen::test::play;
using menshen::test::Talk;

namespace {

PumpSettings broker_takes() {
    PumpSettings settings;
    settings.delivery = Delivery::broker;
    return settings;
}

}  // namespace

TEST_CASE("without a broker nothing is read and nothing is said", "[unit]") {
    Talk talk;
    CHECK(talk.pump().settled() == Settled::empty);
    play(talk, {{"state locked", {}}, {"records 3", {}}, {"alert a 1", {}}, {"wait 60000", {}}});
    CHECK(talk.pump().settled() == Settled::unconnected);
    CHECK_FALSE(talk.pump().next_deadline());
}

TEST_CASE("after the connect: state, then alerts, then records; rows go with the confirm", "[unit]") {
    Talk talk;
    play(talk, {{"state locked", {}},
                {"records 2", {}},
                {"alert a 1", {}},
                {"connect", {"state online", "alert a 1 lane 1 after 0", "record 1", "record 2"}},
                {"ack all", {}}});
    CHECK(talk.pump().settled() == Settled::waiting);
    play(talk, {{"confirm 1 1", {"release 1 1"}}, {"confirm 1 1", {}}, {"confirm 2 1", {"release 2 0"}}});
    CHECK(talk.pump().settled() == Settled::empty);
}

TEST_CASE("an unconfirmed row is sent again from the lowest, with longer and longer waits", "[unit]") {
    Talk talk;
    play(talk, {{"connect", {}},
                {"records 3", {"record 1", "record 2", "record 3"}},
                {"ack all", {}},
                {"wait 9999", {}},
                {"confirm 1 0", {"release 1 0"}},  // progress: the wait begins again
                {"wait 9999", {}},
                {"wait 1", {"record 2", "record 3"}},
                {"ack all", {}},
                {"wait 19999", {}},
                {"wait 1", {"record 2", "record 3"}},
                {"ack all", {}},
                {"confirm 3 0", {"release 3 0"}},
                {"wait 600000", {}},
                {"records 1", {"record 4"}},
                {"ack all", {}},
                {"wait 10000", {"record 4"}}});
    CHECK(talk.pump().counts().resends == 3);
}

TEST_CASE("nothing is sent twice while it is still in flight", "[unit]") {
    Talk talk;
    play(talk, {{"connect", {}},
                {"records 2", {"record 1", "record 2"}},
                {"ack 1", {}},
                {"wait 10000", {}},  // record 2 is not acknowledged: the lane drains first
                {"records 1", {}},
                {"ack 1", {"record 1", "record 2", "record 3"}}});
}

TEST_CASE("a reconnect begins at the lowest unconfirmed row and forgets old acknowledgements", "[unit]") {
    Talk talk;
    play(talk, {{"connect", {}},
                {"records 2", {"record 1", "record 2"}},
                {"alert a 1", {"alert a 1 lane 1 after 0"}},
                {"confirm 1 0", {"release 1 0"}},
                {"disconnect", {}},
                {"records 1", {}},
                {"connect", {"alert a 1 lane 1 after 0", "record 2", "record 3"}}});
    CHECK(talk.pump().on_ack(1, {}, talk.now).empty());
    CHECK(talk.pump().counts().in_flight == 3);
}

TEST_CASE("the newest state of an alert is sent; the chain says what stood before it", "[unit]") {
    Talk talk;
    play(talk, {{"alert a 1", {}},
                {"alert b 1", {}},
                {"alert a 2", {}},
                {"connect", {"alert b 1 lane 2 after 0", "alert a 2 lane 3 after 2"}},
                {"ack all", {}},
                {"alert c 1", {"alert c 1 lane 4 after 3"}},
                {"ack all", {}},
                {"confirm 0 4", {"release 0 4"}},
                {"alert a 3", {"alert a 3 lane 5 after 0"}}});
}

TEST_CASE("an alert that is over: its last state, then the retained one is cleared, and only then it is let go", "[unit]") {
    Talk talk;
    play(talk, {{"connect", {}},
                {"alert a 1", {"alert a 1 lane 1 after 0"}},
                {"ack all", {}},
                {"confirm 0 1", {"release 0 1"}},
                {"alert a 2 over", {"alert a 2 lane 2 after 0 last", "clear a"}},
                {"ack 1", {}},
                {"confirm 0 2", {}},  // the broker may still hold the open one
                {"ack 1", {"release 0 2"}}});
    CHECK(talk.pump().settled() == Settled::empty);
}

TEST_CASE("a confirm that waited at the broker does not let an alert go before its retained state is cleared", "[unit]") {
    Talk talk;
    play(talk, {{"alert a 2 over", {}},
                {"connect", {"alert a 2 lane 1 after 0 last", "clear a"}},
                {"confirm 0 1", {}},
                {"disconnect", {}},
                {"connect", {"alert a 2 lane 1 after 0 last", "clear a"}},
                {"ack all", {"release 0 1"}}});
}

TEST_CASE("a broker that lost its memory is told the open alerts again", "[unit]") {
    Talk talk;
    play(talk, {{"connect", {}},
                {"alert a 1", {"alert a 1 lane 1 after 0"}},
                {"alert b 1", {"alert b 1 lane 2 after 1"}},
                {"alert c 1", {"alert c 1 lane 3 after 2"}},
                {"alert d 1 over", {"alert d 1 lane 4 after 3 last", "clear d"}},
                {"ack all", {}},
                {"confirm 0 4", {"release 0 4"}},
                {"disconnect", {}},
                {"connect", {}},  // it remembers
                {"disconnect", {}},
                {"alert b 2", {}},
                {"connect anew", {"alert b 2 lane 5 after 0", "alert a 1 lane 1 after 0", "alert c 1 lane 3 after 2"}},
                {"ack 1", {}},
                {"disconnect", {}},  // before the broker had them all
                {"connect", {"alert b 2 lane 5 after 0", "alert a 1 lane 1 after 0", "alert c 1 lane 3 after 2"}},
                {"ack all", {}},
                {"disconnect", {}},
                {"connect", {"alert b 2 lane 5 after 0"}}});
}

TEST_CASE("a new process has its open alerts retained again once, even by a broker that remembers", "[unit]") {
    Talk talk;
    talk.add_open("a", 7);
    talk.add_open("b", 9);
    play(talk, {{"connect", {}},  // no journal is known yet
                {"records 0", {"alert a 1 lane 7 after 6", "alert b 1 lane 9 after 8"}},
                {"ack 1", {}},
                {"disconnect", {}},  // b may have been lost
                {"connect", {"alert a 1 lane 7 after 6", "alert b 1 lane 9 after 8"}},
                {"ack all", {}},
                {"disconnect", {}},
                {"connect", {}}});
}

TEST_CASE("an alert that is over is cleared although its last state is too large", "[unit]") {
    PumpSettings settings;
    settings.payload_limit = 1000;
    settings.window_messages = 1;
    settings.delivery = GENERATE(Delivery::platform, Delivery::broker);
    Talk talk(settings);
    const bool platform = settings.delivery == Delivery::platform;
    play(talk, {{"connect", {}}, {"alert a 1", {"alert a 1 lane 1 after 0"}}});
    (void)talk.happens("ack all");
    if (platform) (void)talk.happens("confirm 0 1");
    talk.alert_padding = 1000;
    (void)talk.happens("records 1");  // the window is full
    CHECK(talk.unacknowledged() == 1);
    CHECK(talk.happens("alert a 2 over").empty());
    const auto said = talk.happens("ack 1");
    REQUIRE(said.size() == (platform ? 2 : 3));
    CHECK(said[platform ? 0 : 1].find("alert a for grid-3 has") != std::string::npos);
    CHECK(said.back() == "clear a");
    if (platform) CHECK(talk.happens("confirm 1 2") == std::vector<std::string>{"release 1 0"});
    // Not let go of before the broker has cleared it.
    CHECK(talk.happens("ack 1") == std::vector<std::string>{"release 0 2"});
    CHECK(talk.pump().settled() == Settled::empty);
}

TEST_CASE("an older state of an alert is never retained after a newer one", "[unit]") {
    PumpSettings settings;
    settings.window_messages = 2;
    Talk talk(settings);
    play(talk, {{"connect", {}},
                {"alert a 1", {"alert a 1 lane 1 after 0"}},
                {"alert b 1", {"alert b 1 lane 2 after 1"}},
                {"ack all", {}},
                {"alert c 1", {"alert c 1 lane 3 after 2"}},
                {"ack all", {}},
                {"confirm 0 3", {"release 0 3"}},
                {"records 1", {"record 1"}},
                {"disconnect", {}},
                {"connect anew", {"alert a 1 lane 1 after 0", "alert b 1 lane 2 after 1"}},
                {"alert c 2 over", {}},  // c waited for room to be retained again
                {"ack all", {"alert c 2 lane 4 after 0 last", "clear c"}},
                {"ack all", {"record 1"}},
                {"ack all", {}}});
}

TEST_CASE("in broker delivery the acknowledgement is the confirm, in order", "[unit]") {
    Talk talk(broker_takes());
    play(talk, {{"connect", {}},
                {"records 2", {"record 1", "record 2"}},
                {"alert a 1 over", {"alert a 1 lane 1 after 0 last", "clear a"}},
                {"ack 1", {"release 1 0"}},
                {"ack 2", {"release 2 0"}},
                {"ack 1", {"release 0 1"}}});
    CHECK(talk.pump().settled() == Settled::empty);
    CHECK(talk.happens("confirm 2 0").front().find("delivery: broker") != std::string::npos);
}

TEST_CASE("a record that the broker refuses is kept and tried again", "[unit]") {
    const bool platform = GENERATE(true, false);
    CAPTURE(platform);
    Talk talk(platform ? PumpSettings{} : broker_takes());
    play(talk, {{"connect", {}}, {"records 1", {"record 1"}}});
    CHECK(talk.happens("nack refused").front().find("the broker refuses record 1") != std::string::npos);
    play(talk, {{"wait 9999", {}}, {"wait 1", {"record 1"}}});
    CHECK(talk.pump().settled() == Settled::waiting);
}

TEST_CASE("a row that is too large is stepped over, and the state says so", "[unit]") {
    PumpSettings settings;
    settings.payload_limit = 1000;
    Talk talk(settings);
    talk.size_of_record[2] = 1001;
    play(talk, {{"state locked", {}}, {"connect", {"state online"}}, {"ack all", {}}});
    const auto said = talk.happens("records 3");
    REQUIRE(said.size() == 3);
    CHECK(said[0] == "record 1");
    CHECK(said[1].find("record 0123abcd-2 has 1001 bytes, more than 1000") != std::string::npos);
    CHECK(said[2] == "record 3");
    play(talk, {{"ack all", {}}, {"wait 1000", {"state online"}}});
    CHECK(nlohmann::json::parse(talk.state())["outbox"]["records_missing"].dump() == "[[2,2]]");
    play(talk, {{"ack all", {}},
                {"wait 9000", {"record 1", "record 3"}},  // said once, not with every resend
                {"ack all", {}},
                {"confirm 3 0", {"release 3 0"}},
                {"wait 10000", {"state online"}}});
    CHECK(nlohmann::json::parse(talk.state())["outbox"]["records_missing"].empty());
}

TEST_CASE("an alert that the broker finds too large does not hold up the ones after it", "[unit]") {
    Talk talk;
    play(talk, {{"state locked", {}}, {"connect", {"state online"}}, {"ack all", {}}});
    play(talk, {{"alert a 1", {"alert a 1 lane 1 after 0"}}, {"alert b 1", {"alert b 1 lane 2 after 1"}}});
    CHECK(talk.happens("nack too_large").front().find("alert 1 of") != std::string::npos);
    play(talk, {{"ack all", {}}, {"wait 1000", {"state online"}}});
    CHECK(nlohmann::json::parse(talk.state())["outbox"]["alerts_missing"].dump() == "[[1,1]]");
    play(talk, {{"ack all", {}}, {"confirm 0 2", {"release 0 2"}}});
}

TEST_CASE("records that made room are said to be gone", "[unit]") {
    Talk talk;
    play(talk, {{"state locked", {}}, {"records 5", {}}, {"evict 3", {}}, {"connect", {"state online", "record 4", "record 5"}}});
    CHECK(nlohmann::json::parse(talk.state())["outbox"]["records_from"] == 4);
}

TEST_CASE("a hole in the middle of the lane is said too", "[unit]") {
    Talk talk;
    play(talk, {{"state locked", {}}, {"records 5", {}}, {"lose 3", {}}});
    play(talk, {{"connect", {"state online", "record 1", "record 2", "record 4", "record 5"}}, {"ack all", {}}});
    play(talk, {{"wait 1000", {"state online"}}});
    CHECK(nlohmann::json::parse(talk.state())["outbox"]["records_missing"].dump() == "[[3,3]]");
}

TEST_CASE("state is said on connect and on change, at most once a second; counts alone seldom", "[unit]") {
    Talk talk;
    play(talk, {{"records 0", {}},
                {"state locked", {}},
                {"connect", {"state online"}},
                {"ack all", {}},
                {"state locked", {}},
                {"state open", {}},
                {"state held", {}},
                {"wait 999", {}},
                {"wait 1", {"state online"}},
                {"state locked", {}},
                {"wait 1000", {}},  // the last one is not acknowledged yet
                {"ack all", {"state online"}},
                {"ack all", {}},
                {"records 1", {"record 1"}},
                {"ack all", {}},
                {"confirm 1 0", {"release 1 0"}},
                {"wait 9999", {}},
                {"wait 1", {"state online"}}});
}

TEST_CASE("the last word is state offline, and nothing after it", "[unit]") {
    Talk talk;
    play(talk, {{"state locked", {}}, {"connect", {"state online"}}, {"ack all", {}}, {"stop", {"state offline"}}});
    CHECK_FALSE(talk.pump().said_goodbye());
    play(talk, {{"records 2", {}}, {"ack all", {}}, {"wait 60000", {}}});
    CHECK(talk.pump().said_goodbye());
}

TEST_CASE("only the acknowledgement of the last word itself ends the conversation", "[unit]") {
    Talk talk;
    play(talk, {{"state locked", {}}, {"connect", {"state online"}}, {"stop", {"state offline"}}, {"ack 1", {}}});
    CHECK_FALSE(talk.pump().said_goodbye());  // that was "online"
    const bool accepted = GENERATE(true, false);
    CAPTURE(accepted);
    (void)talk.happens(accepted ? "ack 1" : "nack refused");
    CHECK(talk.pump().said_goodbye() == accepted);
    CHECK(talk.pump().goodbye_taken() == accepted);
    (void)talk.happens("disconnect");
    CHECK(talk.pump().said_goodbye());
    CHECK(talk.pump().goodbye_taken() == accepted);
}

TEST_CASE("another epoch: nothing of the old one is sent, confirmed or remembered", "[unit]") {
    Talk talk;
    play(talk, {{"connect", {}},
                {"records 2", {"record 1", "record 2"}},
                {"epoch 11111111", {}},
                {"records 1", {"record 1"}},
                {"ack all", {}}});
    const auto said = talk.happens(R"(say {"epoch":"0123abcd","records":2,"alerts":0})");
    REQUIRE(said.size() == 1);
    CHECK(said[0] == "trouble confirm: epoch 0123abcd is not this journal's, 11111111");
    play(talk, {{"confirm 1 0", {"release 1 0"}}});
}

TEST_CASE("a confirm is refused with its reason", "[unit]") {
    Talk talk;
    play(talk, {{"connect", {}}, {"records 2", {"record 1", "record 2"}}, {"ack all", {}}});
    const auto refusal = [&](const std::string& what) {
        const auto said = talk.happens("say " + what);
        return said.size() == 1 ? said[0] : std::to_string(said.size()) + " answers";
    };
    CHECK(refusal(R"({"epoch":"0123abcd","records":3,"alerts":0})") == "trouble confirm: record 3 is beyond the last one, 2");
    CHECK(refusal(R"({"epoch":"0123abcd","records":2,"alerts":1})") == "trouble confirm: alert 1 is beyond the last one, 0");
    CHECK(refusal(R"({"epoch":"0123abcd","records":2,"alerts":0} retained)").find("retained") != std::string::npos);
    CHECK(refusal("nonsense") == "trouble confirm: not JSON");
    CHECK(talk.pump().counts().refused_confirms == 4);
    CHECK(talk.pump().settled() == Settled::waiting);
}

TEST_CASE("a store that fails is asked again, and nothing is lost", "[unit]") {
    Talk talk;
    play(talk, {{"records 2", {}},
                {"store fails", {}},
                {"connect", {"trouble disk error", "trouble disk error"}},  // open alerts and records
                {"wait 999", {}},
                {"store works", {}},
                {"wait 1", {"record 1", "record 2"}},
                {"ack all", {}},
                {"store fails", {}},
                {"confirm 2 0", {"trouble disk error"}},
                {"store works", {}},
                {"wait 9000", {}},
                {"wait 1000", {"record 1", "record 2"}},
                {"confirm 2 0", {"release 2 0"}}});
}
