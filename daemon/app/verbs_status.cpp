// status, doors, tail, audit, reload, and the door by hand.

#include <deque>

#include "core/problems.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/verb_args.hpp"
#include "daemon/app/verbs.hpp"
#include "daemon/app/version.hpp"

namespace menshen::app {

namespace {

using control::Code;
using control::Reply;
using control::Request;
using nlohmann::json;

json names_of(const DoorSettings& door) { return {{"zh", door.name_zh}, {"en", door.name_en}}; }

json mqtt_status(const App& app) {
    const auto& health = app.health();
    const auto& mqtt = app.config().mqtt;
    if (!mqtt) return {{"state", "off"}, {"broker", ""}, {"since", ""}, {"error", ""}};
    return {{"state", health.connected ? "connected" : "connecting"},
            {"broker", fmt::format("{}:{}", mqtt->host, mqtt->port)},
            {"since", health.mqtt_since == Stamp{} ? "" : to_text(health.mqtt_since)},
            {"error", health.mqtt_error}};
}

json vision_status(App& app) {
    static constexpr std::array kNames{"starting", "ready", "failed"};
    std::size_t templates = 0;
    for (const auto& [person, rows] : app.faces()) templates += rows.size();
    const auto state = app.vision() == nullptr ? "off" : kNames.at(static_cast<std::size_t>(app.health().vision));
    return {{"state", state},
            {"templates", templates},
            {"strangers", app.strangers().size()},
            {"frames_looked_at", app.health().frames_looked_at},
            {"frames_still", app.health().frames_still},
            {"error", app.health().vision_error},
            {"alone",
             app.health().face_report && app.health().face_report->alone == models::FaceAlone::may_open ? "opens" : "greets"}};
}

json device_status(const App& app) {
    json out = json::array();
    for (const auto& device : app.supervisor().status()) {
        out.push_back({{"device", device.device.str()},
                       {"driver", device.driver},
                       {"online", device.online},
                       {"since", to_text(device.since)},
                       {"reason", device.why},
                       {"restarts", device.restarts},
                       {"counters", device.counters}});
    }
    return out;
}

std::uintmax_t size_of(const std::string& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

json status(App& app) {
    const auto now = app.now();
    const auto head = app.store().head();
    json doors = json::array();
    for (const auto& view : app.gate().doors()) {
        const auto& settings = app.gate().door(view.id)->settings();
        doors.push_back({{"door", view.id.str()}, {"name", names_of(settings)}, {"state", to_text(view.state)}});
    }
    const auto& roster = app.gate().roster();
    const auto& rules = app.flow().engine().rules();
    return {{"site", app.config().gate.site.str()},
            {"gate", app.config().gate.gate.str()},
            {"version", kVersion},
            {"simulated", app.simulated()},
            {"now", to_text(now.wall)},
            {"clock_trusted", now.wall_is_trusted},
            {"up_ms", (now.mono - app.started()).count()},
            {"boot", app.boot()},
            {"epoch", head.epoch},
            {"seq", head.seq},
            {"doors", doors},
            {"devices", device_status(app)},
            {"mqtt", mqtt_status(app)},
            {"outbox",
             {{"records", head.waiting_records},
              {"alerts", head.waiting_alerts},
              {"bytes", head.waiting_bytes},
              {"limit_bytes", app.config().store.outbox_limit}}},
            {"store",
             {{"records", head.seq},
              {"bytes", size_of(app.database())},
              {"queue", app.store().waiting()},
              {"late", app.flow().late()},
              {"problem", app.health().store}}},
            {"vision", vision_status(app)},
            {"mqtt_inputs",
             {{"taken", app.mqtt_inputs().counts().taken},
              {"passed_over", app.mqtt_inputs().counts().passed},
              {"garbled", app.mqtt_inputs().counts().garbled}}},
            {"rules",
             {{"version", rules.hash},
              {"rules", rules.rules.size()},
              {"open_alerts", app.flow().engine().open_alerts().size()},
              {"error", app.health().rules}}},
            {"roster",
             {{"version", roster.version},
              {"persons", roster.persons().size()},
              {"cards", roster.cards().size()},
              {"faces", roster.faces().size()}}},
            {"config", {{"file", app.config().file}, {"error", app.health().config}}}};
}

json names(const std::vector<DeviceId>& devices) {
    json out = json::array();
    for (const auto& device : devices) out.push_back(device.str());
    return out;
}

json offline_devices(const App& app, const DoorSettings& door) {
    json out = json::array();
    std::set<DeviceId> used{door.lock, door.contact, door.exit_button, door.fire};
    used.insert(door.readers_in.begin(), door.readers_in.end());
    used.insert(door.readers_out.begin(), door.readers_out.end());
    for (const auto& device : app.supervisor().status()) {
        if (!device.online && used.contains(device.device)) out.push_back(device.device.str());
    }
    return out;
}

json doors(App& app) {
    json out = json::array();
    for (const auto& view : app.gate().doors()) {
        const auto& door = *app.gate().door(view.id);
        const auto& s = door.settings();
        out.push_back({{"door", view.id.str()},
                       {"name", names_of(s)},
                       {"mode", kDoorModes.at(static_cast<std::size_t>(s.mode))},
                       {"audit", kAudits.at(static_cast<std::size_t>(s.audit))},
                       {"state", to_text(view.state)},
                       {"since", to_text(view.since)},
                       {"contact", s.contact.empty() ? "none"
                                   : door.is_open()  ? "open"
                                                     : "closed"},
                       {"fire", door.fire_active()},
                       {"readers", {{"in", names(s.readers_in)}, {"out", names(s.readers_out)}}},
                       {"lock", s.lock.str()},
                       {"offline", offline_devices(app, s)}});
    }
    return {{"doors", out}};
}

/// The door that a request names; answers `not_found` when there is none.
const Door* find_door(App& app, const std::string& name, const Reply& reply) {
    if (const Door* door = app.gate().door(DoorId(name))) return door;
    std::vector<DoorView> views = app.gate().doors();
    std::vector<std::string_view> known;
    for (const auto& view : views) known.push_back(view.id.str());
    reply.fail(Code::not_found, fmt::format("there is no door \"{}\"{}", name, suggestion(name, known)));
    return nullptr;
}

void open_door(App& app, const Request& request, const Reply& reply) {
    const auto name = Args(request).text("door");
    if (find_door(app, name, reply) == nullptr) return;
    app.flow().on_request(OpenRequested{DoorId(name), request.peer.text()}, [reply, name](const std::string& record) {
        reply.ok({{"door", name}, {"record", record}});
    });
}

void lock_door(App& app, const Request& request, const Reply& reply) {
    const auto name = Args(request).text("door");
    const Door* door = find_door(app, name, reply);
    if (door == nullptr) return;
    if (door->fire_active()) {
        return reply.fail(Code::refused,
                          fmt::format("the fire input of door \"{}\" is still active; nothing overrides it", name));
    }
    app.flow().on_request(LockRequested{DoorId(name), request.peer.text()}, [&app, reply, name](const std::string& record) {
        const Door* locked = app.gate().door(DoorId(name));
        reply.ok({{"door", name}, {"state", to_text(locked->state())}, {"record", record}});
    });
}

Result<std::set<Kind>> read_kinds(const Args& args) {
    std::set<Kind> kinds;
    for (const auto& name : args.texts("kinds")) {
        const auto kind = parse_kind(name);
        if (!kind) return fail("\"{}\" is no kind of record{}", name, suggestion(name, kind_names()));
        kinds.insert(*kind);
    }
    return kinds;
}

/// A stream of records: the last ones first, then each as it is committed. What is committed while the last ones are being read
/// waits in `early`.
struct Tail {
    Reply reply;
    std::set<Kind> kinds;
    bool caught_up = false;
    std::uint64_t last = 0;
    std::deque<Record> early;

    [[nodiscard]] bool take(const Record& record) {
        if (!reply.is_open()) return false;
        if (!kinds.empty() && !kinds.contains(record.kind)) return true;
        if (!caught_up) {
            early.push_back(record);
            if (early.size() > 1000) early.pop_front();
            return true;
        }
        return record.seq <= last || reply.item(to_json(record));
    }
};

void tail(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    auto tail = std::make_shared<Tail>(Tail{.reply = reply, .kinds = {}, .early = {}});
    const auto kinds = read_kinds(args);
    if (!kinds) return reply.fail(Code::bad_request, kinds.error().message);
    tail->kinds = *kinds;
    const auto lines = args.count("lines", 20);
    if (lines > 1000) return reply.fail(Code::bad_request, "lines must be from 0 to 1000");
    const bool follow = args.flag("follow");
    if (follow) app.follow([tail](const Record& record) { return tail->take(record); });
    app.store().tail({.after_seq = {}, .limit = lines, .kinds = tail->kinds}, [tail, follow](const auto& records) {
        if (!records) return tail->reply.fail(Code::unavailable, records.error().message);
        for (const auto& record : *records) {
            if (!tail->reply.item(record.payload)) return;
            tail->last = record.seq;
        }
        tail->caught_up = true;
        if (!follow) return tail->reply.ok(json::object());
        for (const auto& record : std::exchange(tail->early, {})) (void)tail->take(record);
    });
}

/// A stream of the whole journal, or a part of it: a slice is asked for when the client has taken the one before.
struct Reading {
    Reply reply;
    store::Store::Slice next;
    std::uint64_t sent = 0;
};

void send_slice(App& app, const std::shared_ptr<Reading>& reading) {
    app.store().slice(reading->next, [&app, reading](const Result<store::Store::SliceRead>& slice) {
        const auto& reply = reading->reply;
        if (!slice) return reply.fail(Code::unavailable, slice.error().message);
        for (const auto& record : slice->records) {
            if (!reply.item(record.payload)) return;
            ++reading->sent;
        }
        reading->next.after_seq = slice->up_to;
        if (slice->up_to >= reading->next.to_seq) return reply.ok({{"records", reading->sent}, {"last", slice->up_to}});
        reply.when_taken([&app, reading] { send_slice(app, reading); });
    });
}

void records(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    auto reading = std::make_shared<Reading>(Reading{.reply = reply, .next = {}});
    const auto kinds = read_kinds(args);
    if (!kinds) return reply.fail(Code::bad_request, kinds.error().message);
    reading->next.kinds = *kinds;
    for (const auto* key : {"from", "to"}) {
        if (!args.has(key)) continue;
        const auto stamp = parse_stamp(args.text(key));
        if (!stamp) return reply.fail(Code::bad_request, fmt::format("{}: {}", key, stamp.error().message));
        (std::string_view(key) == "from" ? reading->next.from : reading->next.before) = stamp->time;
    }
    if (reading->next.from && reading->next.before && *reading->next.from >= *reading->next.before) {
        return reply.fail(Code::bad_request, "to must lie after from");
    }
    reading->next.to_seq = app.store().head().seq;
    send_slice(app, reading);
}

void verify(App& app, const Request&, const Reply& reply) {
    app.store().verify([reply](const Result<store::Audit>& audit) {
        if (!audit) return reply.fail(Code::unavailable, audit.error().message);
        std::uint64_t erased = 0;
        for (const auto& range : audit->erased) erased += range.to - range.from + 1;
        reply.ok({{"records", audit->checked},
                  {"erased", erased},
                  {"head", audit->last_link},
                  {"ok", !audit->first_break.has_value()},
                  {"problem", audit->first_break ? audit->first_break->reason : ""}});
    });
}

}  // namespace

void add_status_verbs(App& app, std::vector<control::Verb>& table) {
    answer(table, "status", [&app](const Request&, const Reply& reply) { reply.ok(status(app)); });
    answer(table, "doors", [&app](const Request&, const Reply& reply) { reply.ok(doors(app)); });
    answer(table, "door.open", [&app](const Request& request, const Reply& reply) { open_door(app, request, reply); });
    answer(table, "door.lock", [&app](const Request& request, const Reply& reply) { lock_door(app, request, reply); });
    answer(table, "tail", [&app](const Request& request, const Reply& reply) { tail(app, request, reply); });
    answer(table, "records", [&app](const Request& request, const Reply& reply) { records(app, request, reply); });
    answer(table, "audit.verify", [&app](const Request& request, const Reply& reply) { verify(app, request, reply); });
    answer(table, "reload", [&app](const Request&, const Reply& reply) {
        app.reload([reply](const Result<std::size_t>& rules) {
            if (!rules) return reply.fail(Code::refused, rules.error().message);
            reply.ok({{"rules", *rules}});
        });
    });
}

}  // namespace menshen::app
