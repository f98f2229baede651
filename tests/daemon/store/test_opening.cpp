#include <unistd.h>

#include <fstream>

#include "daemon/store/schema.hpp"
#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;
using Catch::Matchers::Contains;

namespace {

void overwrite(const std::filesystem::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// A gate that knows one person with a card, and has a history; then it stops.
std::string lived_in(const std::filesystem::path& folder, int records = 200) {
    Gate gate(folder);
    Batch batch;
    batch.roster = {PutPerson{{PersonId("p-17"), "Wang", {}, {}}}};
    PutCard card;
    card.card.id = CardId("c-1");
    card.card.person = PersonId("p-17");
    card.number = "26:2F623AE";
    batch.roster.emplace_back(card);
    gate.commit(std::move(batch));
    for (int i = 0; i < records; ++i) gate.commit({record_at(i)});
    return gate.opened.epoch;
}

void check_new_life(const TempFolder& folder, const std::string& old_epoch) {
    Gate gate(folder.path());
    REQUIRE(gate.opened.store);
    CHECK(gate.opened.new_epoch);
    CHECK(gate.opened.epoch != old_epoch);
    CHECK(gate.opened.last_seq == 0);
    CHECK(gate.opened.boot == 1);
    CHECK(gate.opened.set_aside == (folder.path() / "menshen.db.broken-20261101T080000").native());
    CHECK(std::filesystem::exists(gate.opened.set_aside));
    // The doors open as before.
    CHECK_THAT(gate.opened.roster_from, Contains("version 2") && Contains("roster.backup"));
    CHECK(gate.opened.roster.version == 2);
    const Card* card = gate.opened.roster.card_by_index(gate.store().keys().card_index("26:2F623AE"));
    REQUIRE(card != nullptr);
    CHECK(card->person.str() == "p-17");
    CHECK_THAT(gate.confirm({old_epoch, 1, 0}).error().message, Contains(old_epoch));
    CHECK(gate.commit({record_at(0)}).records[0].seq == 1);
    gate.close();
    Gate again(folder.path());
    CHECK_FALSE(again.opened.new_epoch);
    CHECK(again.opened.set_aside.empty());
    CHECK(again.opened.roster_from.empty());
    CHECK(again.opened.roster.persons().size() == 1);
}

}  // namespace

TEST_CASE("a database that is not a database is set aside, and the gate lives on its roster backup", "[store]") {
    const TempFolder folder;
    const auto epoch = lived_in(folder.path());
    overwrite(folder.path() / "menshen.db", "this is no database, but long enough to be looked at; " + std::string(5000, 'x'));
    check_new_life(folder, epoch);
}

TEST_CASE("a truncated database is set aside", "[store]") {
    const TempFolder folder;
    const auto epoch = lived_in(folder.path());
    const auto file = folder.path() / "menshen.db";
    const auto divisor = GENERATE(2, 3, 5);
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / divisor);
    check_new_life(folder, epoch);
}

TEST_CASE("a database with overwritten pages is set aside", "[store]") {
    const TempFolder folder;
    const auto epoch = lived_in(folder.path());
    {
        std::fstream file(folder.path() / "menshen.db", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096 * 6);
        file << std::string(4096 * 4, '\xa5');
    }
    check_new_life(folder, epoch);
}

TEST_CASE("a database without its tables, or of another program, is set aside", "[store]") {
    const TempFolder folder;
    const auto epoch = lived_in(folder.path());
    {
        Connection db(folder.path() / "menshen.db", Connection::Mode::write, {});
        db.script(GENERATE("DROP TABLE alerts", "PRAGMA application_id = 7", "DELETE FROM meta WHERE key = 'canary'",
                           "UPDATE cards SET sealed = randomblob(60)"));
    }
    check_new_life(folder, epoch);
}

TEST_CASE("without a backup the roster is empty, and that is said", "[store]") {
    const TempFolder folder;
    lived_in(folder.path(), 1);
    overwrite(folder.path() / "menshen.db", std::string(5000, 'x'));
    std::filesystem::remove(folder.path() / "roster.backup");
    Gate gate(folder.path());
    REQUIRE(gate.opened.store);
    CHECK(gate.opened.new_epoch);
    CHECK(gate.opened.roster.persons().empty());
    CHECK_THAT(gate.opened.roster_from, Contains("the roster is empty") && Contains("roster.backup"));
}

TEST_CASE("a damaged backup is not used", "[store]") {
    const TempFolder folder;
    lived_in(folder.path(), 1);
    overwrite(folder.path() / "menshen.db", std::string(5000, 'x'));
    overwrite(folder.path() / "roster.backup", std::string(500, 'y'));
    Gate gate(folder.path());
    REQUIRE(gate.opened.store);
    CHECK(gate.opened.roster.persons().empty());
    CHECK_THAT(gate.opened.roster_from, Contains("the roster is empty"));
}

TEST_CASE("two broken databases of one moment are both kept", "[store]") {
    const TempFolder folder;
    for (int i = 0; i < 2; ++i) {
        overwrite(folder.path() / "menshen.db", std::string(5000, 'x'));
        Gate gate(folder.path());
        REQUIRE(gate.opened.store);
    }
    CHECK(std::filesystem::exists(folder.path() / "menshen.db.broken-20261101T080000"));
    CHECK(std::filesystem::exists(folder.path() / "menshen.db.broken-20261101T080000-2"));
}

TEST_CASE("a new journal that was not finished is finished", "[store]") {
    const TempFolder folder;
    lived_in(folder.path(), 1);
    std::filesystem::remove(folder.path() / "menshen.db");
    {
        // Killed when the tables stood and nothing was in them.
        Connection db(folder.path() / "menshen.db", Connection::Mode::write, {});
        create_schema(db);
    }
    Gate gate(folder.path());
    REQUIRE(gate.opened.store);
    CHECK(gate.opened.new_epoch);
    CHECK(gate.opened.epoch.size() == 8);
    CHECK(gate.opened.roster.persons().size() == 1);
}

TEST_CASE("an older schema is brought up to date with what it holds", "[store]") {
    const TempFolder folder;
    {
        Connection db(folder.path() / "menshen.db", Connection::Mode::write, {});
        migrate(db, 1);
    }
    Gate gate(folder.path());
    REQUIRE(gate.opened.store);
    CHECK(gate.commit({record_at(0)}).records[0].seq == 1);
}

TEST_CASE("a newer schema is refused in words and left alone", "[store]") {
    const TempFolder folder;
    const auto epoch = lived_in(folder.path(), 1);
    {
        Connection db(folder.path() / "menshen.db", Connection::Mode::write, {});
        db.script("PRAGMA user_version = 99");
    }
    {
        Gate gate(folder.path());
        CHECK_FALSE(gate.opened.store);
        CHECK_THAT(gate.refused, Contains("newer Menshen") && Contains("schema 99") && Contains("menshen.db"));
    }
    {
        Connection db(folder.path() / "menshen.db", Connection::Mode::write, {});
        db.script("PRAGMA user_version = " + std::to_string(newest_schema()));
    }
    CHECK(Gate(folder.path()).opened.epoch == epoch);
}

TEST_CASE("another master key is refused in words and nothing is lost", "[store]") {
    const TempFolder folder;
    const auto epoch = lived_in(folder.path(), 1);
    {
        Gate gate(settings_in(folder.path()), key_of(8));
        CHECK_FALSE(gate.opened.store);
        CHECK_THAT(gate.refused, Contains("another master key"));
    }
    CHECK(Gate(folder.path()).opened.epoch == epoch);
}

TEST_CASE("a database in use is refused", "[store]") {
    const TempFolder folder;
    Gate first(folder.path());
    Gate second(folder.path());
    CHECK_FALSE(second.opened.store);
    CHECK_THAT(second.refused, Contains("another menshend"));
    CHECK(first.commit({record_at(0)}).records[0].seq == 1);
}

TEST_CASE("a folder that is missing or cannot be written is refused in words", "[store]") {
    const TempFolder folder;
    {
        Gate gate(folder.path() / "none");
        CHECK_THAT(gate.refused, Contains("none") && Contains("the folder must exist"));
    }
    if (::geteuid() == 0) {
        Gate gate(std::filesystem::path("/proc"));  // root writes everywhere else
        CHECK_THAT(gate.refused, Contains("cannot be written"));
    } else {
        std::filesystem::permissions(folder.path(), std::filesystem::perms(0500));
        Gate gate(folder.path());
        CHECK_THAT(gate.refused, Contains("Permission denied"));
        std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
    }
}
