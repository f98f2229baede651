#include <sqlite3.h>

#include <thread>

#include "tests/daemon/store/failing_disk.hpp"
#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;
using Catch::Matchers::Contains;

namespace {

/// A gate on the failing disk; the disk is well again when it ends.
struct OnFailingDisk {
    TempFolder folder;
    FailingDisk& disk = failing_disk();
    std::vector<Record> done;  // before the gate, whose last callbacks still use it
    std::optional<Gate> gate;

    explicit OnFailingDisk(std::size_t buffer = 4096) {
        auto settings = settings_in(folder.path());
        settings.vfs = failing_disk_name();
        settings.buffer = buffer;
        gate.emplace(settings);
        gate->commit({record_at(0)});
    }
    ~OnFailingDisk() { heal(); }
    void heal() {
        disk.write_result = 0;
        disk.sync_result = 0;
        disk.sync_delay_ms = 0;
    }
    bool offer(Batch batch) {
        return gate->store()
            .commit(std::move(batch), [this](const Committed& c) { done.insert(done.end(), c.records.begin(), c.records.end()); })
            .taken;
    }
    bool offer(int second, Kind kind = Kind::card_read) {
        Batch batch;
        batch.records = {record_at(second, kind)};
        return offer(std::move(batch));
    }
    bool wait_unhealthy() {
        return gate->loop.run_until([this] { return !gate->health.empty() && !gate->health.back().first; });
    }
};

}  // namespace

TEST_CASE("a disk that fails for a while loses nothing, and health says so once each way", "[store]") {
    struct Case {
        int write;
        int sync;
        const char* words;
    };
    const auto c =
        GENERATE(values<Case>({{SQLITE_FULL, 0, "full"}, {SQLITE_IOERR, 0, "I/O error"}, {0, SQLITE_IOERR, "I/O error"}}));
    CAPTURE(c.words);
    OnFailingDisk on;
    on.disk.write_result = c.write;
    on.disk.sync_result = c.sync;
    for (int i = 1; i <= 20; ++i) REQUIRE(on.offer(i));
    REQUIRE(on.wait_unhealthy());
    CHECK_THAT(on.gate->health.back().second, Contains(c.words));
    for (int i = 21; i <= 40; ++i) REQUIRE(on.offer(i));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // some retries
    on.gate->loop.run_posted();
    CHECK(on.done.empty());
    CHECK(on.gate->store().waiting() == 40);
    CHECK(on.gate->tail({}).size() == 1);  // questions are answered meanwhile

    on.heal();
    REQUIRE(on.gate->loop.run_until([&] { return on.done.size() == 40; }));
    CHECK(on.gate->health.size() == 2);
    CHECK(on.gate->health.back().first);
    for (std::size_t i = 0; i < on.done.size(); ++i) {
        REQUIRE(on.done[i].seq == i + 2);
        REQUIRE(on.done[i].at == at(static_cast<int>(i) + 1).wall);
    }
    CHECK(on.gate->own.empty());
    CHECK_FALSE(on.gate->verify().first_break);
    CHECK(on.gate->store().waiting() == 0);
}

TEST_CASE("beyond the buffer plain records are counted in a gap record, alerts are not lost", "[store]") {
    OnFailingDisk on(40);
    on.disk.write_result = SQLITE_FULL;
    for (int i = 1; i <= 40; ++i) REQUIRE(on.offer(i));
    for (int i = 41; i <= 50; ++i) CHECK_FALSE(on.offer(i));
    // Ten more places for what may not be lost.
    for (int i = 51; i <= 60; ++i) {
        Batch batch;
        batch.records = {record_at(i, Kind::alert)};
        batch.alerts = {alert_row("a" + std::to_string(i), "grid-3", "one")};
        CHECK(on.offer(std::move(batch)));
    }
    // Past them the record is counted, and the newest state of the alert still arrives.
    for (const char* state : {"two", "three"}) {
        Batch batch;
        batch.records = {record_at(61, Kind::alert)};
        batch.alerts = {alert_row("a51", "grid-3", state)};
        CHECK_FALSE(on.offer(std::move(batch)));
    }
    on.heal();
    REQUIRE(on.gate->loop.run_until([&] { return on.done.size() == 50 && !on.gate->own.empty(); }));
    REQUIRE(on.gate->own.size() == 1);
    const Record& gap = on.gate->own[0];
    CHECK(gap.kind == Kind::gap);
    CHECK(gap.reason == "buffer_full");
    CHECK(std::get<std::int64_t>(gap.more.at("count")) == 12);
    CHECK(std::get<std::string>(gap.more.at("from")) == to_text(at(41).wall));
    CHECK(std::get<std::string>(gap.more.at("to")) == to_text(at(61).wall));
    CHECK(gap.at == at(61).wall);
    CHECK(gap.seq == 52);

    const auto lane = on.gate->alert_lane();
    REQUIRE(lane.size() == 10);
    CHECK(lane.back().alert.str() == "a51");
    CHECK(lane.back().payload == "three");
    CHECK_FALSE(on.gate->verify().first_break);
    CHECK(on.gate->commit({record_at(70)}).records[0].seq == 53);
}

TEST_CASE("a newer state of an alert is not overwritten by one that was rescued before it", "[store]") {
    OnFailingDisk on(8);
    const auto alerting = [](int second, const std::string& state, std::size_t records) {
        Batch batch;
        for (std::size_t i = 0; i < records; ++i) batch.records.push_back(record_at(second, Kind::alert));
        batch.alerts = {alert_row("a1", "grid-3", state)};
        return batch;
    };
    on.disk.write_result = SQLITE_FULL;
    for (int i = 1; i <= 8; ++i) REQUIRE(on.offer(i));
    CHECK_FALSE(on.offer(alerting(9, "rescued", 5)));
    CHECK(on.offer(alerting(10, "newer", 1)));
    on.heal();
    REQUIRE(on.gate->loop.run_until([&] { return on.done.size() == 9 && !on.gate->own.empty(); }));
    REQUIRE(on.gate->alert_lane().size() == 1);
    CHECK(on.gate->alert_lane()[0].payload == "newer");
}

TEST_CASE("a roster change is refused when the buffer and its reserve are full", "[store]") {
    OnFailingDisk on(8);
    on.disk.write_result = SQLITE_FULL;
    for (int i = 1; i <= 8; ++i) REQUIRE(on.offer(i));
    const auto change = [] {
        Batch batch;
        batch.roster = {PutPerson{{PersonId("p-1"), "Li", {}, {}}}};
        return batch;
    };
    CHECK(on.offer(change()));
    CHECK(on.offer(change()));
    CHECK_FALSE(on.offer(change()));
}

TEST_CASE("a batch that failed and is tried again can still be marked late", "[store]") {
    OnFailingDisk on;
    on.disk.write_result = SQLITE_IOERR;
    Batch batch;
    batch.records = {record_at(1, Kind::granted)};
    const auto ticket = on.gate->store().commit(std::move(batch), [&](const Committed& c) { on.done = c.records; });
    REQUIRE(on.wait_unhealthy());
    on.gate->store().mark_late(ticket, at(2));
    on.heal();
    REQUIRE(on.gate->loop.run_until([&] { return on.done.size() == 1; }));
    CHECK(on.done[0].late);
    on.gate->commit({record_at(3)});
    CHECK(on.gate->own.empty());
}

TEST_CASE("closing on a dead disk gives up after its limit and says what was not written", "[store]") {
    OnFailingDisk on;
    on.disk.write_result = SQLITE_IOERR;
    for (int i = 1; i <= 3; ++i) REQUIRE(on.offer(i));
    const auto start = std::chrono::steady_clock::now();
    const auto closed = on.gate->store().close(std::chrono::milliseconds(300));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(3));
    REQUIRE_FALSE(closed);
    CHECK_THAT(closed.error().message, Contains("3 records were not written"));
}

TEST_CASE("closing does not wait for a disk that hangs", "[store]") {
    OnFailingDisk on;
    on.disk.sync_delay_ms = 1500;
    const auto syncs = on.disk.syncs.load();
    REQUIRE(on.offer(1));
    wait_for_sync(syncs);
    const auto start = std::chrono::steady_clock::now();
    const auto closed = on.gate->store().close(std::chrono::milliseconds(100));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
    REQUIRE_FALSE(closed);
    CHECK_THAT(closed.error().message, Contains("does not answer"));
    // The thread lives on until the disk answers; its posts still find the loop.
    std::this_thread::sleep_for(std::chrono::seconds(4));
}

TEST_CASE("too many questions are answered with a refusal, not with memory", "[store]") {
    OnFailingDisk on;
    on.disk.sync_delay_ms = 500;
    const auto syncs = on.disk.syncs.load();
    REQUIRE(on.offer(1));
    wait_for_sync(syncs);
    int answered = 0;
    int refused = 0;
    for (int i = 0; i < 1000; ++i) {
        on.gate->store().tail({}, [&](const Result<std::vector<StoredRecord>>& result) { ++(result ? answered : refused); });
    }
    REQUIRE(on.gate->loop.run_until([&] { return answered + refused == 1000; }));
    CHECK(answered >= 256);
    CHECK(refused > 0);
}
