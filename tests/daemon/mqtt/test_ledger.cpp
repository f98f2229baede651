#include "cli/platform/ledger.hpp"

#include <filesystem>
#include <fstream>

#include "cli/platform/message.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::platform;

namespace {

const Journal kEast{"east", "0123abcd"};

struct Fixture {
    menshen::test::TempFolder folder;
    std::string file = (folder.path() / "account.db").string();
    std::unique_ptr<Ledger> ledger = *Ledger::open(file);

    Entry record(std::uint64_t seq, const std::string& bytes = "{}") {
        return *ledger->put(RecordMessage{kEast, seq, "passage", bytes});
    }
    Entry alert(std::uint64_t lane, std::uint64_t previous, const std::string& id = "a", std::uint64_t change = 1,
                bool retained = false) {
        return *ledger->put(AlertMessage{kEast, "grid-3", id, change, lane, previous, "firing", "{}", retained});
    }
    void state(std::uint64_t records_from, std::uint64_t alerts_from) {
        REQUIRE(ledger->put(StateMessage{kEast, records_from, alerts_from, {}, {}}));
    }
    Reached reached() { return *ledger->advance(kEast); }
};

}  // namespace

TEST_CASE("records: as far as there is no hole", "[unit]") {
    Fixture f;
    CHECK(f.record(2) == Entry::first);
    CHECK(f.reached().records == 0);
    CHECK(f.record(1) == Entry::first);
    CHECK(f.record(4) == Entry::first);
    CHECK(f.reached().records == 2);
    CHECK(f.record(3) == Entry::first);
    CHECK(f.reached().records == 4);
    CHECK(f.record(3) == Entry::repeat);
    CHECK(f.record(3, "{\"other\":1}") == Entry::conflict);
    const auto totals = *f.ledger->totals();
    CHECK(totals.records == 4);
    CHECK(totals.repeats == 1);
}

TEST_CASE("records: the gate says where it begins and what will never come", "[unit]") {
    Fixture f;
    f.record(10);
    CHECK(f.reached().records == 0);
    f.state(10, 1);
    CHECK(f.reached().records == 10);
    f.record(15);
    REQUIRE(f.ledger->put(StateMessage{kEast, 11, 1, {{11, 12}, {13, 14}}, {}}));
    CHECK(f.reached().records == 15);
    f.state(5, 1);  // an older one comes late
    CHECK(f.reached().records == 15);
}

TEST_CASE("alerts: the chain of previous shows what is missing", "[unit]") {
    Fixture f;
    f.alert(5, 3, "b");
    CHECK(f.reached().alerts == 0);
    f.alert(3, 0, "a");
    CHECK(f.reached().alerts == 5);
    f.alert(9, 7, "c");
    CHECK(f.reached().alerts == 5);
    f.alert(9, 5, "c");  // said again: 7 was superseded
    CHECK(f.reached().alerts == 9);
    REQUIRE(f.ledger->put(StateMessage{kEast, 1, 1, {}, {{10, 12}}}));
    CHECK(f.reached().alerts == 12);
    f.alert(20, 0, "d");
    CHECK(f.reached().alerts == 20);
}

TEST_CASE("alerts: states are counted once, repeats from delivery only", "[unit]") {
    Fixture f;
    CHECK(f.alert(1, 0) == Entry::first);
    CHECK(f.alert(1, 0) == Entry::repeat);
    CHECK(f.alert(1, 0, "a", 1, true) == Entry::repeat);
    CHECK(f.alert(2, 1, "a", 2) == Entry::first);
    const auto totals = *f.ledger->totals();
    CHECK(totals.alerts == 2);
    CHECK(totals.repeats == 1);
}

TEST_CASE("a new epoch is a new account, and the account outlives the process", "[unit]") {
    Fixture f;
    f.state(1, 1);
    f.record(1);
    CHECK(f.reached().records == 1);
    const Journal next{"east", "11111111"};
    REQUIRE(f.ledger->put(StateMessage{next, 1, 1, {}, {}}));
    CHECK(*f.ledger->current_epoch("east") == "11111111");
    CHECK(f.ledger->advance(next)->records == 0);
    REQUIRE(f.ledger->keep("client_id", "x"));
    f.ledger = *Ledger::open(f.file);
    CHECK(*f.ledger->kept("client_id") == "x");
    CHECK(f.reached().records == 1);
    CHECK(*f.ledger->current_epoch("east") == "11111111");
    CHECK(f.ledger->current_epoch("west")->empty());
}

TEST_CASE("what was not committed is not there after a crash", "[unit]") {
    Fixture f;
    REQUIRE(f.ledger->begin());
    f.record(1);
    REQUIRE(f.ledger->commit());
    REQUIRE(f.ledger->begin());
    f.record(2);
    f.ledger.reset();
    f.ledger = *Ledger::open(f.file);
    CHECK(f.reached().records == 1);
}

TEST_CASE("what is rolled back does not count", "[unit]") {
    const menshen::test::TempFolder folder;
    const auto ledger = Ledger::open((folder.path() / "x.db").string());
    REQUIRE(ledger);
    REQUIRE((*ledger)->rollback());  // nothing was begun
    REQUIRE((*ledger)->begin());
    REQUIRE((*ledger)->count_malformed());
    REQUIRE((*ledger)->totals()->malformed == 1);
    REQUIRE((*ledger)->rollback());
    CHECK((*ledger)->totals()->malformed == 0);
    REQUIRE((*ledger)->begin());
    REQUIRE((*ledger)->commit());
}

TEST_CASE("a file that is no database is refused by name", "[unit]") {
    const menshen::test::TempFolder folder;
    const auto file = (folder.path() / "x.db").string();
    std::ofstream(file) << "this is a text that is certainly no database, however long one looks at it\n"
                        << std::string(4096, 'x');
    const auto ledger = Ledger::open(file);
    REQUIRE_FALSE(ledger);
    CHECK(ledger.error().message.find(file) != std::string::npos);
    CHECK(ledger.error().message.find("not a database") != std::string::npos);
}

TEST_CASE("messages are checked before they are believed", "[unit]") {
    const std::string root = "menshen/v1/tianlin-12/east/";
    const auto complaint = [&](const std::string& what, const std::string& payload) {
        const auto read = parse_message(root + what, payload, false);
        return read ? std::string("taken") : read.error().message;
    };
    const std::string record = R"({"epoch":"0123abcd","seq":1,"at":"2026-11-01T08:00:00.000+08:00","kind":"passage"})";
    CHECK(complaint("records", record) == "taken");
    CHECK(complaint("records", "") == "not JSON");
    CHECK(complaint("records", "[1]") == "not a JSON object");
    CHECK(complaint("records", R"({"epoch":"0123abcd","seq":0,"at":"x","kind":"y"})") ==
          "record: seq must be a whole number from 1");
    CHECK(complaint("records", R"({"epoch":"0123abcd","seq":9223372036854775808,"at":"x","kind":"y"})").find("seq") !=
          std::string::npos);
    CHECK(complaint("records", R"({"epoch":"q","seq":1,"at":"x","kind":"y"})") ==
          "record: epoch must be 8 lower-case hex digits");
    CHECK(complaint("alerts/grid-3/a", "") == "taken");
    CHECK(complaint("alerts/grid-3/b", R"({"epoch":"0123abcd","alert":"a","change":1,"lane":2,"previous":1,"state":"firing"})") ==
          "alert: alert is not the one of the topic");
    CHECK(complaint("alerts/grid-3/a", R"({"epoch":"0123abcd","alert":"a","change":1,"lane":2,"previous":2,"state":"firing"})") ==
          "alert: previous must be below lane");
    CHECK(complaint("state", R"({"online":false})") == "taken");
    CHECK(complaint("state", R"({"online":true,"epoch":"0123abcd"})") == "state: outbox must be an object");
    CHECK(complaint("state",
                    R"({"online":true,"epoch":"0123abcd","outbox":{"records_from":1,"alerts_from":1,"records_missing":[[3,1]],)"
                    R"("alerts_missing":[]}})") == "state: records_missing holds no range");
    CHECK(complaint("alerts/x", "{}") == "topic is not of the contract");
    CHECK(complaint("records", std::string(1'100'000, ' ')).find("more than 1 MiB") != std::string::npos);
}
