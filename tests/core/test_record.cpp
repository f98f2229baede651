#include "core/alert.hpp"
#include "core/digest.hpp"
#include "core/record.hpp"
#include "core/roster.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;

namespace {

Record full_record() {
    Now now{.mono = {1234ms}, .wall = *parse_stamp("2026-11-01T08:00:00.250+08:00"), .wall_is_trusted = true, .boot = 3};
    Record r = make_record(Kind::passage, now);
    r.epoch = "00c0ffee";
    r.seq = 42;
    r.person = PersonId("p1");
    r.household = HouseholdId("h1");
    r.household_size = 2;
    r.person_tags = {"lives-alone"};
    r.door = DoorId("front");
    r.side = Side::in;
    r.method = Method::card;
    r.certainty = Certainty::strong;
    r.late = true;
    r.more["note"] = std::string("a \"quoted\" line\n门");
    r.more["count"] = std::int64_t{-7};
    r.more["list"] = std::vector<std::string>{"a", "b"};
    return r;
}

}  // namespace

TEST_CASE("a record's canonical bytes are fixed", "[unit][record]") {
    CHECK(
        to_json(full_record()) ==
        R"({"epoch":"00c0ffee","seq":42,"at":"2026-11-01T08:00:00.250+08:00","wall_is_trusted":true,"mono":1234,"boot":3,)"
        R"("kind":"passage","certainty":"strong","count":-7,"door":"front","household":"h1","household_size":2,"late":true,)"
        R"("list":["a","b"],"method":"card","note":"a \"quoted\" line\u000a门","person":"p1","person_tags":["lives-alone"],"side":"in"})");
}

TEST_CASE("canonical bytes read back to the same bytes", "[unit][record]") {
    const auto json = to_json(full_record());
    const auto back = parse_record(json);
    REQUIRE(back);
    CHECK(to_json(*back) == json);
}

TEST_CASE("bytes that are not UTF-8 cannot break a record", "[unit][record]") {
    Record r = full_record();
    r.reason = "bad \xff\xc0\xaf \xed\xa0\x80 end";
    CHECK(parse_record(to_json(r)));
}

TEST_CASE("a record that cannot be read says which key", "[unit][record]") {
    const auto message = [](std::string_view json) {
        const auto record = parse_record(json);
        return record ? std::string("read") : record.error().message;
    };
    CHECK(message("[]") == "not a JSON object");
    CHECK(message(R"({"kind":"passage"})") == "\"at\" is missing");
    CHECK(message(R"({"at":"2026-11-01T08:00:00Z","kind":"passsage"})").find("\"kind\"") == 0);
    CHECK(message(R"({"at":"2026-11-01T08:00:00Z","kind":"passage","person":5})").find("\"person\"") == 0);
    CHECK(message(R"({"at":"2026-11-01T08:00:00Z","kind":"passage","nested":{"a":1}})") == "read");
}

TEST_CASE("fields are found by their names in the rule language", "[unit][record]") {
    const auto r = full_record();
    CHECK(field(r, "person.tags") == std::vector<std::string>{"lives-alone"});
    CHECK(field(r, "certainty") == std::vector<std::string>{"strong"});
    CHECK(field(r, "household.size") == std::vector<std::string>{"2"});
    CHECK(field(r, "nothing").empty());
}

TEST_CASE("every kind has one name", "[unit][record]") {
    for (const auto name : kind_names()) {
        const auto kind = parse_kind(name);
        REQUIRE(kind);
        CHECK(to_text(*kind) == name);
    }
}

TEST_CASE("an alert change survives the journal", "[unit][alert]") {
    AlertChange change{.id = AlertId("a1"),
                       .change = 2,
                       .rule = RuleId("elderly-silence"),
                       .per = "person",
                       .subject = "p1",
                       .state = AlertState::resolved,
                       .at = *parse_stamp("2026-11-02T08:00:00+08:00"),
                       .fired_at = *parse_stamp("2026-11-01T08:00:00+08:00"),
                       .to = {RecipientId("grid-3")},
                       .reason = "auto"};
    Record record = to_record(change, {.wall = change.at});
    const auto back = parse_alert(*parse_record(to_json(record)));
    REQUIRE(back);
    CHECK(back->id == change.id);
    CHECK(back->change == 2);
    CHECK(back->state == AlertState::resolved);
    CHECK(back->to == change.to);
    CHECK(record.person == PersonId("p1"));
    CHECK_FALSE(parse_alert(full_record()));
}

TEST_CASE("published digest vectors", "[unit][digest]") {
    CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
    Key key{};
    std::fill(key.begin(), key.begin() + 20, std::uint8_t{0x0b});  // RFC 4231 case 1; HMAC pads a short key with zeros
    CHECK(to_hex(hmac_sha256(key, "Hi There")) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(derive_key(key, "a") != derive_key(key, "b"));
    CHECK(from_hex("0g").empty());
    CHECK(to_hex(from_hex("00FFa1")) == "00ffa1");
}

TEST_CASE("a replaced card is no longer found by its old number", "[unit][roster]") {
    Roster roster;
    roster.put(Card{.id = CardId("c1"), .person = PersonId("p1"), .index = "aa"});
    roster.put(Card{.id = CardId("c1"), .person = PersonId("p1"), .index = "bb"});
    CHECK(roster.card_by_index("aa") == nullptr);
    REQUIRE(roster.card_by_index("bb") != nullptr);
    roster.put(Person{.id = PersonId("p1")});
    roster.remove_person(PersonId("p1"));
    CHECK(roster.card_by_index("bb") == nullptr);
    CHECK(roster.person(PersonId("p1")) == nullptr);
}
