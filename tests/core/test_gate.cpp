#include "tests/core/gate_bench.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::test;

TEST_CASE("a resident's card unlocks, the opening is the passage, the closing locks", "[unit][gate]") {
    Bench bench;
    auto out = bench.card("AA");
    CHECK(kinds(out) == Names{"card_read", "granted"});
    CHECK(lock_command(out) == true);
    CHECK(out.records[1].household == HouseholdId("h1"));
    CHECK(out.records[1].household_size == 2);
    CHECK(out.records[1].person_tags == Names{"lives-alone"});
    CHECK(bench.state() == DoorState::unlocked);

    bench.wait(2s);
    out = bench.contact(true);
    REQUIRE(kinds(out) == Names{"door_opened", "passage"});
    CHECK(out.records[1].person == PersonId("p1"));
    CHECK(out.records[1].certainty == Certainty::strong);
    CHECK(out.records[1].side == Side::in);

    bench.wait(1s);
    out = bench.contact(false);
    CHECK(kinds(out) == Names{"door_closed"});
    CHECK(lock_command(out) == false);
    CHECK(bench.state() == DoorState::locked);
}

TEST_CASE("a grant nobody uses ends without a passage", "[unit][gate]") {
    Bench bench;
    bench.card("AA");
    const auto out = bench.wait(10s);
    CHECK(out.records.empty());
    CHECK(lock_command(out) == false);
    CHECK(kinds(bench.contact(true)) == Names{"door_opened"});
    CHECK(kinds(bench.wait(1s)) == Names{"door_forced"});
}

TEST_CASE("a door without a contact counts the grant as the passage", "[unit][gate]") {
    auto door = front_door();
    door.contact = DeviceId();
    Bench bench(door);
    CHECK(kinds(bench.card("AA")) == Names{"card_read", "granted", "passage"});
}

TEST_CASE("cards that may not pass are refused with a reason and never touch the lock", "[unit][gate]") {
    struct Case {
        const char* reason;
        std::function<void(Roster&, Now&)> arrange;
        const char* hex = "AA";
    };
    const auto card_with = [](auto change) {
        return [change](Roster& roster, Now&) {
            Card card = *roster.card(CardId("c1"));
            change(card);
            roster.put(card);
        };
    };
    const auto noon = parse_stamp("2026-11-01T12:00:00+08:00")->time;
    const auto dawn = parse_stamp("2026-11-01T06:00:00+08:00")->time;
    const std::vector<Case> cases{
        {"unknown_card", [](Roster&, Now&) {}, "BB"},
        {"suspended_card", card_with([](Card& c) { c.state = CredentialState::suspended; })},
        {"lost_card", card_with([](Card& c) { c.state = CredentialState::lost; })},
        {"not_yet_valid", card_with([=](Card& c) { c.valid_from = noon; })},
        {"expired", card_with([=](Card& c) { c.valid_until = dawn; })},
    };
    for (const auto& c : cases) {
        CAPTURE(c.reason);
        Bench bench;
        c.arrange(bench.gate.roster(), bench.now);
        const auto out = bench.card(c.hex);
        REQUIRE(kinds(out) == Names{"card_read", "denied"});
        CHECK(out.records[1].reason == c.reason);
        CHECK_FALSE(lock_command(out).has_value());
        CHECK(bench.state() == DoorState::locked);
    }
}

TEST_CASE("while the clock is not trusted a card with a validity follows the door's setting", "[unit][gate]") {
    const auto setting = GENERATE(UntrustedClock::allow, UntrustedClock::deny);
    auto door = front_door();
    door.untrusted_clock = setting;
    Bench bench(door);
    bench.now.wall_is_trusted = false;
    CHECK(kinds(bench.card("AA")) == Names{"card_read", "granted"});  // no validity: the clock does not matter
    Card card = *bench.gate.roster().card(CardId("c1"));
    card.valid_until = bench.now.wall.time + 24h;
    bench.gate.roster().put(card);
    CHECK(bench.card("AA").records[1].reason == (setting == UntrustedClock::deny ? "clock_untrusted" : ""));
}

TEST_CASE("a malformed frame becomes a record with its raw bits", "[unit][gate]") {
    Bench bench;
    const auto out = bench.send(CardMalformed{DeviceId("in"), "26:2F623AF", "H10301: trailing parity is even"});
    REQUIRE(kinds(out) == Names{"card_read"});
    CHECK(field(out.records[0], "raw") == Names{"26:2F623AF"});
    CHECK(out.records[0].reason == "H10301: trailing parity is even");
}

TEST_CASE("a face opens only where the door says so, and once for a walk-up", "[unit][gate]") {
    const FaceSeen li{.device = DeviceId("camera"), .person = PersonId("p1"), .score_permille = 970};
    Bench bench;
    auto out = bench.send(li);
    REQUIRE(kinds(out) == Names{"face_seen", "granted"});
    CHECK(out.records[1].certainty == Certainty::weak);
    CHECK(out.records[1].method == Method::face);
    bench.now.mono = bench.now.mono + 2s;
    CHECK(bench.send(li).records.empty());
    bench.now.mono = bench.now.mono + 30s;
    CHECK(kinds(bench.send(li)) == Names{"face_seen", "granted"});

    auto door = front_door();
    door.mode = DoorMode::card;
    Bench card_only(door);
    out = card_only.send(li);
    CHECK(kinds(out) == Names{"face_seen"});
    CHECK_FALSE(lock_command(out).has_value());
}

TEST_CASE("a face without consent is refused, a stranger's opens nothing, nobody's is dropped", "[unit][gate]") {
    Bench bench;
    bench.gate.roster().remove_face(PersonId("p1"));
    auto out = bench.send(FaceSeen{.device = DeviceId("camera"), .person = PersonId("p1")});
    CHECK(out.records.back().reason == "no_face_consent");
    out = bench.send(FaceSeen{.device = DeviceId("camera"), .stranger = StrangerId("s-1"), .new_stranger = true});
    CHECK(kinds(out) == Names{"face_seen"});
    CHECK_FALSE(lock_command(out).has_value());
    CHECK(bench.send(FaceSeen{.device = DeviceId("camera"), .advice = "no face"}).records.empty());
}

TEST_CASE("a door left open is held once, and closing ends it", "[unit][gate]") {
    Bench bench;
    bench.card("AA");
    bench.contact(true);
    CHECK(kinds(bench.wait(30s)) == Names{"door_held"});
    CHECK(bench.state() == DoorState::held);
    CHECK(bench.wait(10min).records.empty());
    bench.contact(false);
    CHECK(bench.state() == DoorState::locked);
}

TEST_CASE("a second grant while open is a passage and extends the time, it does not stack", "[unit][gate]") {
    Bench bench;
    bench.card("AA");
    bench.contact(true);
    bench.wait(20s);
    CHECK(kinds(bench.card("AA")) == Names{"card_read", "granted", "passage"});
    CHECK(bench.wait(20s).records.empty());
    CHECK(kinds(bench.wait(11s)) == Names{"door_held"});
}

TEST_CASE("an exit request just after the contact's edge is no force", "[unit][gate]") {
    Bench bench;
    bench.contact(true);
    bench.wait(300ms);
    CHECK(kinds(bench.line("exit", Line::exit_button, true)) == Names{"exit_request", "passage"});
    CHECK(bench.wait(2s).records.empty());
    CHECK(bench.state() == DoorState::open);
}

TEST_CASE("an exit request unlocks, and its passage names nobody", "[unit][gate]") {
    Bench bench;
    const auto out = bench.line("exit", Line::exit_button, true);
    CHECK(lock_command(out) == true);
    const auto opened = bench.contact(true);
    REQUIRE(kinds(opened) == Names{"door_opened", "passage"});
    CHECK(opened.records[1].person.empty());
    CHECK(opened.records[1].side == Side::out);
    CHECK(opened.records[1].method == Method::exit_button);
}

TEST_CASE("fire releases, raises nothing, and only a person locks again", "[unit][gate]") {
    Bench bench;
    const auto fire = bench.line("fire", Line::fire, true);
    CHECK(lock_command(fire) == true);
    CHECK(bench.state() == DoorState::fire_release);
    CHECK(kinds(bench.contact(true)) == Names{"door_opened"});
    CHECK(bench.wait(1h).records.empty());
    // Neither a card, nor its time, nor the closing may lock.
    bench.card("AA");
    CHECK(lock_command(bench.wait(1min)) != false);
    CHECK(lock_command(bench.contact(false)) != false);
    auto refused = bench.send(LockRequested{kFront, "uid 0 (root)"});
    CHECK(refused.records[0].reason == "fire_active");
    CHECK(bench.state() == DoorState::fire_release);
    bench.line("fire", Line::fire, false);
    bench.wait(1h);
    CHECK(bench.state() == DoorState::fire_release);
    CHECK(lock_command(bench.send(LockRequested{kFront, "uid 0 (root)"})) == false);
    CHECK(bench.state() == DoorState::locked);
}

TEST_CASE("relock on opening waits for the latch", "[unit][gate]") {
    auto door = front_door();
    door.relock = Relock::on_opening;
    Bench bench(door);
    bench.card("AA");
    bench.contact(true);
    CHECK_FALSE(lock_command(bench.wait(900ms)).has_value());
    CHECK(lock_command(bench.wait(200ms)) == false);
}

TEST_CASE("a strict grant whose audit fails is refused by name", "[unit][gate]") {
    auto door = front_door();
    door.audit = Audit::strict;
    Bench bench(door);
    const auto out = bench.gate.on_event(CardRead{DeviceId("in"), {26, "AA"}, ""}, bench.now);
    REQUIRE(out.grants.size() == 1);
    CHECK(out.grants[0].audit == Audit::strict);
    CHECK_FALSE(lock_command(out).has_value());
    const auto refused = bench.gate.refuse_without_audit(out.grants[0], bench.now);
    CHECK(kinds(refused) == Names{"denied"});
    CHECK(refused.records[0].reason == "no_audit");
    CHECK(bench.state() == DoorState::locked);
}

TEST_CASE("a lock that comes back is told what it should be", "[unit][gate]") {
    Bench bench;
    bench.line("fire", Line::fire, true);
    bench.send(DeviceChanged{DeviceId("lock"), false, "unplugged"});
    const auto out = bench.send(DeviceChanged{DeviceId("lock"), true, ""});
    CHECK(kinds(out) == Names{"device_online"});
    CHECK(lock_command(out) == true);
    CHECK(bench.send(DeviceChanged{DeviceId("lock"), true, ""}).records.empty());
}

TEST_CASE("a request to open names who asked", "[unit][gate]") {
    Bench bench;
    const auto out = bench.send(OpenRequested{kFront, "uid 1000 (li)"});
    REQUIRE(kinds(out) == Names{"granted"});
    CHECK(field(out.records[0], "by") == Names{"uid 1000 (li)"});
    CHECK(lock_command(out) == true);
    CHECK(bench.send(OpenRequested{DoorId("back"), "uid 0"}).records.empty());
}

TEST_CASE("a leaf that stands open at the start, or when its contact comes back, was not forced", "[unit][gate]") {
    Bench bench;
    bench.send(DeviceChanged{DeviceId("contact"), true, ""});
    bench.send(DeviceChanged{DeviceId("contact"), false, "unplugged"});
    bench.send(DeviceChanged{DeviceId("contact"), true, ""});
    CHECK(kinds(bench.contact(true)) == Names{"door_opened"});
    CHECK(kinds(bench.wait(31s)) == Names{"door_held"});
}

TEST_CASE("a fire release outlives the process", "[unit][gate]") {
    Bench bench;
    bench.gate.resume_fire_release(kFront);
    CHECK(lock_command(bench.gate.start(bench.now)) == true);
    CHECK(bench.state() == DoorState::fire_release);
    CHECK(lock_command(bench.send(LockRequested{kFront, "uid 0"})) == false);
}

TEST_CASE("two residents before one camera are one visit each, however the frames take turns", "[unit][gate]") {
    Bench bench;
    bench.gate.roster().put(Person{.id = PersonId("p2"), .name = "Wang"});
    bench.gate.roster().put(FaceConsent{.person = PersonId("p2")});
    std::size_t granted = 0;
    for (int frame = 0; frame < 10; ++frame) {
        const auto out = bench.send(FaceSeen{.device = DeviceId("camera"), .person = PersonId(frame % 2 == 0 ? "p1" : "p2")});
        granted += out.grants.size();
        bench.wait(300ms);
    }
    CHECK(granted == 2);
}

TEST_CASE("who is still before the camera when the door has locked again is let in again", "[unit][gate]") {
    const FaceSeen li{.device = DeviceId("camera"), .person = PersonId("p1")};
    Bench bench;
    std::size_t granted = 0;
    for (int second = 0; second < 13; ++second) {
        granted += bench.send(li).grants.size();
        bench.wait(1s);
    }
    CHECK(granted == 3);  // at 0 s, 6 s and 12 s: the door locks after 5
}

TEST_CASE("a face opens to the last day of its consent", "[unit][gate]") {
    const FaceSeen li{.device = DeviceId("camera"), .person = PersonId("p1")};
    Bench bench;
    bench.gate.roster().put(FaceConsent{.person = PersonId("p1"), .until = "2026-11-01"});
    CHECK(bench.send(li).grants.size() == 1);
    bench.now.wall.time = bench.now.wall.time + 24h;
    bench.wait(1min);
    const auto out = bench.send(li);
    CHECK(out.grants.empty());
    CHECK(out.records.back().reason == "no_face_consent");
}
