#include "tests/daemon/app/flow_world.hpp"

#include <boost/asio/post.hpp>

#include "rules/ledger.hpp"
#include "rules/parse.hpp"

namespace menshen::app::testing {

namespace {

std::vector<store::RosterChange> test_roster() {
    store::PutCard good{.card = {.id = CardId("c1"), .person = PersonId("p1")}, .number = "26:AA"};
    store::PutCard suspended{.card = {.id = CardId("c2"), .person = PersonId("p1"), .state = CredentialState::suspended},
                             .number = "26:BB"};
    return {store::PutHousehold{{.id = HouseholdId("h1"), .name = "3-201", .size = 1}},
            store::PutPerson{{.id = PersonId("p1"), .name = "Li", .household = HouseholdId("h1"), .tags = {"lives-alone"}}}, good,
            suspended};
}

}  // namespace

DoorSettings test_door() {
    DoorSettings door;
    door.id = DoorId("front");
    door.readers_in = {DeviceId("in"), DeviceId("camera")};
    door.lock = DeviceId("lock");
    door.contact = DeviceId("contact");
    door.exit_button = DeviceId("exit_button");
    door.fire = DeviceId("fire");
    door.mode = DoorMode::card_or_face;
    return door;
}

FlowWorld::FlowWorld(const std::filesystem::path& folder, Setup setup, WallTime start) {
    const Zone zone(std::chrono::hours(8));
    store::Settings settings = store::testing::settings_in(folder);
    settings.opened_at = zone.at(start);
    settings.vfs = setup.vfs;
    store::Hooks hooks;
    hooks.post = [this](std::function<void()> f) { boost::asio::post(*loop, std::move(f)); };
    hooks.on_own_records = [this](const std::vector<Record>& records) {
        if (flow) flow->on_own_records(records);
    };
    auto result = store::Store::open(settings, store::testing::key_of(7), std::move(hooks));
    if (!result) {
        trouble = result.error().message;
        return;
    }
    opened = std::move(*result);
    clock = std::make_unique<StageClock>(zone, opened.boot, start);
    gate = std::make_unique<Gate>(GateSettings{SiteId("site"), GateId("gate"), {setup.door}},
                                  [this](const CardNumber& number) { return opened.store->keys().card_index(number); });
    gate->roster() = opened.roster;

    Problems problems;
    const std::vector<rules::RuleFile> files{{"test.yaml", setup.rules.empty() ? "rules: []" : setup.rules}};
    auto set = rules::parse_rules(files, {}, problems);
    trouble = set ? "" : problems.text();
    rules = std::make_shared<const rules::RuleSet>(set ? std::move(*set) : rules::RuleSet{});
    std::vector<AlertChange> unsaid;
    auto engine = open_engine(unsaid);
    flow = std::make_unique<Flow>(Flow::Parts{
        .loop = *loop,
        .clock = *clock,
        .gate = *gate,
        .store = *opened.store,
        .side = *side,
        .engine = std::move(engine),
        .run_command =
            [this](const Command& command) {
                commands.push_back(command);
                if (const auto* lock = std::get_if<SetLock>(&command)) unlocked = lock->unlocked;
            },
        .alert_payload = [](const AlertChange& change) { return "{\"id\":\"" + change.id.str() + "\"}"; },
        .on_committed = [this](const Record& record) { committed.push_back(record); },
    });
    if (setup.rules_unread) flow->hold_checkpoints();
    store::Batch batch;
    batch.records.push_back(make_record(Kind::started, clock->now()));
    if (opened.last_alive) batch.records.back().more["alive"] = to_text(opened.last_alive->at);
    if (!setup.rules_unread && flow->engine().awaits_load()) {
        batch.records.push_back(make_record(Kind::rules_changed, clock->now()));
        batch.records.back().more["rules"] = rules->versions();
    }
    if (opened.roster.persons().empty()) {
        batch.roster = test_roster();
        for (const auto& change : batch.roster) store::apply(change, opened.store->keys(), gate->roster());
    }
    flow->commit(std::move(batch));
    if (!unsaid.empty()) flow->commit_alerts(unsaid);
}

FlowWorld::~FlowWorld() { close(); }

rules::Engine FlowWorld::open_engine(std::vector<AlertChange>& unsaid) const {
    rules::EngineSettings settings{
        .gate = "gate", .zone = Zone(std::chrono::hours(8)), .id_key = opened.store->keys().alert_ids()};
    auto engine = std::make_unique<rules::Engine>(rules, settings);
    if (opened.checkpoint) {
        if (auto restored = rules::Engine::restore(rules, settings, opened.checkpoint->bytes)) *engine = std::move(*restored);
    }
    rules::AlertLedger ledger;
    std::vector<AlertChange> changes;
    const auto read = opened.store->records_after(engine->last_record().seq, [&](const store::StoredRecord& stored) {
        const auto record = parse_record(stored.payload);
        if (!record) return false;
        if (record->kind == Kind::alert) (void)ledger.note(*record);
        for (auto& change : engine->on_record(*record)) changes.push_back(std::move(change));
        return true;
    });
    if (!read) return std::move(*engine);
    for (auto& change : changes) {
        if (auto fresh = ledger.fresh(std::move(change))) unsaid.push_back(std::move(*fresh));
    }
    return std::move(*engine);
}

bool FlowWorld::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() > until) return false;
        loop->restart();
        loop->run_for(std::chrono::milliseconds(2));
    }
    return true;
}

bool FlowWorld::settle(std::chrono::milliseconds limit) {
    return run_until(
        [this] {
            loop->restart();
            loop->poll();
            return flow->quiet();
        },
        limit);
}

bool FlowWorld::advance(Millis span) {
    const auto end = clock->now().mono + span;
    for (;;) {
        if (!settle()) return false;
        const auto next = flow->next_deadline();
        const bool last = !next || *next > end;
        clock->move_to(last ? end : *next);
        opened.store->stamp_alive(clock->now());
        flow->run_due();
        if (!settle()) return false;
        if (last && !(flow->next_deadline() && *flow->next_deadline() <= end)) return true;
    }
}

void FlowWorld::line(Line line, bool active) {
    static const std::map<Line, std::string> kDevices{
        {Line::contact, "contact"}, {Line::exit_button, "exit_button"}, {Line::fire, "fire"}, {Line::tamper, "in"}};
    send(LineChanged{DeviceId(kDevices.at(line)), line, active});
}

std::vector<Record> FlowWorld::journal() const {
    std::vector<Record> out;
    const auto read = opened.store->records_after(0, [&](const store::StoredRecord& stored) {
        if (auto record = parse_record(stored.payload)) out.push_back(std::move(*record));
        return true;
    });
    if (!read) out.clear();
    return out;
}

void FlowWorld::close() {
    side.reset();
    flow.reset();
    if (opened.store) (void)opened.store->close(std::chrono::seconds(5));
    loop->poll();
    opened.store.reset();
}

}  // namespace menshen::app::testing
