// While the side thread reads the rules (a checkpoint, a reload) doors work on, and nothing that happens is lost to them.

#include <future>

#include "rules/parse.hpp"
#include "tests/daemon/app/flow_world.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using app::SideThread;
using app::testing::FlowWorld;
using app::testing::test_door;
using store::testing::TempFolder;

namespace {

const WallTime kStart = parse_stamp("2026-11-01T08:00:00+08:00")->time;

constexpr auto* kDenials = R"(
rules:
  - id: denials
    watch: denied
    per: card
    count: {over: 1h, more_than: 2}
    alert: {severity: warning, to: [grid-3]}
)";

constexpr auto* kSilence = R"(
rules:
  - id: silence
    watch: passage
    per: person
    absent: {for: 24h}
    alert: {severity: warning, to: [grid-3]}
)";

/// Keeps the side thread reading until it goes out of scope.
class Held {
public:
    explicit Held(FlowWorld& world) {
        world.flow->with_engine_aside([over = over_.get_future().share()](const rules::Engine&) -> SideThread::Then {
            over.wait();
            return [] {};
        });
    }
    ~Held() { over_.set_value(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

private:
    std::promise<void> over_;
};

std::shared_ptr<const rules::RuleSet> parsed(const char* text) {
    Problems problems;
    const std::vector<rules::RuleFile> files{{"test.yaml", text}};
    auto set = rules::parse_rules(files, {}, problems);
    REQUIRE(set);
    return std::make_shared<const rules::RuleSet>(std::move(*set));
}

std::size_t count_of(const FlowWorld& world, Kind kind) {
    std::size_t out = 0;
    for (const auto& record : world.journal()) out += record.kind == kind ? 1 : 0;
    return out;
}

}  // namespace

TEST_CASE("the door opens while the rules stand aside, and they see everything afterwards", "[app][flow]") {
    const TempFolder folder;
    FlowWorld world(folder.path(), {.door = test_door(), .rules = kDenials, .vfs = {}}, kStart);
    REQUIRE(world.settle());
    {
        const Held held(world);
        for (std::size_t i = 1; i <= 3; ++i) {
            world.card("BB");
            REQUIRE(world.run_until([&] { return count_of(world, Kind::denied) == i; }));
        }
        world.card("AA");
        REQUIRE(world.run_until([&] { return world.unlocked; }));
        CHECK(world.flow->engine().open_alerts().empty());
        CHECK_FALSE(world.flow->quiet());
    }
    REQUIRE(world.settle());
    REQUIRE(world.flow->engine().open_alerts().size() == 1);
    CHECK(count_of(world, Kind::alert) == 1);
    CHECK(world.flow->engine().last_record().seq == world.journal().back().seq);
}

TEST_CASE("a deadline that comes while the rules stand aside fires once, when they are back", "[app][flow]") {
    const TempFolder folder;
    FlowWorld world(folder.path(), {.door = test_door(), .rules = kSilence, .vfs = {}}, kStart);
    REQUIRE(world.settle());
    world.card("AA");
    REQUIRE(world.settle());
    world.line(Line::contact, true);
    REQUIRE(world.advance(1h));
    {
        const Held held(world);
        world.clock->move_to(world.clock->now().mono + 24h);
        world.flow->run_due();
        CHECK(world.flow->engine().open_alerts().empty());
    }
    REQUIRE(world.settle());
    world.flow->run_due();
    REQUIRE(world.settle());
    CHECK(world.flow->engine().open_alerts().size() == 1);
    CHECK(count_of(world, Kind::alert) == 1);
}

TEST_CASE("what a person says to an alert waits for the rules and is not lost by a reload", "[app][flow]") {
    const TempFolder folder;
    FlowWorld world(folder.path(), {.door = test_door(), .rules = kDenials, .vfs = {}}, kStart);
    REQUIRE(world.settle());
    for (int i = 0; i < 3; ++i) world.card("BB");
    REQUIRE(world.settle());
    REQUIRE(world.flow->engine().open_alerts().size() == 1);
    const auto id = world.flow->engine().open_alerts().front().id;

    const auto more =
        parsed((std::string(kDenials) + std::string(kSilence).substr(std::string(kSilence).find("  - id"))).c_str());
    const rules::EngineSettings settings{
        .gate = "gate", .zone = Zone(std::chrono::hours(8)), .id_key = world.opened.store->keys().alert_ids()};
    world.flow->with_engine_aside([&](const rules::Engine& old) -> SideThread::Then {
        auto fresh = std::make_shared<Result<rules::Engine>>(rules::Engine::restore(more, settings, old.checkpoint()));
        return [&world, fresh] {
            REQUIRE(*fresh);
            world.flow->set_engine(std::move(**fresh));
        };
    });
    bool said = false;
    world.flow->with_engine([&](rules::Engine& engine) {
        const auto change = engine.acknowledge(id, {.by = "uid 0", .note = {}, .reason = {}}, world.clock->now());
        REQUIRE(change);
        world.flow->commit_alerts({*change});
        said = true;
    });
    CHECK_FALSE(said);
    world.card("BB");
    REQUIRE(world.settle());
    CHECK(said);
    const auto open = world.flow->engine().open_alerts();
    REQUIRE(open.size() == 1);
    CHECK(open.front().state == AlertState::acknowledged);
    CHECK(world.flow->engine().rules().rules.size() == 2);
    CHECK(count_of(world, Kind::rules_changed) == 2);
    CHECK_FALSE(world.flow->engine().awaits_load());
    CHECK(world.flow->engine().last_record().seq == world.journal().back().seq);
}

TEST_CASE("a checkpoint that is written aside and the tail are the whole journal", "[app][flow]") {
    const TempFolder folder;
    const FlowWorld::Setup setup{.door = test_door(), .rules = kDenials, .vfs = {}};
    {
        FlowWorld world(folder.path(), setup, kStart);
        REQUIRE(world.settle());
        for (int i = 0; i < 2; ++i) world.card("BB");
        REQUIRE(world.settle());
        bool written = false;
        world.flow->checkpoint([&] { written = true; });
        for (int i = 0; i < 2; ++i) world.card("BB");
        REQUIRE(world.settle());
        CHECK(written);
        CHECK(world.flow->engine().open_alerts().size() == 1);
    }
    FlowWorld world(folder.path(), setup, kStart + 1min);
    REQUIRE(world.opened.checkpoint);
    REQUIRE(world.settle());
    CHECK(world.flow->engine().open_alerts().size() == 1);
    CHECK(count_of(world, Kind::alert) == 1);
}
