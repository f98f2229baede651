// A seed in, an invariant out: a random week at a door with a real gate, store and rule engine, restarts included.

#include <map>
#include <random>
#include <set>

#include "tests/daemon/app/flow_world.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using app::testing::FlowWorld;
using app::testing::test_door;

namespace {

constexpr auto* kRules = R"(
rules:
  - id: silence
    watch: passage
    where: {person.tags: lives-alone}
    per: person
    absent: {for: 6h}
    alert: {severity: warning, to: [grid-3]}
  - id: overuse
    watch: card_read
    per: card
    count: {over: 1h, more_than: 3}
    alert: {severity: info, to: [grid-3]}
  - id: held
    watch: door_held
    per: door
    each: {cooldown: 10m}
    alert: {severity: info, to: [grid-3]}
)";

class World {
public:
    explicit World(std::uint64_t seed) : random_(seed) { open(); }

    void step() {
        switch (pick(12)) {
            case 0:
            case 1:
            case 2:
                flow_->card("AA");
                break;
            case 3:
                flow_->card("BB");
                break;
            case 4:
                flow_->card("CC");
                break;
            case 5:
                flow_->send(CardMalformed{DeviceId("in"), "25:1FFFFFF", "25 bits: no format has so many"});
                break;
            case 6:
                flow_->line(Line::contact, true);
                break;
            case 7:
                flow_->line(Line::contact, false);
                break;
            case 8:
                flow_->line(Line::exit_button, pick(2) == 0);
                break;
            case 9:
                set_fire(pick(3) == 0);
                break;
            case 10:
                restart();
                break;
            default:
                break;
        }
        const Millis spans[] = {0ms, 200ms, 3s, 20s, 5min, 2h, 9h};
        settled_ = flow_->advance(spans[pick(7)]) && settled_;
    }

    [[nodiscard]] bool settled() const { return settled_; }
    /// While fire lasts the lock is open.
    [[nodiscard]] bool fire_releases() const { return !fire_ || flow_->unlocked; }
    /// Every change of the lock to open stands behind a committed record that allows it, at that moment or before.
    [[nodiscard]] bool every_unlock_has_a_record() const {
        std::size_t allowed = 0;
        for (const auto& record : flow_->committed) {
            const bool fire =
                record.kind == Kind::command && field(record, "command") == std::vector<std::string>{"fire_release"};
            if (record.kind == Kind::granted || record.kind == Kind::exit_request || fire) ++allowed;
        }
        std::size_t unlocks = 0;
        for (const auto& command : flow_->commands) {
            const auto* lock = std::get_if<SetLock>(&command);
            if (lock != nullptr && lock->unlocked) ++unlocks;
        }
        return unlocks <= allowed;
    }
    /// Suspended and unknown cards are never granted.
    [[nodiscard]] bool nobody_else_was_granted() const {
        for (const auto& record : flow_->committed) {
            if (record.kind == Kind::granted && record.card != CardId("c1")) return false;
        }
        return true;
    }
    /// Left alone without fire, a door is locked.
    [[nodiscard]] bool locks_again() {
        if (fire_) set_fire(false);
        flow_->send(LockRequested{DoorId("front"), "test"});
        settled_ = flow_->advance(2min) && settled_;
        return !flow_->unlocked;
    }
    /// The chain is whole, no number is missing, and no alert state was raised twice.
    [[nodiscard]] std::string broken_journal() const {
        std::uint64_t expected = 1;
        std::set<std::string> fired;
        for (const auto& record : flow_->journal()) {
            if (record.seq != expected++) return "a number is missing before " + record.id();
            if (record.kind != Kind::alert) continue;
            const auto key =
                field(record, "alert").at(0) + "/" + field(record, "state").at(0) + "/" + field(record, "change").at(0);
            if (!fired.insert(key).second) return "raised twice: " + key;
        }
        return {};
    }
    /// A new engine that folds the whole journal stands where the live one stands.
    [[nodiscard]] bool replay_equals_live() const {
        rules::Engine replay(flow_->rules, {.gate = "gate", .zone = Zone(8h), .id_key = flow_->opened.store->keys().alert_ids()});
        for (const auto& record : flow_->journal()) (void)replay.on_record(record);
        (void)replay.on_time(flow_->clock->now());
        return ids(replay) == ids(flow_->flow->engine());
    }

private:
    static std::set<std::string> ids(const rules::Engine& engine) {
        std::set<std::string> out;
        for (const auto& alert : engine.open_alerts()) out.insert(alert.id.str() + std::string(to_text(alert.state)));
        return out;
    }

    void open() {
        flow_ =
            std::make_unique<FlowWorld>(folder_.path(), FlowWorld::Setup{.door = test_door(), .rules = kRules, .vfs = {}}, now_);
        REQUIRE(flow_->trouble == "");
        settled_ = flow_->settle() && settled_;
    }

    void restart() {
        now_ = flow_->clock->now().wall.time + Millis(pick(3) * 3'600'000);
        flow_.reset();
        fire_ = false;
        open();
    }

    void set_fire(bool active) {
        fire_ = active;
        flow_->line(Line::fire, active);
    }

    std::size_t pick(std::size_t n) { return random_() % n; }

    std::mt19937_64 random_;
    store::testing::TempFolder folder_;
    std::unique_ptr<FlowWorld> flow_;
    WallTime now_ = parse_stamp("2026-11-01T08:00:00+08:00")->time;
    bool fire_ = false;
    bool settled_ = true;
};

}  // namespace

TEST_CASE("whatever happens at the door, what must hold holds", "[sim]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 13));
    CAPTURE(seed);
    World world(seed);
    for (int step = 0; step < 120; ++step) {
        CAPTURE(step);
        world.step();
        REQUIRE(world.settled());
        REQUIRE(world.fire_releases());
        REQUIRE(world.every_unlock_has_a_record());
        REQUIRE(world.nobody_else_was_granted());
    }
    CHECK(world.locks_again());
    CHECK(world.broken_journal() == "");
    CHECK(world.replay_equals_live());
}
