#include "daemon/store/roster_backup.hpp"
#include "daemon/store/schema.hpp"
#include "daemon/store/sqlite.hpp"
#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;
using Catch::Matchers::Contains;

namespace {

const PersonId kLi("p1");
const WallTime kSoon = at(3600).wall.time;
const WallTime kLater = at(7200).wall.time;

Committed change(testing::Gate& gate, std::vector<RosterChange> changes) {
    Batch batch;
    batch.records = {record_at(0, Kind::tag_added)};
    batch.roster = std::move(changes);
    return gate.commit(std::move(batch));
}

void enrol(testing::Gate& gate) {
    REQUIRE(change(gate, {PutPerson{Person{.id = kLi, .name = "Li", .tags = {"lives-alone"}}}}).refused == "");
}

std::string commit(testing::Gate& gate, const StrangerChange& change) {
    Batch batch;
    batch.strangers.push_back(change);
    batch.records.push_back(record_at(0, Kind::tag_added));
    return gate.commit(std::move(batch)).refused;
}

}  // namespace

TEST_CASE("tags and their ends are there after a restart, of persons and of the gate", "[store]") {
    const TempFolder folder;
    {
        testing::Gate gate(folder.path());
        enrol(gate);
        CHECK(change(gate, {PutTag{kLi, "away", kSoon}, PutTag{{}, "rain", kLater}, PutTag{{}, "test-run", {}}}).refused == "");
        CHECK(change(gate, {PutTag{kLi, "away", kLater}}).refused == "");  // another end
    }
    testing::Gate gate(folder.path());
    const auto& roster = gate.opened.roster;
    CHECK(roster.tags_of(kLi) == Tags{{"away", kLater}, {"lives-alone", std::nullopt}});
    CHECK(roster.gate_tags() == Tags{{"rain", kLater}, {"test-run", std::nullopt}});
    CHECK(roster.person(kLi)->name == "Li");
    CHECK_THAT(raw_bytes(folder.path()), !Contains("away"));  // what a person is tagged with is sealed
}

TEST_CASE("a tag that was renewed is not ended, and nothing of that batch stays", "[store]") {
    const TempFolder folder;
    testing::Gate gate(folder.path());
    enrol(gate);
    REQUIRE(change(gate, {PutTag{kLi, "away", kSoon}, PutTag{{}, "rain", kSoon}}).refused == "");
    REQUIRE(change(gate, {PutTag{kLi, "away", kLater}, PutTag{{}, "rain", kLater}}).refused == "");
    const auto records = gate.store().head().seq;
    CHECK_THAT(change(gate, {RemoveTag{kLi, "away", kSoon}}).refused, Contains("was renewed"));
    CHECK_THAT(change(gate, {RemoveTag{{}, "rain", kSoon}}).refused, Contains("was renewed"));
    CHECK_THAT(change(gate, {RemoveTag{kLi, "ill"}}).refused, Contains("has no tag ill"));
    CHECK_THAT(change(gate, {PutTag{PersonId("p9"), "away", {}}}).refused, Contains("p9 is not known"));
    CHECK(gate.store().head().seq == records);
    CHECK(change(gate, {RemoveTag{kLi, "away", kLater}}).refused == "");
    CHECK(change(gate, {RemoveTag{{}, "rain"}}).refused == "");
}

TEST_CASE("a roster of before tags had ends is read, and its backup keeps ends and gate tags", "[store]") {
    const TempFolder folder;
    const KeyRing keys(key_of(7));
    {
        testing::Gate gate(folder.path());
        enrol(gate);
        REQUIRE(change(gate, {PutTag{kLi, "away", kSoon}, PutTag{{}, "rain", kLater}}).refused == "");
    }
    Roster roster;
    const auto image = read_backup(backup_path(folder.path() / "menshen.db"), keys);
    if (!image) FAIL(image.error().message);
    REQUIRE(image->version == 3);
    for (const auto& part : image->changes) apply(part, keys, roster);
    CHECK(roster.tags_of(kLi) == Tags{{"away", kSoon}, {"lives-alone", std::nullopt}});
    CHECK(roster.gate_tags() == Tags{{"rain", kLater}});
}

TEST_CASE("a stranger's label goes with the identity", "[store]") {
    const TempFolder folder;
    const StrangerId id("0123456789abcdef");
    StrangerRow seen;
    seen.id = id;
    seen.model = "m";
    seen.centroid.push_back(1.0f);
    seen.sightings = 3;
    {
        testing::Gate gate(folder.path());
        CHECK_THAT(commit(gate, LabelStranger{.id = id, .label = "courier"}), Contains("not known any more"));
        REQUIRE(commit(gate, PutStranger{seen}) == "");
        REQUIRE(commit(gate, LabelStranger{.id = id, .label = "courier", .until = kSoon}) == "");
        CHECK_THAT(commit(gate, LabelStranger{.id = id, .ended = kLater}), Contains("was renewed"));
    }
    testing::Gate gate(folder.path());
    REQUIRE(gate.opened.strangers.size() == 1);
    CHECK(gate.opened.strangers[0].label == "courier");
    CHECK(gate.opened.strangers[0].label_until == kSoon);
    CHECK(gate.opened.strangers[0].sightings == 3);
    CHECK(commit(gate, LabelStranger{.id = id, .ended = kSoon}) == "");
    CHECK(commit(gate, RemoveStranger{id}) == "");
}

TEST_CASE("the journal is read in slices that fit together", "[store]") {
    const TempFolder folder;
    testing::Gate gate(folder.path());
    std::vector<Record> records;
    for (int i = 0; i < 2'500; ++i) records.push_back(record_at(i, i % 5 == 0 ? Kind::denied : Kind::card_read));
    gate.commit(std::move(records));
    const auto read_all = [&](Store::Slice query) {
        std::vector<std::uint64_t> seqs;
        query.to_seq = gate.store().head().seq;
        for (int turn = 0; turn < 100 && query.after_seq < query.to_seq; ++turn) {
            const auto slice = gate.answer_of<Store::SliceRead>([&](auto done) { gate.store().slice(query, std::move(done)); });
            REQUIRE(slice);
            CHECK(slice->records.size() <= query.limit);
            REQUIRE(slice->up_to > query.after_seq);
            for (const auto& record : slice->records) seqs.push_back(record.seq);
            query.after_seq = slice->up_to;
        }
        CHECK(query.after_seq == query.to_seq);
        return seqs;
    };
    const auto all = read_all({});
    REQUIRE(all.size() == 2'500);
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == i + 1);
    CHECK(read_all({.kinds = {Kind::denied}}).size() == 500);
    CHECK(read_all({.from = at(100).wall.time, .before = at(200).wall.time}).size() == 100);
    const auto one = gate.answer_of<Store::SliceRead>(
        [&](auto done) { gate.store().slice({.to_seq = 2'500, .limit = 7, .bytes = 1}, std::move(done)); });
    REQUIRE(one);
    CHECK(one->records.size() == 1);  // a record larger than the limit still comes
    CHECK(one->up_to == 1);
}
