#include "core/event_queue.hpp"
#include "core/gate.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;

namespace {

/// A hall sensor of h1, a bed mat of p2, a sensor of nobody; h1 is the flat of p1 alone, h2 of two.
class House {
public:
    House() : gate(settings(), [](const CardNumber& n) { return n.hex; }) {
        auto& roster = gate.roster();
        roster.put(Household{.id = HouseholdId("h1"), .size = 1});
        roster.put(Household{.id = HouseholdId("h2"), .size = 2});
        roster.put(Person{.id = PersonId("p1"), .household = HouseholdId("h1"), .tags = {"lives-alone"}});
        roster.put(Person{.id = PersonId("p2"), .household = HouseholdId("h2")});
        now.wall = *parse_stamp("2026-11-01T08:00:00+08:00");
    }
    static GateSettings settings() {
        GateSettings out{.site = SiteId("site"), .gate = GateId("gate"), .doors = {}};
        out.inputs = {{DeviceId("hall"), {}, HouseholdId("h1")},
                      {DeviceId("bed"), PersonId("p2"), {}},
                      {DeviceId("stairs"), {}, {}},
                      {DeviceId("flat2"), {}, HouseholdId("h2")}};
        out.feeds = {{DeviceId("hall"), {Kind::activity}}, {DeviceId("in"), {Kind::card_read, Kind::passage}}};
        return out;
    }
    std::vector<Record> line(const char* device, bool active) {
        return gate.on_event(LineChanged{DeviceId(device), Line::activity, active}, now).records;
    }
    std::vector<Record> edge(const char* device) {
        (void)line(device, false);
        return line(device, true);
    }
    void wait(Millis span) {
        now.mono = now.mono + span;
        now.wall.time = now.wall.time + span;
    }
    Gate gate;
    Now now;
};

}  // namespace

TEST_CASE("an edge of an activity line is a sign of life of whom it is bound to", "[unit][gate]") {
    House house;
    CHECK(house.line("hall", true).empty());  // how it stands, not what somebody did
    const auto seen = house.line("hall", false);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].kind == Kind::activity);
    CHECK(seen[0].device.str() == "hall");
    CHECK(seen[0].household.str() == "h1");
    CHECK(seen[0].person.str() == "p1");  // who lives alone is the one who moves there
    CHECK(seen[0].household_size == 1);
    CHECK(seen[0].person_tags == std::vector<std::string>{"lives-alone"});

    const auto bed = house.edge("bed");
    REQUIRE(bed.size() == 1);
    CHECK(bed[0].person.str() == "p2");
    CHECK(bed[0].household.str() == "h2");
    const auto flat = house.edge("flat2");
    REQUIRE(flat.size() == 1);
    CHECK(flat[0].household.str() == "h2");
    CHECK(flat[0].person.empty());  // registered as two: nobody knows which of them
    const auto stairs = house.edge("stairs");
    REQUIRE(stairs.size() == 1);
    CHECK(stairs[0].household.empty());
    CHECK(house.edge("unbound").empty());
}

TEST_CASE("an input says so once a minute, however nervous it is", "[unit][gate]") {
    House house;
    (void)house.line("hall", false);
    std::size_t records = 0;
    for (int i = 0; i < 1'000; ++i) {
        records += house.line("hall", i % 2 == 0).size();
        house.wait(119ms);  // 119 s in all
    }
    CHECK(records == 2);
    CHECK(house.edge("bed").size() == 1);  // of its own
}

TEST_CASE("a sensor that was away begins anew: its first report is no edge", "[unit][gate]") {
    House house;
    REQUIRE(house.edge("hall").size() == 1);
    house.wait(2min);
    (void)house.gate.on_event(DeviceChanged{DeviceId("hall"), true, ""}, house.now);
    const auto gone = house.gate.on_event(DeviceChanged{DeviceId("hall"), false, "unplugged"}, house.now);
    CHECK(house.line("hall", false).empty());
    CHECK(house.line("hall", true).size() == 1);
    REQUIRE(gone.records.size() == 1);
    CHECK(field(gone.records[0], "feeds") == std::vector<std::string>{"activity"});
}

TEST_CASE("devices say what they feed when they come and go; others say nothing", "[unit][gate]") {
    House house;
    const auto online = house.gate.on_event(DeviceChanged{DeviceId("in"), true, ""}, house.now);
    CHECK(field(online.records.at(0), "feeds") == std::vector<std::string>{"card_read", "passage"});
    const auto lock = house.gate.on_event(DeviceChanged{DeviceId("lock"), true, ""}, house.now);
    CHECK_FALSE(lock.records.at(0).more.contains("feeds"));
}

TEST_CASE("a tag whose end has come is in no record, even before it is taken away", "[unit][gate]") {
    House house;
    auto& roster = house.gate.roster();
    roster.put_tag(PersonId("p1"), "away", house.now.wall.time + 1h);
    REQUIRE(house.edge("hall").at(0).person_tags == std::vector<std::string>{"away", "lives-alone"});
    house.wait(1h);
    CHECK(house.edge("hall").empty());
    CHECK(house.line("hall", false).empty());
    house.wait(1min);
    CHECK(house.line("hall", true).empty() == false);
    Record record = make_record(Kind::activity, house.now);
    record.person = PersonId("p1");
    house.gate.describe_person(record);
    CHECK(record.person_tags == std::vector<std::string>{"lives-alone"});
    // With a clock that may be wrong by years it has not ended.
    record.wall_is_trusted = false;
    house.gate.describe_person(record);
    CHECK(record.person_tags.size() == 2);
    roster.remove_tag(PersonId("p1"), "away");
    CHECK(roster.person(PersonId("p1"))->tag_ends.empty());
}

TEST_CASE("a pulse of a sensor is never lost in the queue", "[unit]") {
    EventQueue queue;
    for (const bool active : {true, false}) queue.offer(LineChanged{DeviceId("hall"), Line::activity, active});
    CHECK(std::get<LineChanged>(*queue.take()).active);
    CHECK_FALSE(std::get<LineChanged>(*queue.take()).active);
    CHECK(queue.empty());
}
