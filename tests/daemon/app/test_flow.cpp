#include <sqlite3.h>

#include <algorithm>

#include "tests/daemon/app/flow_world.hpp"
#include "tests/daemon/store/failing_disk.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using app::testing::FlowWorld;
using app::testing::test_door;
using store::testing::failing_disk;
using store::testing::failing_disk_name;
using store::testing::TempFolder;

namespace {

const WallTime kStart = parse_stamp("2026-11-01T08:00:00+08:00")->time;

/// A disk that works again at the end of the scope, whatever happened.
struct SlowDisk {
    explicit SlowDisk(int delay_ms) { failing_disk().sync_delay_ms = delay_ms; }
    ~SlowDisk() { mend(); }
    static void mend() {
        failing_disk().sync_delay_ms = 0;
        failing_disk().write_result = 0;
    }
};

std::vector<const Record*> of_kind(const std::vector<Record>& records, Kind kind) {
    std::vector<const Record*> out;
    for (const auto& record : records) {
        if (record.kind == kind) out.push_back(&record);
    }
    return out;
}

}  // namespace

TEST_CASE("the lock opens after the commit, not before", "[app][flow]") {
    const TempFolder folder;
    FlowWorld world(folder.path(), {.door = test_door(), .rules = {}, .vfs = {}}, kStart);
    REQUIRE(world.trouble == "");
    REQUIRE(world.settle());
    bool committed_first = false;
    world.card("AA");
    REQUIRE(world.run_until([&] { return world.unlocked; }));
    for (const auto& record : world.journal()) committed_first = committed_first || record.kind == Kind::granted;
    CHECK(committed_first);
    REQUIRE(world.settle());
    CHECK_FALSE(of_kind(world.journal(), Kind::granted).at(0)->late);
}

TEST_CASE("a slow disk keeps nobody in the rain: prompt unlocks after 100 ms and says late", "[app][flow]") {
    const TempFolder folder;
    FlowWorld world(folder.path(), {.door = test_door(), .rules = {}, .vfs = failing_disk_name()}, kStart);
    REQUIRE(world.trouble == "");
    REQUIRE(world.settle());
    {
        const SlowDisk slow(1500);
        world.card("AA");
        REQUIRE(world.run_until([&] { return world.unlocked; }, std::chrono::milliseconds(1400)));
        CHECK(of_kind(world.committed, Kind::granted).empty());
    }
    REQUIRE(world.settle());
    CHECK(world.flow->late() == 1);
    // Its transaction was under way already, so that a record of its own says it.
    const auto said_late = [&] {
        const auto journal = world.journal();
        return std::any_of(journal.begin(), journal.end(), [](const Record& record) { return record.late; });
    };
    CHECK(world.run_until(said_late));
}

TEST_CASE("a strict door refuses after 3 s without audit, and never unlocks", "[app][flow]") {
    const TempFolder folder;
    auto door = test_door();
    door.audit = Audit::strict;
    FlowWorld world(folder.path(), {.door = door, .rules = {}, .vfs = failing_disk_name()}, kStart);
    REQUIRE(world.trouble == "");
    REQUIRE(world.settle());
    failing_disk().write_result = SQLITE_FULL;
    const auto began = std::chrono::steady_clock::now();
    world.card("AA");
    const auto refused = [&] {
        for (const auto& command : world.commands) {
            const auto* signal = std::get_if<Signal>(&command);
            if (signal != nullptr && signal->meaning == Signal::Meaning::denied) return true;
        }
        return false;
    };
    REQUIRE(world.run_until(refused, std::chrono::seconds(8)));
    CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(2900));
    CHECK_FALSE(world.unlocked);
    SlowDisk::mend();
    REQUIRE(world.settle());
    const auto journal = world.journal();
    REQUIRE(of_kind(journal, Kind::denied).size() == 1);
    CHECK(of_kind(journal, Kind::denied)[0]->reason == "no_audit");
    CHECK_FALSE(world.unlocked);
}

TEST_CASE("fire releases while the disk is dead", "[app][flow]") {
    const TempFolder folder;
    FlowWorld world(folder.path(), {.door = test_door(), .rules = {}, .vfs = failing_disk_name()}, kStart);
    REQUIRE(world.trouble == "");
    REQUIRE(world.settle());
    failing_disk().write_result = SQLITE_IOERR;
    world.line(Line::fire, true);
    CHECK(world.run_until([&] { return world.unlocked; }, std::chrono::seconds(2)));
    SlowDisk::mend();
    REQUIRE(world.settle());
}

TEST_CASE("an alert survives a restart and resolves after it", "[app][flow]") {
    constexpr auto* kRules = R"(
rules:
  - id: silence
    watch: passage
    where: {person.tags: lives-alone}
    per: person
    absent: {for: 24h}
    alert: {severity: warning, to: [grid-3], text: {zh: "{person}", en: "{person}"}}
)";
    const TempFolder folder;
    const FlowWorld::Setup setup{.door = test_door(), .rules = kRules, .vfs = {}};
    AlertId raised;
    {
        FlowWorld world(folder.path(), setup, kStart);
        REQUIRE(world.trouble == "");
        REQUIRE(world.settle());
        world.card("AA");
        REQUIRE(world.settle());
        world.line(Line::contact, true);
        REQUIRE(world.settle());
        world.line(Line::contact, false);
        REQUIRE(world.advance(25h));
        const auto open = world.flow->engine().open_alerts();
        REQUIRE(open.size() == 1);
        raised = open[0].id;
    }
    FlowWorld world(folder.path(), setup, kStart + 26h);
    REQUIRE(world.settle());
    REQUIRE(world.flow->engine().open_alerts().size() == 1);
    CHECK(world.flow->engine().open_alerts()[0].id == raised);
    world.card("AA");
    REQUIRE(world.settle());
    world.line(Line::contact, true);
    REQUIRE(world.settle());
    CHECK(world.flow->engine().open_alerts().empty());
    std::vector<std::string> states;
    for (const auto& record : world.journal()) {
        if (record.kind == Kind::alert) states.push_back(field(record, "state").at(0));
    }
    CHECK(states == std::vector<std::string>{"firing", "resolved"});
}

TEST_CASE("rules that could not be read lose nothing of what was known", "[app][flow]") {
    constexpr auto* kRules = R"(
rules:
  - id: silence
    watch: passage
    per: person
    absent: {for: 24h}
    alert: {severity: warning, to: [grid-3]}
)";
    const TempFolder folder;
    const FlowWorld::Setup good{.door = test_door(), .rules = kRules, .vfs = {}};
    {
        FlowWorld world(folder.path(), good, kStart);
        REQUIRE(world.settle());
        world.card("AA");
        REQUIRE(world.settle());
        world.line(Line::contact, true);
        REQUIRE(world.advance(25h));
        REQUIRE(world.flow->engine().open_alerts().size() == 1);
        world.flow->checkpoint();
        REQUIRE(world.settle());
    }
    {
        // As the app does when the files cannot be read: no rules, nothing said of them, no checkpoint.
        FlowWorld world(folder.path(), {.door = test_door(), .rules = {}, .vfs = {}, .rules_unread = true}, kStart + 26h);
        REQUIRE(world.advance(1h));
        world.flow->checkpoint();
        REQUIRE(world.settle());
    }
    FlowWorld world(folder.path(), good, kStart + 28h);
    REQUIRE(world.settle());
    CHECK(world.flow->engine().open_alerts().size() == 1);
}

TEST_CASE("recipients hear of an alert from its firing to its end, and of a pending one never", "[app][flow]") {
    const TempFolder folder;
    FlowWorld world(folder.path(), {.door = test_door(), .rules = {}, .vfs = {}}, kStart);
    REQUIRE(world.settle());
    const auto rows = [&] {
        std::map<std::string, bool> out;
        bool answered = false;
        world.opened.store->alerts(store::Store::Which::all, 100, [&](const auto& read) {
            for (const auto& row : *read) out[row.alert.str() + " " + row.to.str()] = row.open;
            answered = true;
        });
        REQUIRE(world.run_until([&] { return answered; }));
        return out;
    };
    const auto say = [&](const std::string& id, AlertState state, std::vector<RecipientId> to) {
        AlertChange change;
        change.id = AlertId(id);
        change.rule = RuleId("r");
        change.state = state;
        change.to = std::move(to);
        world.flow->commit_alerts({change});
        REQUIRE(world.settle());
    };
    const RecipientId grid("grid-3");
    const RecipientId street("street");
    say("night", AlertState::pending, {grid});
    say("night", AlertState::resolved, {grid});  // over before anybody was told
    CHECK(rows().empty());
    say("day", AlertState::pending, {grid});
    say("day", AlertState::firing, {grid});
    CHECK(rows() == std::map<std::string, bool>{{"day grid-3", true}});
    say("day", AlertState::firing, {street});  // escalated to another: who held it sees that too
    CHECK(rows() == std::map<std::string, bool>{{"day grid-3", true}, {"day street", true}});
    say("day", AlertState::resolved, {street});
    CHECK(rows() == std::map<std::string, bool>{{"day grid-3", false}, {"day street", false}});
    CHECK(of_kind(world.journal(), Kind::alert).size() == 6);
}
