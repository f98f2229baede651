#include "daemon/store/schema.hpp"
#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::store;
using namespace menshen::store::testing;

TEST_CASE("migrations count from one without a hole", "[store]") {
    int expected = 0;
    for (const auto& step : migrations()) {
        CAPTURE(step.name);
        CHECK(step.number == ++expected);
        CHECK_FALSE(step.sql.empty());
    }
    CHECK(newest_schema() == expected);
}

TEST_CASE("a migrated database has the schema of a fresh one", "[store]") {
    const TempFolder folder;
    Connection fresh(folder.path() / "fresh.db", Connection::Mode::write, {});
    create_schema(fresh);
    CHECK(schema_version(fresh) == newest_schema());

    // From every older schema: each gate in the field stands at one of them.
    const auto held = GENERATE(range(0, newest_schema()));
    CAPTURE(held);
    Connection migrated(folder.path() / "migrated.db", Connection::Mode::write, {});
    migrate(migrated, held);
    CHECK(schema_version(migrated) == held);
    CHECK(describe_schema(migrated) != describe_schema(fresh));
    migrate(migrated, newest_schema());
    CHECK(describe_schema(migrated) == describe_schema(fresh));
    CHECK(schema_version(migrated) == newest_schema());
    CHECK(migrated.number("PRAGMA application_id") == kApplicationId);
    CHECK(fresh.number("PRAGMA application_id") == kApplicationId);
}
