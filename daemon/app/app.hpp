#pragma once
/// The composition root: the only place that constructs, and the only one that knows every room. Loop thread only, but for what
/// is posted to it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/app/clock.hpp"
#include "daemon/app/flow.hpp"
#include "daemon/app/mqtt_inputs.hpp"
#include "daemon/app/options.hpp"
#include "daemon/app/outbox_adapter.hpp"
#include "daemon/app/people.hpp"
#include "daemon/app/side_thread.hpp"
#include "daemon/app/tag_ends.hpp"
#include "daemon/app/vision_worker.hpp"
#include "daemon/config/config.hpp"
#include "daemon/control/server.hpp"
#include "daemon/mqtt/uplink.hpp"
#include "daemon/stage/stage.hpp"
#include "daemon/store/store.hpp"
#include "drivers/supervisor.hpp"
#include "models/manifest.hpp"

namespace menshen::app {

/// What a person with a terminal is told about the parts that may fail; empty when all is well.
struct Health {
    std::string store;
    std::string rules;
    std::string config;
    std::string vision_error;
    VisionWorker::State vision = VisionWorker::State::starting;
    bool connected = false;
    std::string mqtt_error;
    Stamp mqtt_since;
    std::vector<PersonId> enrol_again;              ///< Their templates are of a model that is no longer used.
    std::optional<models::FaceReport> face_report;  ///< Since the engine is ready.
    std::uint64_t frames_looked_at = 0;
    std::uint64_t frames_still = 0;  ///< Nothing moved in them: passed over.
};

class App : private drivers::EventSink, private stage::Scene {
public:
    /// Opens everything; blocks. The error is for the technician: what is wrong and what to do.
    [[nodiscard]] static Result<std::unique_ptr<App>> open(const Options& options, config::Config config);
    ~App() override;

    /// Runs until SIGTERM or SIGINT; what is left is committed and, as far as 5 s allow, published.
    void run();

    // What the verbs of the control socket work with.
    [[nodiscard]] const config::Config& config() const { return config_; }
    [[nodiscard]] Now now() const override { return clock_->now(); }
    [[nodiscard]] bool simulated() const { return clock_->simulated(); }
    [[nodiscard]] Gate& gate() { return *gate_; }
    [[nodiscard]] store::Store& store() { return *opened_.store; }
    [[nodiscard]] Flow& flow() { return *flow_; }
    [[nodiscard]] const drivers::Supervisor& supervisor() const { return *supervisor_; }
    [[nodiscard]] VisionWorker* vision() { return vision_.get(); }
    [[nodiscard]] const mqtt::Uplink* uplink() const { return uplink_.get(); }
    [[nodiscard]] const Health& health() const { return health_; }
    [[nodiscard]] const FaceTable& faces() const { return faces_; }
    [[nodiscard]] const StrangerNotes& strangers() const { return strangers_; }
    [[nodiscard]] const MqttInputs& mqtt_inputs() const { return mqtt_inputs_; }
    [[nodiscard]] MonoTime started() const { return started_; }
    [[nodiscard]] const std::string& database() const { return database_; }
    [[nodiscard]] std::uint32_t boot() const { return opened_.boot; }

    /// Commits changes of the roster with the records that tell of them, then makes them in memory. `done` gets the new version,
    /// or why they were refused.
    void change_roster(std::vector<store::RosterChange> changes, std::vector<Record> records,
                       std::function<void(Result<store::Committed>)> done);
    /// As change_roster(), for the label of a stranger.
    void label_stranger(store::LabelStranger label, std::vector<Record> records,
                        std::function<void(Result<store::Committed>)> done);
    /// The record of a tag that begins or ends, the person described as after it. `by` may be empty.
    [[nodiscard]] Record tag_record(Kind kind, const HeldTag& held, const std::string& by) const;
    /// Whether the operator accepted this model's notice as it reads today.
    [[nodiscard]] bool is_accepted(const models::ModelFile& model) const;
    /// Models that were accepted meanwhile are used from now on.
    void use_accepted_models();
    /// Forgets every stranger; `done` gets how many there were, once that is committed.
    void wipe_strangers(const std::string& by, std::function<void(Result<std::size_t>)> done);
    /// Enrolment at a camera: `report` gets how far it is after each frame, until it returns false or end_capture(). One at a
    /// time.
    using Capture = models::FrameResult::Capture;
    void begin_capture(const DeviceId& camera, std::function<bool(const Capture&)> report);
    void end_capture();
    [[nodiscard]] bool captures() const { return report_capture_ != nullptr; }
    /// The newest frame of each camera.
    struct LastFrame {
        Frame frame;
        MonoTime at;
    };
    [[nodiscard]] const std::map<DeviceId, LastFrame>& last_frames() const { return last_frames_; }
    [[nodiscard]] boost::asio::io_context& loop() { return loop_; }
    /// Reads config and rules again, on the side thread; the rules take effect, then `done` gets how many there are, or what is
    /// wrong with them. One reload after the other.
    using Reloaded = std::function<void(const Result<std::size_t>&)>;
    void reload(Reloaded done);
    /// The names that may stand in an alert, by the config; `everywhere` for people in the building.
    [[nodiscard]] mqtt::AlertNames names_for_platform(const AlertChange& change) const;
    [[nodiscard]] mqtt::AlertNames names_for_house(const AlertChange& change) const;
    /// Gets each committed record until it returns false.
    void follow(std::function<bool(const Record&)> follower) { followers_.push_back(std::move(follower)); }

private:
    App(const Options& options, config::Config config);

    Result<void> open_store(const Options& options);
    Result<void> open_devices();
    void open_rules();
    rules::Engine fold_journal(std::shared_ptr<const rules::RuleSet> rules, std::vector<AlertChange>& unsaid) const;
    struct NewRules;
    void read_rules_again();
    void take_over(const std::shared_ptr<NewRules>& fresh);
    void put_in_force(NewRules& fresh);
    void end_reload(const Result<std::size_t>& outcome);
    rules::EngineSettings engine_settings() const;
    void open_flow(rules::Engine engine);
    void open_vision();
    Result<void> open_uplink();
    Result<void> open_control(const Options& options);
    void say_started(const std::vector<AlertChange>& unsaid);
    void on_committed(const Record& record);
    void on_faces(const DeviceId& camera, const Result<models::FrameResult>& result);
    void on_gallery(const VisionWorker::GalleryState& gallery);
    void forget_old_frames();
    void tell_gate_of_faces();
    void tell_merged(const models::FrameResult& result);
    void end_walk_ups();
    [[nodiscard]] models::FaceSettings face_settings() const;
    void forget_strangers(const std::vector<StrangerId>& ids);
    void apply_faces(const store::RosterChange& change);
    void update_strangers_wanted();
    [[nodiscard]] std::vector<std::string> accepted_models() const;
    void note_tag_ends();
    std::optional<MonoTime> tag_deadline() const;
    void end_tags();
    void on_mqtt_input(const mqtt::Message& message);
    void set_tag_of(const config::MqttInput& input);
    void warn_of_strange_inputs() const;
    void warn_of_memory(const rules::RuleSet& rules);
    void say_state();
    mqtt::GateState gate_state() const;

    void arm_deadline();
    void on_tick();
    void begin();
    void resume_fire_releases(const std::vector<store::StoredRecord>& commands);
    void erase_old_records(const Now& moment);
    void withdraw_expired_consents(const Now& moment);
    void keep_watchdog();
    void wait_for_signal();
    void stop();
    void finish_stop();

    // drivers::EventSink
    bool offer(Event event) override;
    bool offer(Frame frame) override;
    // stage::Scene
    MonoTime mono_at(WallTime wall) const override;
    void move_to(MonoTime at) override;
    void run_due() override;
    std::optional<MonoTime> next_deadline() override;
    std::string unsettled() const override;
    std::string outbox() const override;
    std::optional<Line> line_of(const DeviceId& device) const override;
    Result<void> inject(const drivers::Injection& injection) override;
    std::string outputs() const override;

    boost::asio::io_context loop_{1};
    config::Config config_;
    std::string database_;  ///< Path of the file.
    std::unique_ptr<EventClock> clock_;
    StageClock* stage_clock_ = nullptr;  ///< The same clock, when a stage moves it.
    store::Store::Opened opened_;
    Health health_;
    FaceTable faces_;
    StrangerNotes strangers_;
    std::optional<WallTime> next_tag_end_;
    std::optional<MonoTime> tag_retry_at_;
    std::map<DeviceId, LastFrame> last_frames_;
    std::function<bool(const Capture&)> report_capture_;
    std::optional<MonoTime> walk_up_ends_;  ///< When the vision worker is to be told that nobody came any more.
    std::size_t tags_ending_ = 0;           ///< On their way into the journal.
    MqttInputs mqtt_inputs_;
    std::map<const config::MqttInput*, MonoTime> tags_set_;  ///< When an input last set its tag.
    std::unique_ptr<Gate> gate_;
    std::unique_ptr<Flow> flow_;
    std::unique_ptr<drivers::Supervisor> supervisor_;
    std::unique_ptr<VisionWorker> vision_;
    std::unique_ptr<OutboxAdapter> outbox_;
    std::unique_ptr<mqtt::Uplink> uplink_;
    std::unique_ptr<control::Server> control_;
    std::unique_ptr<stage::Server> stage_;
    std::vector<Reloaded> reloads_;  ///< The first is under way.
    SideThread side_{loop_};         ///< Below what its work reads.
    std::optional<ClockWatch> clock_watch_;
    std::list<std::function<bool(const Record&)>> followers_;
    MonoTime started_;

    boost::asio::steady_timer deadline_timer_{loop_};
    std::optional<MonoTime> armed_for_;
    boost::asio::steady_timer tick_{loop_};
    boost::asio::steady_timer watchdog_{loop_};
    boost::asio::steady_timer stop_timer_{loop_};
    boost::asio::signal_set signals_{loop_};
    unsigned ticks_ = 0;
    bool begun_ = false;
    bool stopping_ = false;
};

}  // namespace menshen::app
