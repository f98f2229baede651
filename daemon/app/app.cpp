#include "daemon/app/app.hpp"

#include <nlohmann/json.hpp>

#include "daemon/app/log.hpp"
#include "daemon/app/verbs.hpp"

namespace menshen::app {

namespace {

Result<Key> read_master_key(const Options& options) {
    const auto path = options.key_file.empty() ? store::credentials_key_path() : std::filesystem::path(options.key_file);
    if (path.empty()) {
        return fail(
            "no master key: give --key-file FILE (make one with: menshend --make-key FILE), or let systemd pass the credential "
            "menshen.key");
    }
    return store::load_master_key(path);
}

std::unique_ptr<EventClock> make_clock(const Options& options, const Zone& zone, std::uint32_t boot) {
    if (options.stage_start) return std::make_unique<StageClock>(zone, boot, options.stage_start->time);
    return std::make_unique<MachineClock>(zone, boot);
}

}  // namespace

App::App(const Options& options, config::Config config)
    : config_(std::move(config)), database_(options.data + "/menshen.db"), mqtt_inputs_(config_.mqtt_inputs) {}

App::~App() = default;

Result<std::unique_ptr<App>> App::open(const Options& options, config::Config config) {
    std::unique_ptr<App> app(new App(options, std::move(config)));
    if (auto r = app->open_store(options); !r) return tl::unexpected(r.error());
    app->gate_ = std::make_unique<Gate>(
        app->config_.gate, [keys = &app->opened_.store->keys()](const CardNumber& number) { return keys->card_index(number); });
    app->gate_->roster() = app->opened_.roster;
    app->note_tag_ends();
    app->warn_of_strange_inputs();
    if (auto r = app->open_devices(); !r) return tl::unexpected(r.error());
    app->open_rules();
    app->open_vision();
    if (auto r = app->open_uplink(); !r) return tl::unexpected(r.error());
    if (auto r = app->open_control(options); !r) return tl::unexpected(r.error());
    return app;
}

Result<void> App::open_store(const Options& options) {
    const auto key = read_master_key(options);
    if (!key) return tl::unexpected(key.error());
    store::Settings settings;
    settings.file = database_;
    settings.opened_at = make_clock(options, config_.zone, 0)->now().wall;
    settings.outbox_bytes = config_.store.outbox_limit;
    store::Hooks hooks;
    hooks.post = post_to(loop_);
    hooks.on_health = [this](bool ok, const std::string& reason) {
        health_.store = ok ? "" : reason;
        if (ok) log::info("the disk takes records again");
        if (!ok) log::error("the disk takes no records: {}", reason);
    };
    hooks.on_own_records = [this](const std::vector<Record>& records) {
        if (flow_) flow_->on_own_records(records);
    };
    hooks.on_head = [this](const store::Head& head) {
        if (uplink_) uplink_->outbox_changed(to_outbox_head(head));
        // Without a platform nobody is waited for: else the outbox would fill and nothing could ever be erased.
        if (!config_.mqtt && head.waiting_records + head.waiting_alerts > 0) opened_.store->delivered(head.seq, head.alert_n);
    };
    auto opened = store::Store::open(settings, *key, std::move(hooks));
    if (!opened) return tl::unexpected(opened.error());
    opened_ = std::move(*opened);
    clock_ = make_clock(options, config_.zone, opened_.boot);
    if (options.stage_start) stage_clock_ = static_cast<StageClock*>(clock_.get());
    started_ = clock_->now().mono;
    clock_watch_.emplace(clock_->now());
    faces_ = to_table(std::move(opened_.faces));
    for (const auto& stranger : opened_.strangers) strangers_[stranger.id] = to_note(stranger);
    if (!opened_.set_aside.empty()) {
        log::error("the database was damaged and set aside as {}; a new journal {} begins, roster: {}", opened_.set_aside,
                   opened_.epoch, opened_.roster_from);
    }
    return {};
}

Result<void> App::open_devices() {
    supervisor_ = std::make_unique<drivers::Supervisor>(loop_, static_cast<drivers::EventSink&>(*this), [this] { return now(); });
    for (const auto& device : config_.devices) {
        if (auto added = supervisor_->add(device); !added) return added;
    }
    return {};
}

Result<void> App::open_uplink() {
    if (!config_.mqtt) return {};
    const auto& from = *config_.mqtt;
    mqtt::UplinkSettings settings;
    settings.pump.site = config_.gate.site;
    settings.pump.gate = config_.gate.gate;
    settings.pump.delivery = from.delivery == config::Delivery::platform ? mqtt::Delivery::platform : mqtt::Delivery::broker;
    settings.link.host = from.host;
    settings.link.port = from.port;
    settings.link.protocol = from.protocol == config::Protocol::v5 ? mqtt::Protocol::v5 : mqtt::Protocol::v311;
    settings.link.username = from.username;
    settings.link.password_file = from.password_file;
    if (from.tls) settings.link.tls = {from.tls->ca, from.tls->cert, from.tls->key};
    settings.link.retry_min = from.retry_min;
    settings.link.retry_max = from.retry_max;
    settings.link.subscriptions = mqtt_inputs_.topics(config::MqttInput::Kind::tag);
    // Not kept by the broker while the gate is away: a sign of life of hours ago is none.
    settings.link.live_subscriptions = mqtt_inputs_.topics(config::MqttInput::Kind::activity);
    outbox_ = std::make_unique<OutboxAdapter>(*opened_.store);
    mqtt::Loop loop{post_to(loop_), [this](Millis wait, std::function<void()> f) {
                        auto timer = std::make_shared<boost::asio::steady_timer>(loop_, wait);
                        timer->async_wait([timer, f = std::move(f)](const boost::system::error_code&) { f(); });
                    }};
    mqtt::UplinkHandlers handlers;
    handlers.on_online = [this](bool online, const std::string& why) {
        if (online != health_.connected) health_.mqtt_since = now().wall;
        health_.connected = online;
        health_.mqtt_error = why;
        const DeviceId inputs{std::string(config::kMqttDevice)};
        if (config_.gate.feeds.contains(inputs)) offer(Event{DeviceChanged{inputs, online, why}});
        log::info("broker {}{}{}", online ? "connected" : "unreachable", why.empty() ? "" : ": ", why);
    };
    handlers.on_trouble = [this](const mqtt::Trouble& trouble) {
        log::warning("mqtt: {}", trouble.reason);
        if (trouble.what != mqtt::Trouble::What::confirm_refused) return;
        Record refused = make_record(Kind::command, now());
        refused.reason = trouble.reason;
        refused.more["command"] = std::string("confirm");
        store::Batch batch;
        batch.records.push_back(std::move(refused));
        flow_->commit(std::move(batch));
    };
    handlers.on_message = [this](const mqtt::Message& message) { on_mqtt_input(message); };
    auto uplink = mqtt::Uplink::start(std::move(settings), std::move(loop), *outbox_, std::move(handlers));
    if (!uplink) return tl::unexpected(uplink.error());
    uplink_ = std::move(*uplink);
    uplink_->outbox_changed(to_outbox_head(opened_.store->head()));
    say_state();
    return {};
}

Result<void> App::open_control(const Options& options) {
    control::Settings settings;
    settings.path = config_.control.socket;
    auto server = control::Server::listen(loop_, std::move(settings), make_verbs(*this));
    if (!server) return tl::unexpected(server.error());
    control_ = std::move(*server);
    if (options.stage_socket.empty()) return {};
    auto stage = stage::Server::listen(loop_, options.stage_socket, static_cast<stage::Scene&>(*this));
    if (!stage) return tl::unexpected(stage.error());
    stage_ = std::move(*stage);
    return {};
}

void App::change_roster(std::vector<store::RosterChange> changes, std::vector<Record> records,
                        std::function<void(Result<store::Committed>)> done) {
    store::Batch batch;
    batch.roster = changes;
    batch.records = std::move(records);
    // Shared with the answer below: `done` must be called whether or not the batch is taken.
    auto shared_done = std::make_shared<std::function<void(Result<store::Committed>)>>(std::move(done));
    const bool taken =
        flow_->commit(std::move(batch), [this, changes = std::move(changes), shared_done](const store::Committed& committed) {
            if (!committed.refused.empty()) return (*shared_done)(fail("{}", committed.refused));
            for (const auto& change : changes) {
                store::apply(change, opened_.store->keys(), gate_->roster());
                apply_faces(change);
            }
            note_tag_ends();
            say_state();
            (*shared_done)(committed);
        });
    if (!taken) (*shared_done)(fail("the disk takes no records now; see menshen status"));
}

}  // namespace menshen::app
