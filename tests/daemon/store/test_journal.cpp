#include "daemon/store/journal.hpp"

#include <functional>

#include "daemon/store/meta.hpp"
#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;
using Catch::Matchers::Contains;

namespace {

/// Ten records, closed; then somebody has the file.
struct Written {
    TempFolder folder;
    KnownHead head;

    Written() {
        Gate gate(folder.path());
        for (int i = 0; i < 10; ++i) gate.commit({record_at(i)});
        head = {gate.store().head().seq, gate.store().head().link};
    }
    [[nodiscard]] std::filesystem::path file() const { return folder.path() / "menshen.db"; }
    void edit(const std::function<void(Connection&)>& change) const {
        Connection db(file(), Connection::Mode::write, {});
        change(db);
    }
    [[nodiscard]] Audit audit() const { return audit_file(file()).value(); }
};

std::string payload_of(Connection& db, int seq) {
    auto row = db.query("SELECT payload FROM journal WHERE seq = ?", seq);
    return row.step() ? row.text(0) : std::string();
}

}  // namespace

TEST_CASE("the chain has the bytes that docs/records.md says", "[store]") {
    // Worked out apart from this program, with Python's hashlib, from the words of that page.
    const Digest first = first_link("0badcafe");
    CHECK(to_hex(first) == "35580d28bdb81f4669b9af9ac3c6e1ecf0be6e45297f16fd33c8407090fff69a");
    const Digest payload = payload_digest("0123456789abcdef", R"({"kind":"granted"})");
    CHECK(to_hex(payload) == "d0fff12542ec584ab18df301c5ab7a516dc8a9eeee49314556e9c0942659bc29");
    CHECK(to_hex(next_link(first, {1, "granted", 1'793'491'200'000, payload})) ==
          "e896caddcda45499bd21816a355d6782cae8c592ebefe6a1ff72a54fa9625c95");
}

TEST_CASE("an untouched journal is whole", "[store]") {
    const Written written;
    const Audit audit = written.audit();
    CHECK_FALSE(audit.first_break);
    CHECK(audit.checked == 10);
    CHECK(audit.last_seq == 10);
    CHECK(audit.last_link == written.head.link);
    CHECK(audit.erased.empty());
    CHECK_FALSE(audit_file(written.file(), written.head)->first_break);
}

TEST_CASE("a changed record breaks the chain at its place", "[store]") {
    const Written written;
    const auto* sql =
        GENERATE(as<const char*>(), "UPDATE journal SET payload = replace(payload, 'front', 'cellar') WHERE seq = 4",
                 "UPDATE journal SET kind = 'granted' WHERE seq = 4", "UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 4",
                 "UPDATE journal SET salt = randomblob(16) WHERE seq = 4",
                 "UPDATE journal SET link = randomblob(32) WHERE seq = 4", "UPDATE journal SET payload = NULL WHERE seq = 4");
    CAPTURE(sql);
    written.edit([&](Connection& db) { db.run(sql); });
    const Audit audit = written.audit();
    REQUIRE(audit.first_break);
    CHECK(audit.first_break->seq == 4);
    CHECK(audit.checked == 3);
}

TEST_CASE("records taken out of the middle show", "[store]") {
    const Written written;
    written.edit([](Connection& db) { db.run("DELETE FROM journal WHERE seq IN (5, 6)"); });
    const Audit audit = written.audit();
    REQUIRE(audit.first_break);
    CHECK(audit.first_break->reason == "records 5 to 6 are missing");
}

TEST_CASE("records that changed places show", "[store]") {
    const Written written;
    written.edit([](Connection& db) {
        db.run("UPDATE journal SET seq = 100 WHERE seq = 5");
        db.run("UPDATE journal SET seq = 5 WHERE seq = 6");
        db.run("UPDATE journal SET seq = 6 WHERE seq = 100");
    });
    REQUIRE(written.audit().first_break);
    CHECK(written.audit().first_break->seq == 5);
}

TEST_CASE("a tail that was cut shows against the published head, not without it", "[store]") {
    const Written written;
    written.edit([](Connection& db) { db.run("DELETE FROM journal WHERE seq > 7"); });
    CHECK_FALSE(written.audit().first_break);
    const Audit audit = audit_file(written.file(), written.head).value();
    REQUIRE(audit.first_break);
    CHECK_THAT(audit.first_break->reason, Contains("records 8 to 10 were cut off"));
}

TEST_CASE("a history that was written anew shows against the published head", "[store]") {
    const Written written;
    written.edit([](Connection& db) {
        const std::string epoch = read_meta(db, "epoch").value();
        std::vector<Record> records;
        for (int seq = 1; seq <= 10; ++seq) records.push_back(parse_record(payload_of(db, seq)).value());
        records[3].person = PersonId("somebody-else");
        db.run("DELETE FROM journal");
        Journal journal(db, epoch);
        for (auto& record : records) journal.append(record);
    });
    CHECK_FALSE(written.audit().first_break);  // it is a whole chain, only another one
    const Audit audit = audit_file(written.file(), written.head).value();
    REQUIRE(audit.first_break);
    CHECK_THAT(audit.first_break->reason, Contains("written anew"));
}

TEST_CASE("retention erases bytes and leaves a chain that is whole", "[store]") {
    TempFolder folder;
    Gate gate(folder.path());
    Record marked = record_at(0);
    marked.more["note"] = std::string("MARKER-OF-THE-ERASED");
    gate.commit({marked});
    for (int i = 1; i < 10; ++i) gate.commit({record_at(i)});
    const auto erase = [&](int before) {
        return gate
            .answer_of<std::uint64_t>(
                [&](auto answer) { gate.store().erase_before(at(before).wall.time, at(100), std::move(answer)); })
            .value();
    };
    CHECK_THAT(raw_bytes(folder.path()), Contains("MARKER-OF-THE-ERASED"));
    CHECK(erase(5) == 0);  // nothing was delivered yet
    REQUIRE(gate.confirm({gate.opened.epoch, 10, 0}));
    CHECK(erase(5) == 5);
    CHECK(erase(5) == 0);
    CHECK_THAT(raw_bytes(folder.path()), !Contains("MARKER-OF-THE-ERASED"));

    REQUIRE(gate.own.size() == 1);
    CHECK(gate.own[0].kind == Kind::command);
    CHECK(gate.own[0].reason == "retention");
    const Audit audit = gate.verify();
    CHECK_FALSE(audit.first_break);
    CHECK(audit.checked == 11);
    REQUIRE(audit.erased.size() == 1);
    CHECK(audit.erased[0].from == 1);
    CHECK(audit.erased[0].to == 5);
    CHECK(audit.erased[0].by == gate.own[0].seq);
    CHECK(gate.tail({}).size() == 6);
    gate.close();

    // An erased record can no more be exchanged than another one.
    Connection db(folder.path() / "menshen.db", Connection::Mode::write, {});
    db.run("UPDATE journal SET digest = randomblob(32) WHERE seq = 3");
    REQUIRE(audit_file(folder.path() / "menshen.db")->first_break);
    CHECK(audit_file(folder.path() / "menshen.db")->first_break->seq == 3);
}

TEST_CASE("the running store walks its own chain while it commits", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    std::vector<Record> many;
    for (int i = 0; i < 3000; ++i) many.push_back(record_at(i));
    gate.commit(many);
    std::optional<Audit> audit;
    gate.store().verify([&](const Result<Audit>& result) { audit = result.value(); });
    gate.commit({record_at(3000)});
    REQUIRE(gate.loop.run_until([&] { return audit.has_value(); }));
    CHECK_FALSE(audit->first_break);
    CHECK(audit->checked >= 3000);
}

TEST_CASE("retention keeps fresh records that a clock without time stamped 1970", "[store]") {
    const TempFolder folder;
    Gate gate(folder.path());
    const auto unset = [](int seconds) {
        Record record = record_at(0);
        record.at.time = WallTime{std::chrono::seconds(seconds)};
        record.wall_is_trusted = false;
        return record;
    };
    const auto closed = [&](const std::string& alert, Record record) {
        Batch batch;
        batch.records = {std::move(record)};
        batch.alerts = {alert_row(alert, "grid-3", "x")};
        batch.alerts[0].open = false;
        gate.commit(std::move(batch));
    };
    closed("a1", unset(1));       // 1: as old as the next one
    closed("a2", record_at(0));   // 2: old
    closed("a3", unset(2));       // 3: between an old one and a fresh one: it may be fresh
    closed("a4", record_at(50));  // 4: fresh
    closed("a5", unset(3));       // 5: fresh
    REQUIRE(gate.confirm({gate.opened.epoch, 5, 5}));
    const auto erased = gate.answer_of<std::uint64_t>(
        [&](auto answer) { gate.store().erase_before(at(10).wall.time, at(100), std::move(answer)); });
    CHECK(erased.value() == 2);
    const auto left = gate.tail({});
    REQUIRE(left.size() == 4);
    CHECK(left[0].seq == 3);
    const auto alerts = gate.answer_of<std::vector<AlertRow>>(
        [&](auto answer) { gate.store().alerts(Store::Which::all, 100, std::move(answer)); });
    REQUIRE(alerts->size() == 3);
    CHECK(alerts->back().alert.str() == "a3");
}

TEST_CASE("an erasure that no record tells of is a break", "[store]") {
    const TempFolder folder;
    {
        Gate gate(folder.path());
        gate.commit({record_at(0), record_at(1), record_at(50, Kind::command), record_at(51)});
        REQUIRE(gate.confirm({gate.opened.epoch, 4, 0}));
        REQUIRE(gate.answer_of<std::uint64_t>(
            [&](auto answer) { gate.store().erase_before(at(10).wall.time, at(100), std::move(answer)); }));
    }
    const auto file = folder.path() / "menshen.db";
    CHECK_FALSE(audit_file(file)->first_break);
    struct Case {
        const char* by;
        const char* why;
    };
    const auto c = GENERATE(values<Case>({{"NULL", "no later record tells"},
                                          {"0", "no later record tells"},
                                          {"2", "no later record tells"},
                                          {"99", "is not there"},
                                          {"4", "does not tell of it"},
                                          {"3", "does not tell of it"}}));
    CAPTURE(c.by);
    Connection db(file, Connection::Mode::write, {});
    db.script(std::string("UPDATE journal SET erased_by = ") + c.by + " WHERE seq = 2");
    const Audit audit = audit_file(file).value();
    REQUIRE(audit.first_break);
    CHECK(audit.first_break->seq == 2);
    CHECK_THAT(audit.first_break->reason, Contains(c.why));
}
