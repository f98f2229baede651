#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;
using Catch::Matchers::Contains;

namespace {

std::vector<std::uint64_t> seqs(const std::vector<StoredRecord>& records) {
    std::vector<std::uint64_t> out;
    for (const auto& record : records) out.push_back(record.seq);
    return out;
}

using Seqs = std::vector<std::uint64_t>;

Batch alerting(int second, std::vector<AlertRow> rows) {
    Batch batch;
    batch.records = {record_at(second, Kind::alert)};
    batch.alerts = std::move(rows);
    return batch;
}

}  // namespace

TEST_CASE("the records lane holds what is not confirmed, in order and within limits", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    for (int i = 0; i < 6; ++i) gate.commit({record_at(i)});
    CHECK(seqs(gate.lane()) == Seqs{1, 2, 3, 4, 5, 6});
    CHECK(seqs(gate.lane(2, 3)) == Seqs{3, 4, 5});
    CHECK(seqs(gate.lane(0, 10, 1)) == Seqs{1});  // one always, or a long record would stop the lane
    CHECK(gate.lane()[0].payload == gate.tail({})[0].payload);

    const auto head = gate.confirm({gate.opened.epoch, 4, 0});
    REQUIRE(head);
    CHECK(head->confirmed_seq == 4);
    CHECK(head->waiting_records == 2);
    CHECK(head->first_record == 5);
    CHECK(seqs(gate.lane()) == Seqs{5, 6});
    CHECK(gate.confirm({gate.opened.epoch, 2, 0})->confirmed_seq == 4);  // a repeat changes nothing
    CHECK(seqs(gate.lane()) == Seqs{5, 6});
    CHECK(gate.confirm({gate.opened.epoch, 6, 0})->waiting_bytes == 0);
    CHECK(gate.lane().empty());
    CHECK(gate.tail({}).size() == 6);  // delivered is not forgotten
}

TEST_CASE("a confirm of another epoch or beyond the head is refused with the reason", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    gate.commit({record_at(0), record_at(1)});
    CHECK_THAT(gate.confirm({"00000000", 1, 0}).error().message, Contains("epoch 00000000") && Contains(gate.opened.epoch));
    CHECK_THAT(gate.confirm({gate.opened.epoch, 3, 0}).error().message, Contains("record 3") && Contains("committed is 2"));
    CHECK_THAT(gate.confirm({gate.opened.epoch, 0, 1}).error().message, Contains("alert state 1"));
    CHECK(seqs(gate.lane()) == Seqs{1, 2});
}

TEST_CASE("what the broker took leaves the lanes without a confirm", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    gate.commit(alerting(0, {alert_row("a1", "grid-3", "one")}));
    gate.commit({record_at(1)});
    gate.store().delivered(1, 1);
    REQUIRE(gate.loop.run_until([&] { return gate.store().head().waiting_alerts == 0; }));
    CHECK(seqs(gate.lane()) == Seqs{2});
    CHECK(gate.alert_lane().empty());
}

TEST_CASE("the alert lane holds the newest state of each alert and recipient", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    gate.commit(alerting(0, {alert_row("a1", "grid-3", "one"), alert_row("a1", "police", "one")}));
    gate.commit(alerting(1, {alert_row("a2", "grid-3", "other")}));
    auto closed = alert_row("a1", "grid-3", "two");
    closed.open = false;
    gate.commit(alerting(2, {closed}));

    const auto lane = gate.alert_lane();
    REQUIRE(lane.size() == 3);
    CHECK(gate.store().head().first_alert == 2);
    CHECK(lane[0].to.str() == "police");
    CHECK(lane[0].n == 2);
    CHECK(lane[1].alert.str() == "a2");
    CHECK(lane[2].n == 4);
    CHECK(lane[2].payload == "two");
    CHECK_FALSE(lane[2].open);
    CHECK(lane[2].changed_at == at(2).wall.time);
    CHECK(gate.alert_lane(3).size() == 1);

    // A state that was under way when it was replaced: its confirm does not take the newer one with it.
    REQUIRE(gate.confirm({gate.opened.epoch, 0, 3}));
    REQUIRE(gate.alert_lane().size() == 1);
    CHECK(gate.alert_lane()[0].n == 4);
    CHECK(gate.store().head().waiting_alerts == 1);
    REQUIRE(gate.confirm({gate.opened.epoch, 3, 4}));
    CHECK(gate.alert_lane().empty());
    CHECK(gate.store().head().waiting_bytes == 0);
}

TEST_CASE("lanes, numbers and open alerts are the same after a restart", "[store]") {
    const TempFolder folder;
    Head before;
    {
        Gate gate(folder.path());
        gate.commit(alerting(0, {alert_row("a1", "grid-3", "one"), alert_row("a2", "grid-3", "two")}));
        auto closed = alert_row("a2", "grid-3", "over");
        closed.open = false;
        gate.commit(alerting(1, {closed}));
        for (int i = 2; i < 6; ++i) gate.commit({record_at(i)});
        REQUIRE(gate.confirm({gate.opened.epoch, 3, 1}));
        before = gate.store().head();
    }
    Gate gate(folder.path());
    const Head after = gate.store().head();
    CHECK(after.link == before.link);
    CHECK(after.alert_n == 3);
    CHECK(after.confirmed_seq == 3);
    CHECK(after.waiting_records == 3);
    CHECK(after.waiting_alerts == 1);
    CHECK(after.waiting_bytes == before.waiting_bytes);
    REQUIRE(gate.opened.open_alerts.size() == 1);
    CHECK(gate.opened.open_alerts[0].alert.str() == "a1");
    CHECK(gate.opened.open_alerts[0].payload == "one");
    gate.commit(alerting(9, {alert_row("a3", "grid-3", "three")}));
    CHECK(gate.alert_lane().back().n == 4);
}

TEST_CASE("alerts are listed open and all, the newest change first", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    auto closed = alert_row("a1", "grid-3", "over");
    closed.open = false;
    gate.commit(alerting(0, {closed}));
    gate.commit(alerting(1, {alert_row("a2", "grid-3", "now")}));
    const auto list = [&](Store::Which which) {
        return gate.answer_of<std::vector<AlertRow>>([&](auto answer) { gate.store().alerts(which, 10, std::move(answer)); })
            .value();
    };
    REQUIRE(list(Store::Which::open).size() == 1);
    REQUIRE(list(Store::Which::all).size() == 2);
    CHECK(list(Store::Which::all)[0].payload == "now");
}

TEST_CASE("when the outbox is full, plain records make room and are counted; alerts stay", "[store]") {
    const TempFolder folder;
    auto settings = settings_in(folder.path());
    settings.outbox_bytes = 20'000;
    Gate gate(settings);
    gate.commit(alerting(0, {alert_row("a1", "grid-3", "an alert that must arrive")}));
    for (int i = 1; i < 300; ++i) gate.commit({record_at(i)});

    const Head head = gate.store().head();
    CHECK(head.waiting_bytes <= 20'000);
    REQUIRE_FALSE(gate.own.empty());
    REQUIRE(gate.alert_lane().size() == 1);
    const auto lane = gate.lane();
    CHECK(lane.front().seq == 1);  // the alert's history, kept below the mark

    // Every record is in the lane or counted by a gap record, none in both.
    std::int64_t counted = 0;
    for (const auto& gap : gate.own) {
        REQUIRE(gap.kind == Kind::gap);
        CHECK(gap.reason == "outbox_full");
        counted += std::get<std::int64_t>(gap.more.at("count"));
    }
    CHECK(head.waiting_records == lane.size());
    CHECK(head.first_record == 1);
    CHECK(head.first_alert == 1);
    CHECK(head.confirmed_seq > 100);
    CHECK(head.seq == lane.size() + static_cast<std::uint64_t>(counted));
    CHECK(std::get<std::int64_t>(gate.own.front().more.at("from")) == 2);
    for (std::size_t i = 1; i < lane.size(); ++i) REQUIRE(lane[i - 1].seq < lane[i].seq);

    // And the same after a restart.
    gate.close();
    Gate again(settings);
    CHECK(again.store().head().waiting_bytes == head.waiting_bytes);
    CHECK(seqs(again.lane()) == seqs(lane));
    CHECK_FALSE(again.verify().first_break);
    REQUIRE(again.confirm({again.opened.epoch, head.seq, 1}));
    CHECK(again.store().head().waiting_bytes == 0);
    CHECK(again.lane().empty());
    CHECK(again.store().head().first_record == head.seq + 1);
    CHECK(again.store().head().first_alert == 2);
}
