#include <thread>

#include "daemon/store/roster_backup.hpp"
#include "daemon/store/sqlite.hpp"
#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;
using Catch::Matchers::Contains;

namespace {

const std::string kName = "Wang-Xiuying-王秀英";
const std::string kHousehold = "Building-3-Flat-201-3号楼201";
const std::string kNumber = "26:2F623AE";

FaceConsent consent_of(const std::string& person) {
    FaceConsent consent;
    consent.person = PersonId(person);
    consent.purpose = "door access";
    consent.form = "paper";
    consent.date = "2026-11-01";
    consent.by = "guardian";
    consent.text_version = "v2";
    consent.until = "2027-11-01";
    return consent;
}

PutCard card_of(const std::string& id, const std::string& person, const std::string& number) {
    PutCard put;
    put.card.id = CardId(id);
    put.card.person = PersonId(person);
    put.number = number;
    return put;
}

Batch roster_batch(std::vector<RosterChange> changes) {
    Batch batch;
    batch.records = {record_at(0, Kind::roster_changed)};
    batch.roster = std::move(changes);
    return batch;
}

std::vector<RosterChange> whole() {
    PutCard card = card_of("c-1", "p-17", kNumber);
    card.card.valid_until = at(1000).wall.time;
    return {
        PutHousehold{{HouseholdId("h-1"), kHousehold, 2}},
        PutPerson{{PersonId("p-17"), kName, HouseholdId("h-1"), {"lives-alone"}}}, card,
        PutFace{consent_of("p-17"), {{PersonId("p-17"), "resnet", {0.25F, -0.5F}}, {PersonId("p-17"), "resnet", {1.0F, 0.0F}}}}};
}

}  // namespace

TEST_CASE("the roster comes back after a restart, with a version that counts changes", "[store]") {
    const TempFolder folder;
    {
        Gate gate(folder.path());
        CHECK(gate.commit(roster_batch(whole())).roster_version == 4);
    }
    Gate gate(folder.path());
    const Roster& roster = gate.opened.roster;
    CHECK(roster.version == 4);
    REQUIRE(roster.household(HouseholdId("h-1")) != nullptr);
    CHECK(roster.household(HouseholdId("h-1"))->name == kHousehold);
    CHECK(roster.household(HouseholdId("h-1"))->size == 2);
    REQUIRE(roster.person(PersonId("p-17")) != nullptr);
    CHECK(roster.person(PersonId("p-17"))->name == kName);
    CHECK(roster.person(PersonId("p-17"))->tags == std::vector<std::string>{"lives-alone"});
    const Card* card = roster.card_by_index(gate.store().keys().card_index(CardNumber{26, "2F623AE"}));
    REQUIRE(card != nullptr);
    CHECK(card->person.str() == "p-17");
    CHECK(card->valid_until == at(1000).wall.time);
    CHECK_FALSE(card->valid_from);
    REQUIRE(roster.face(PersonId("p-17")) != nullptr);
    CHECK(roster.face(PersonId("p-17"))->by == "guardian");
    CHECK(roster.face(PersonId("p-17"))->templates == 2);
    REQUIRE(gate.opened.faces.size() == 2);
    CHECK(gate.opened.faces[0].values == WipedFloats{0.25F, -0.5F});
    CHECK(gate.opened.faces[0].model == "resnet");

    const auto numbers =
        gate.answer_of<std::vector<Store::CardNumberRow>>([&](auto answer) { gate.store().card_numbers(std::move(answer)); });
    REQUIRE(numbers->size() == 1);
    CHECK(numbers->at(0).number == kNumber);
}

TEST_CASE("apply makes the same changes to a held copy", "[store]") {
    const TempFolder folder;
    Roster held;
    std::vector<RosterChange> changes = whole();
    PutCard suspended = card_of("c-1", "p-17", "");
    suspended.card.state = CredentialState::suspended;
    changes.emplace_back(suspended);
    changes.emplace_back(PutPerson{{PersonId("p-18"), "Li", {}, {}}});
    changes.emplace_back(card_of("c-2", "p-18", "26:0000001"));
    changes.emplace_back(card_of("c-3", "p-18", "26:0000002"));
    changes.emplace_back(RemoveCard{CardId("c-2")});
    changes.emplace_back(RemoveFace{PersonId("p-17")});
    {
        Gate gate(folder.path());
        CHECK(gate.commit(roster_batch(changes)).refused.empty());
        for (const auto& change : changes) apply(change, gate.store().keys(), held);
    }
    Gate gate(folder.path());
    const Roster& stored = gate.opened.roster;
    CHECK(stored.version == held.version);
    CHECK(stored.persons().size() == held.persons().size());
    REQUIRE(stored.cards().size() == held.cards().size());
    for (const auto& [id, card] : held.cards()) {
        REQUIRE(stored.card(id) != nullptr);
        CHECK(stored.card(id)->index == card.index);
        CHECK(stored.card(id)->state == card.state);
        CHECK(stored.card_by_index(card.index) == stored.card(id));
    }
    CHECK(stored.card(CardId("c-1"))->state == CredentialState::suspended);
    CHECK(stored.faces().empty());
    CHECK(gate.opened.faces.empty());
}

TEST_CASE("removing a person takes cards, face and templates along", "[store]") {
    const TempFolder folder;
    {
        Gate gate(folder.path());
        gate.commit(roster_batch(whole()));
        gate.commit(roster_batch({RemovePerson{PersonId("p-17")}}));
    }
    Gate gate(folder.path());
    CHECK(gate.opened.roster.persons().empty());
    CHECK(gate.opened.roster.cards().empty());
    CHECK(gate.opened.faces.empty());
    CHECK(gate.opened.roster.households().size() == 1);
}

TEST_CASE("a change that does not fit is refused in words, and its batch leaves nothing", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    gate.commit(roster_batch(whole()));
    struct Case {
        RosterChange change;
        std::string why;
    };
    const auto& c = GENERATE(values<Case>({
        {PutPerson{{PersonId("p-2"), "Li", HouseholdId("h-9"), {}}}, "household h-9 is not known"},
        {card_of("c-2", "p-9", "26:1"), "person p-9 is not known"},
        {card_of("c-2", "p-17", kNumber), "card c-1 has this number already"},
        {card_of("c-2", "p-17", ""), "card c-2 is not known; give its number"},
        {PutFace{consent_of("p-9"), {}}, "person p-9 is not known"},
    }));
    const auto committed = gate.commit(roster_batch({PutHousehold{{HouseholdId("h-2"), "next door", 1}}, c.change}));
    CHECK_THAT(committed.refused, Contains(c.why));
    CHECK(committed.records.empty());
    const auto next = gate.commit({record_at(1)});
    CHECK(next.records[0].seq == 2);  // the store goes on, and no number was used up
    gate.close();
    Gate again(folder.path());
    CHECK(again.opened.roster.households().size() == 1);
    CHECK(again.opened.roster.version == 4);
}

TEST_CASE("strangers come back until they are removed", "[store]") {
    const TempFolder folder;
    StrangerRow stranger;
    stranger.id = StrangerId("s-1");
    stranger.model = "resnet";
    stranger.centroid = {0.5F, 0.5F};
    stranger.sightings = 3;
    stranger.first_seen = at(0).wall.time;
    stranger.last_seen = at(9).wall.time;
    stranger.label = "courier";
    stranger.label_until = at(99).wall.time;
    {
        Gate gate(folder.path());
        Batch batch;
        batch.strangers = {PutStranger{stranger}};
        gate.commit(std::move(batch));
    }
    {
        Gate gate(folder.path());
        REQUIRE(gate.opened.strangers.size() == 1);
        const auto& held = gate.opened.strangers[0];
        CHECK(held.id == stranger.id);
        CHECK(held.centroid == stranger.centroid);
        CHECK(held.sightings == 3);
        CHECK(held.last_seen == stranger.last_seen);
        CHECK(held.label == "courier");
        CHECK(held.label_until == stranger.label_until);
        Batch batch;
        batch.strangers = {RemoveStranger{StrangerId("s-1")}};
        gate.commit(std::move(batch));
    }
    CHECK(Gate(folder.path()).opened.strangers.empty());
}

TEST_CASE("the files tell nobody who lives there", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    gate.commit(roster_batch(whole()));
    Batch batch;
    batch.alerts = {alert_row("a1", "grid-3", kName + " has not been seen")};
    batch.checkpoint = Checkpoint{gate.opened.epoch, 1, "h", "learned of " + kName};
    gate.commit(std::move(batch));
    const auto check = [&] {
        const std::string raw = raw_bytes(folder.path());
        CHECK_THAT(raw, Contains("p-17"));  // ids are there: the search looks at the right bytes
        for (const std::string secret : {"Xiuying", "王秀英", "Building-3", "3号楼", "2F623AE", "guardian"}) {
            CAPTURE(secret);
            CHECK(raw.find(secret) == std::string::npos);
        }
        // Nor a template: 0.25F, -0.5F as they lie in memory.
        CHECK(raw.find(std::string("\x00\x00\x80\x3e\x00\x00\x00\xbf", 8)) == std::string::npos);
    };
    check();  // with the write-ahead log beside it
    gate.close();
    CHECK(std::filesystem::exists(folder.path() / "roster.backup"));
    check();
}

TEST_CASE("the backup follows each change while the gate runs", "[store]") {
    const TempFolder folder;
    const auto backup = folder.path() / "roster.backup";
    Gate gate(folder.path());
    gate.commit({record_at(0)});
    CHECK_FALSE(std::filesystem::exists(backup));
    std::uint64_t version = 0;
    const auto is_followed = [&] {
        const auto image = read_backup(backup, gate.store().keys());
        return image && image->version == version;
    };
    for (const auto& change : whole()) {
        gate.commit(roster_batch({change}));
        ++version;
        for (int i = 0; i < 1000 && !is_followed(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        CHECK(is_followed());
    }
}

TEST_CASE("what is withdrawn leaves the write-ahead log, too, as soon as nobody reads there", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    gate.commit(roster_batch(whole()));
    std::optional<Connection> reader;
    reader.emplace(folder.path() / "menshen.db", Connection::Mode::read, std::string());
    std::string sealed;
    {
        auto row = reader->query("SELECT sealed FROM face_templates LIMIT 1");
        REQUIRE(row.step());
        sealed = row.text(0);
    }
    const auto is_there = [&] { return raw_bytes(folder.path()).find(sealed) != std::string::npos; };
    // The log may just be on its way into the database.
    for (int i = 0; i < 100 && !is_there(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(is_there());
    {
        // Somebody reads on while it is withdrawn.
        auto reading = reader->query("SELECT seq FROM journal");
        REQUIRE(reading.step());
        gate.commit(roster_batch({GENERATE(values<RosterChange>(
            {RemoveFace{PersonId("p-17")}, RemovePerson{PersonId("p-17")}, PutFace{consent_of("p-17"), {}}}))}));
        gate.commit({record_at(1)});  // not held up
        CHECK(is_there());
    }
    reader.reset();
    for (int i = 0; i < 1000 && is_there(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK_FALSE(is_there());
}

TEST_CASE("a backup of another version than the roster is renewed at the start", "[store]") {
    const TempFolder folder;
    const auto backup = folder.path() / "roster.backup";
    Gate(folder.path()).commit(roster_batch(whole()));
    std::filesystem::copy_file(backup, folder.path() / "older");
    Gate(folder.path()).commit(roster_batch({RemoveFace{PersonId("p-17")}}));
    std::filesystem::rename(folder.path() / "older", backup);
    Gate gate(folder.path());
    const auto version = [&] {
        const auto image = read_backup(backup, gate.store().keys());
        return image ? image->version : 0;
    };
    for (int i = 0; i < 1000 && version() != 5; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(version() == 5);
}

TEST_CASE("an accepted model comes back after a restart and from the backup; a new notice is accepted anew", "[store]") {
    const TempFolder folder;
    {
        Gate gate(folder.path());
        gate.commit(roster_batch({AcceptModel{"odd-512", "aa", "uid 0"}}));
        gate.commit(roster_batch({AcceptModel{"odd-512", "bb", "uid 0"}, AcceptModel{"odd-liveness", "cc", "uid 0"}}));
    }
    Gate gate(folder.path());
    const std::map<std::string, std::string> accepted{{"odd-512", "bb"}, {"odd-liveness", "cc"}};
    CHECK(gate.opened.roster.accepted_models == accepted);
    const auto image = read_backup(folder.path() / "roster.backup", gate.store().keys());
    REQUIRE(image);
    Roster restored;
    for (const auto& change : image->changes) apply(change, gate.store().keys(), restored);
    CHECK(restored.accepted_models == accepted);
}
