// The app at work: faces and records as they come, timers, the stage, the end.

#include <boost/asio/post.hpp>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "daemon/app/app.hpp"
#include "daemon/app/log.hpp"
#include "daemon/app/service.hpp"
#include "daemon/app/version.hpp"

namespace menshen::app {

namespace {

constexpr std::chrono::seconds kTick{10};
constexpr unsigned kTicksPerAlive = 6;      // one sign of life a minute
constexpr unsigned kTicksPerErasure = 360;  // once an hour
/// A stop takes 5 s at most: the last commit, the broker's goodbye, the store's end.
// The uplink may take a second more than it is given, the store a little more.
constexpr Millis kUplinkStop{800};
constexpr std::chrono::milliseconds kStoreStop{1500};
constexpr std::chrono::milliseconds kLastCommit{1300};

std::string evidence_text(const AlertChange& change, const char* key) {
    const auto it = change.evidence.find(key);
    const auto* text = it == change.evidence.end() ? nullptr : std::get_if<std::string>(&it->second);
    return text == nullptr ? std::string() : *text;
}

}  // namespace

bool App::offer(Event event) { return !stopping_ && flow_->offer(std::move(event)); }

void App::on_committed(const Record& record) {
    followers_.remove_if([&](const auto& follower) { return !follower(record); });
    switch (record.kind) {
        case Kind::granted:
        case Kind::door_opened:
        case Kind::door_closed:
        case Kind::door_held:
        case Kind::door_forced:
        case Kind::device_online:
        case Kind::device_offline:
        case Kind::command:
        case Kind::clock_trusted:
            say_state();
            break;
        default:
            break;
    }
}

mqtt::AlertNames App::names_for_platform(const AlertChange& change) const {
    const auto names = names_for_house(change);
    return {.person = config_.privacy.person_names ? names.person : evidence_text(change, "person"),
            .household = config_.privacy.household_names ? names.household : evidence_text(change, "household")};
}

mqtt::AlertNames App::names_for_house(const AlertChange& change) const {
    mqtt::AlertNames names;
    names.person = evidence_text(change, "person");
    names.household = evidence_text(change, "household");
    if (const auto* person = gate_->roster().person(PersonId(names.person))) {
        names.person = person->name;
        if (names.household.empty()) names.household = person->household.str();
    }
    if (const auto* household = gate_->roster().household(HouseholdId(names.household))) {
        if (!household->name.empty()) names.household = household->name;
    }
    return names;
}

void App::say_state() {
    if (uplink_) uplink_->set_state(gate_state());
}

mqtt::GateState App::gate_state() const {
    mqtt::GateState state;
    state.at = now().wall;
    state.version = kVersion;
    state.rules_version = flow_->engine().rules().hash;
    state.roster_version = gate_->roster().version;
    for (const auto& door : gate_->doors()) state.doors[door.id] = std::string(to_text(door.state));
    for (const auto& device : supervisor_->status()) {
        state.devices[device.device] = device.online ? "online" : "offline: " + device.why;
    }
    state.queues = {{"events", flow_->queue().reads_waiting()}, {"commits", opened_.store->waiting()}};
    state.wall_is_trusted = now().wall_is_trusted;
    const auto head = opened_.store->head();
    state.chain_seq = head.seq;
    state.chain_head = head.link;
    return state;
}

void App::run() {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
    wait_for_signal();
    opened_.store->tail({.after_seq = {}, .limit = 1000, .kinds = {Kind::command}}, [this](const auto& commands) {
        if (commands) resume_fire_releases(*commands);
        begin();
    });
    loop_.run();
}

/// A door that fire released stays so until a person locks it, whatever happened to the machine meanwhile.
void App::resume_fire_releases(const std::vector<store::StoredRecord>& commands) {
    std::map<DoorId, bool> released;
    for (const auto& stored : commands) {
        const auto record = parse_record(stored.payload);
        const auto command = record ? field(*record, "command") : std::vector<std::string>();
        if (command.empty() || record->door.empty()) continue;
        if (command[0] == "fire_release") released[record->door] = true;
        if (command[0] == "lock" && record->reason.empty()) released[record->door] = false;
    }
    for (const auto& [door, is_released] : released) {
        if (!is_released) continue;
        log::warning("door {} is still released by fire; menshen door lock {} ends it", door.str(), door.str());
        gate_->resume_fire_release(door);
    }
}

void App::begin() {
    if (stopping_) return;
    begun_ = true;
    supervisor_->start();
    for (const auto& command : gate_->start(now()).commands) supervisor_->apply(command);
    on_tick();
    keep_watchdog();
    end_tags();
    arm_deadline();
    log::info("menshend {} site={} gate={} epoch={} boot={}{}", kVersion, config_.gate.site.str(), config_.gate.gate.str(),
              opened_.epoch, opened_.boot, simulated() ? " simulated" : "");
    service::ready();
}

void App::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        if (signal != SIGHUP) return stop();
        reload([](const Result<std::size_t>& rules) {
            if (!rules) log::error("not reloaded: {}", rules.error().message);
        });
        wait_for_signal();
    });
}

void App::keep_watchdog() {
    const auto interval = service::watchdog_interval();
    if (!interval) return;
    service::keep_alive();
    watchdog_.expires_after(*interval);
    watchdog_.async_wait([this](const boost::system::error_code& error) {
        if (!error) keep_watchdog();
    });
}

void App::on_tick() {
    // A stage moves its own time: there the sign of life goes with each move, and the clock never steps.
    if (stage_clock_ == nullptr) {
        const auto moment = now();
        if (ticks_ % kTicksPerAlive == 0) opened_.store->stamp_alive(moment);
        if (ticks_ % kTicksPerErasure == 0) {
            erase_old_records(moment);
            withdraw_expired_consents(moment);
            if (vision_) vision_->expire_strangers(moment);
        }
        ++ticks_;
        const auto change = clock_watch_->look(moment);
        // Times that a wrong clock wrote need not wait for the hour.
        if (vision_ && change.became_trusted) vision_->expire_strangers(moment);
        if (change.step != 0ms || change.became_trusted) offer(Event{ClockStepped{change.step.count(), change.became_trusted}});
    }
    flow_->note_refusals();
    forget_old_frames();
    if (const auto report = mqtt_inputs_.report(now().mono)) log::warning("mqtt: {}", *report);
    say_state();
    tick_.expires_after(kTick);
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (!error) on_tick();
    });
}

void App::erase_old_records(const Now& moment) {
    // With a clock that may be wrong by years nothing is old.
    if (!moment.wall_is_trusted) return;
    opened_.store->erase_before(moment.wall.time - config_.store.keep_records, moment, [](const Result<std::uint64_t>& erased) {
        if (!erased) log::warning("old records were not erased: {}", erased.error().message);
        if (erased && *erased > 0) log::info("erased {} records older than store.retention.records", *erased);
    });
}

void App::withdraw_expired_consents(const Now& moment) {
    if (!moment.wall_is_trusted) return;
    const auto today = to_text(moment.wall).substr(0, 10);
    for (const auto& [person, consent] : gate_->roster().faces()) {
        if (consent.until.empty() || today <= consent.until) continue;
        Record record = make_record(Kind::roster_changed, moment);
        record.person = person;
        record.more["change"] = std::string("face_consent_expired");
        change_roster({store::RemoveFace{person}}, {record}, [](const Result<store::Committed>& committed) {
            if (!committed) log::warning("an expired face consent was not withdrawn: {}", committed.error().message);
        });
    }
}

void App::arm_deadline() {
    if (stage_clock_ != nullptr || stopping_) return;
    const auto next = next_deadline();
    if (next == armed_for_) return;
    armed_for_ = next;
    deadline_timer_.cancel();
    if (!next) return;
    deadline_timer_.expires_after(std::max(*next - now().mono, Millis{0}));
    deadline_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        armed_for_.reset();
        run_due();
        arm_deadline();
    });
}

void App::stop() {
    if (stopping_) return;
    service::stopping();
    log::info("stopping");
    deadline_timer_.cancel();
    flow_->note_refusals();
    for (const auto& view : gate_->doors()) {
        // Nobody will be there to lock it when its time is over.
        if (view.state != DoorState::fire_release) supervisor_->apply(SetLock{gate_->door(view.id)->settings().lock, false});
    }
    store::Batch batch;
    batch.records.push_back(make_record(Kind::stopped, now()));
    flow_->commit(std::move(batch));
    // The usual case: the last records are committed at once and nothing needs to be waited for.
    flow_->checkpoint([this] { flow_->commit({}, [this](const store::Committed&) { stop_timer_.cancel(); }); });
    stopping_ = true;
    supervisor_->stop();
    stop_timer_.expires_after(kLastCommit);
    stop_timer_.async_wait([this](const boost::system::error_code&) { finish_stop(); });
}

void App::finish_stop() {
    control_.reset();
    stage_.reset();
    const auto close = [this] {
        if (auto closed = opened_.store->close(kStoreStop); !closed) {
            // The disk hangs, and with it a thread that still knows this object: nothing may be taken apart any more.
            log::error("{}", closed.error().message);
            std::_Exit(1);
        }
        loop_.stop();
    };
    if (!uplink_) return close();
    uplink_->stop(kUplinkStop, close);
}

MonoTime App::mono_at(WallTime wall) const { return stage_clock_->mono_at(wall); }

void App::move_to(MonoTime at) {
    stage_clock_->move_to(at);
    opened_.store->stamp_alive(now());
}

/// The rules first: in them a tag ends at its moment, and its record comes after what that made fire.
void App::run_due() {
    flow_->run_due();
    end_tags();
    end_walk_ups();
}

std::optional<MonoTime> App::next_deadline() {
    auto next = flow_->next_deadline();
    for (const auto& other : {tag_deadline(), walk_up_ends_}) {
        if (other && (!next || *other < *next)) next = other;
    }
    return next;
}

std::string App::unsettled() const {
    if (!begun_) return "start";
    if (!flow_->quiet() || opened_.store->waiting() > 0) return "store";
    if (vision_ && !vision_->idle()) return "vision";
    if (uplink_ && uplink_->settled() == mqtt::Settled::waiting) return "outbox";
    return {};
}

std::string App::outbox() const {
    if (!uplink_) return "off";
    return uplink_->settled() == mqtt::Settled::unconnected ? "unconnected" : "empty";
}

std::optional<Line> App::line_of(const DeviceId& device) const {
    for (const auto& settings : config_.devices) {
        if (settings.id == device && settings.abilities.lines.size() == 1) return settings.abilities.lines.front();
    }
    return std::nullopt;
}

Result<void> App::inject(const drivers::Injection& injection) { return supervisor_->inject(injection); }

std::string App::outputs() const {
    auto out = nlohmann::json::object();
    for (const auto& device : supervisor_->status()) {
        const auto& o = device.outputs;
        auto& entry = out[device.device.str()];
        if (o.unlocked) entry["lock"] = *o.unlocked ? "unlocked" : "locked";
        entry["unlocks"] = o.unlocks;
        entry["granted"] = o.granted;
        entry["denied"] = o.denied;
        entry["bad_read"] = o.bad_read;
    }
    return out.dump();
}

}  // namespace menshen::app
