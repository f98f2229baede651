// Card and face, 1:1; whose face a card is used by; what a camera says of somebody it could not recognise.

#include "tests/core/gate_bench.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::test;
using Face = FaceCompared::Face;

namespace {

const DeviceId kCamera("camera");

DoorSettings guarded_door() {
    auto door = front_door();
    door.mode = DoorMode::card_and_face;
    return door;
}

Bench guarded(DoorSettings door = guarded_door()) {
    Bench bench(std::move(door));
    (void)bench.send(DeviceChanged{kCamera, true, ""});
    return bench;
}

FaceCompared answer(const Outcome& asked, Face face) {
    REQUIRE(asked.questions.size() == 1);
    return {.question = asked.questions.front().id, .device = kCamera, .walk_up = 7, .face = face, .score_permille = 640};
}

}  // namespace

TEST_CASE("card and face: the holder's face opens, once it is seen", "[unit][gate]") {
    auto bench = guarded();
    const auto asked = bench.card("AA");
    CHECK(kinds(asked) == Names{"card_read"});
    CHECK_FALSE(lock_command(asked).has_value());
    REQUIRE(asked.questions.size() == 1);
    CHECK(asked.questions.front().owner == PersonId("p1"));
    CHECK(asked.questions.front().cameras == std::vector<DeviceId>{kCamera});
    bench.wait(3s);
    const auto out = bench.send(answer(asked, Face::same));
    REQUIRE(kinds(out) == Names{"card_face", "granted"});
    CHECK(lock_command(out) == true);
    CHECK(out.records[1].method == Method::card_face);
    CHECK(out.records[1].certainty == Certainty::strong);
    CHECK(out.records[1].card == CardId("c1"));
    CHECK(out.records[0].person == PersonId("p1"));
    // The same answer again, or a late one, opens nothing.
    CHECK(bench.send(answer(asked, Face::same)).records.empty());
    CHECK(bench.wait(1min).records.empty());
}

TEST_CASE("card and face: another face, a picture, or nobody is refused after five seconds", "[unit][gate]") {
    struct Row {
        std::optional<Face> face;
        const char* reason;
    };
    for (const auto& row :
         std::vector<Row>{{std::nullopt, "no_face"}, {Face::other, "other_face"}, {Face::suspect, "face_suspect"}}) {
        auto bench = guarded();
        const auto asked = bench.card("AA");
        if (row.face) CHECK(bench.send(answer(asked, *row.face)).records.empty());
        CHECK(bench.wait(4999ms).records.empty());
        const auto out = bench.wait(1ms);
        REQUIRE(!out.records.empty());
        CHECK(out.records.back().kind == Kind::denied);
        CHECK(out.records.back().reason == row.reason);
        CHECK_FALSE(lock_command(out).has_value());
        // Too late.
        CHECK_FALSE(lock_command(bench.send(answer(asked, Face::same))).has_value());
    }
}

TEST_CASE("card and face: a card that is suspended while the face is awaited opens nothing", "[unit][gate]") {
    auto bench = guarded();
    const auto asked = bench.card("AA");
    bench.gate.roster().put(
        Card{.id = CardId("c1"), .person = PersonId("p1"), .index = "AA0000000000000000", .state = CredentialState::suspended});
    const auto out = bench.send(answer(asked, Face::same));
    CHECK(out.records.back().kind == Kind::denied);
    CHECK(out.records.back().reason == "suspended_card");
    CHECK_FALSE(lock_command(out).has_value());
}

TEST_CASE("card and face: a worse look first does not keep the better one out", "[unit][gate]") {
    auto bench = guarded();
    const auto asked = bench.card("AA");
    CHECK(bench.send(answer(asked, Face::other)).records.empty());
    CHECK(lock_command(bench.send(answer(asked, Face::same))) == true);
}

TEST_CASE("card and face: who gave no face comes in by card, and so does everybody while the camera is away", "[unit][gate]") {
    auto without = guarded();
    without.gate.roster().remove_face(PersonId("p1"));
    auto out = without.card("AA");
    CHECK(kinds(out) == Names{"card_read", "granted"});
    CHECK(out.questions.empty());

    Bench never_online(guarded_door());
    CHECK(lock_command(never_online.card("AA")) == true);

    auto gone = guarded();
    (void)gone.send(DeviceChanged{kCamera, false, "unplugged"});
    CHECK(lock_command(gone.card("AA")) == true);

    auto door = guarded_door();
    door.camera_offline = CameraOffline::deny;
    auto strict = guarded(door);
    CHECK(strict.card("AA").questions.size() == 1);
    (void)strict.send(DeviceChanged{kCamera, false, "unplugged"});
    out = strict.card("AA");
    CHECK(out.records.back().kind == Kind::denied);
    CHECK(out.records.back().reason == "no_camera");
}

TEST_CASE("card and face: nobody is locked out because the models do not load or have changed", "[unit][gate]") {
    auto broken = guarded();
    broken.gate.set_face_check({.works = false});
    CHECK(lock_command(broken.card("AA")) == true);

    auto changed = guarded();
    changed.gate.set_face_check({.works = true, .enrol_again = {PersonId("p1")}});
    CHECK(lock_command(changed.card("AA")) == true);
    changed.gate.set_face_check({.works = true, .enrol_again = {PersonId("p2")}});
    CHECK_FALSE(lock_command(changed.card("AA")).has_value());

    auto door = guarded_door();
    door.camera_offline = CameraOffline::deny;
    auto strict = guarded(door);
    strict.gate.set_face_check({.works = false});
    CHECK(strict.card("AA").records.back().reason == "no_camera");
}

TEST_CASE("card and face: a card that is refused anyway asks for no face", "[unit][gate]") {
    auto bench = guarded();
    const auto out = bench.card("EE");
    CHECK(out.records.back().reason == "unknown_card");
    CHECK(out.questions.empty());
}

TEST_CASE("whose face used the card is told only while a rule wants to know", "[unit][gate]") {
    auto door = front_door();
    door.mode = DoorMode::card;
    auto bench = guarded(door);
    CHECK(bench.card("AA").questions.empty());

    bench.gate.compare_faces_with_cards(true);
    auto asked = bench.card("AA");
    CHECK(kinds(asked) == Names{"card_read", "granted"});  // nobody waits for it
    auto known = answer(asked, Face::other);
    known.person = PersonId("p2");
    (void)bench.send(known);
    auto out = bench.wait(5s);
    const auto of_kind = [](const Outcome& from) {
        std::vector<Record> found;
        for (const auto& record : from.records) {
            if (record.kind == Kind::card_face) found.push_back(record);
        }
        return found;
    };
    REQUIRE(of_kind(out).size() == 1);
    CHECK(of_kind(out)[0].person == PersonId("p2"));
    CHECK(of_kind(out)[0].card == CardId("c1"));
    CHECK(of_kind(out)[0].household == HouseholdId("h1"));
    CHECK(of_kind(out)[0].household_size == 2);

    // A face that nobody knows yet gets its name when its walk-up is over.
    asked = bench.card("AA");
    (void)bench.send(answer(asked, Face::other));
    CHECK(of_kind(bench.wait(6s)).empty());
    out = bench.send(FaceSeen{.device = kCamera, .walk_up = 7, .stranger = StrangerId("s-1")});
    REQUIRE(of_kind(out).size() == 1);
    CHECK(of_kind(out)[0].stranger == StrangerId("s-1"));
    CHECK(of_kind(bench.wait(1min)).empty());

    // One that never gets a name is told without.
    asked = bench.card("AA");
    (void)bench.send(answer(asked, Face::other));
    out = bench.wait(1min);
    REQUIRE(of_kind(out).size() == 1);
    CHECK(of_kind(out)[0].stranger.empty());
    CHECK(of_kind(out)[0].person.empty());
}

TEST_CASE("at a guarded door a refused face is not named while no rule has a legal basis", "[unit][gate]") {
    auto bench = guarded();
    const auto asked = bench.card("AA");
    auto other = answer(asked, Face::other);
    other.person = PersonId("p2");
    (void)bench.send(other);
    const auto out = bench.wait(5s);
    REQUIRE(kinds(out) == Names{"card_face", "denied"});
    CHECK(out.records[0].person.empty());
    CHECK(out.records[1].person == PersonId("p1"));
}

TEST_CASE("a match that may only greet opens nothing; a picture of a face is refused", "[unit][gate]") {
    Bench bench;
    auto out = bench.send(FaceSeen{.device = kCamera, .walk_up = 1, .person = PersonId("p1"), .greets_only = "extrapolated"});
    CHECK(kinds(out) == Names{"face_seen"});
    CHECK_FALSE(lock_command(out).has_value());
    Bench other;
    out = other.send(FaceSeen{.device = kCamera, .walk_up = 1, .person = PersonId("p1"), .greets_only = "liveness_suspect"});
    REQUIRE(kinds(out) == Names{"face_seen", "denied"});
    CHECK(out.records[1].reason == "face_suspect");
    CHECK_FALSE(lock_command(out).has_value());
}

TEST_CASE("a face that could not be told from a picture at first opens when it can", "[unit][gate]") {
    Bench bench;
    FaceSeen li{.device = kCamera, .walk_up = 1, .person = PersonId("p1"), .greets_only = "liveness_unknown"};
    CHECK(kinds(bench.send(li)) == Names{"face_seen"});
    bench.now.mono = bench.now.mono + 500ms;
    li.greets_only.clear();
    auto out = bench.send(li);
    CHECK(kinds(out) == Names{"face_seen", "granted"});
    CHECK(lock_command(out) == true);
    bench.now.mono = bench.now.mono + 500ms;
    CHECK(bench.send(li).records.empty());
}

TEST_CASE("what would have helped is on the record, once a minute", "[unit][gate]") {
    Bench bench;
    const FaceSeen dark{.device = kCamera, .walk_up = 1, .advice = "too dark"};
    auto out = bench.send(dark);
    REQUIRE(kinds(out) == Names{"face_seen"});
    CHECK(out.records[0].reason == "too dark");
    CHECK(bench.send(dark).records.empty());
    bench.now.mono = bench.now.mono + 60s;
    CHECK(bench.send(dark).records.size() == 1);
}
