#pragma once
/// What follows from an event (design: "How a card becomes an unlocked door"): the core decides, the store commits, the commands
/// run, the rules see the committed records, and what they raise is committed the same way.
///
/// Loop thread only; nothing blocks. Event time is the clock's; waits for the audit are real.

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/event_queue.hpp"
#include "core/gate.hpp"
#include "daemon/app/clock.hpp"
#include "daemon/app/side_thread.hpp"
#include "daemon/store/store.hpp"
#include "rules/engine.hpp"

namespace menshen::app {

class Flow {
public:
    struct Parts {
        boost::asio::io_context& loop;
        const EventClock& clock;
        Gate& gate;
        store::Store& store;
        SideThread& side;
        rules::Engine engine;
        std::function<void(const Command&)> run_command;
        /// Whose face is it? The answers come back as FaceCompared events.
        std::function<void(const FaceQuestion&)> ask_face = [](const FaceQuestion&) {};
        /// JSON of an alert for the platform, names filled in as the config allows.
        std::function<std::string(const AlertChange&)> alert_payload;
        /// Each committed record, in the order of `seq`: followers of `tail`, `state`.
        std::function<void(const Record&)> on_committed;
        /// Who holds an open alert since before the start: they must see its end.
        std::vector<store::AlertRow> told{};
    };

    explicit Flow(Parts parts);
    ~Flow();
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;

    /// Queues an event; false when the share of its source is full.
    bool offer(Event event);
    /// A face, with what it changed about strangers: committed together.
    void on_face(const FaceSeen& face, std::vector<store::StrangerChange> strangers);
    /// What a person at the control socket asks of a door; `done` gets the id of its record when that is committed.
    void on_request(const Event& request, std::function<void(const std::string& record)> done);

    /// Commits with the rules watching. `done` runs after the rules have seen the records. False when the buffer is full.
    bool commit(store::Batch batch, std::function<void(const store::Committed&)> done = nullptr);
    /// Commits changes of alerts: their records, and a row for each recipient. Of a `pending` one nobody is told; whoever was
    /// told once is told every change up to the end, also when the alert goes to others by then.
    void commit_alerts(const std::vector<AlertChange>& changes, std::function<void(const store::Committed&)> done = nullptr);
    /// The store wrote records of its own.
    void on_own_records(const std::vector<Record>& records);

    [[nodiscard]] const rules::Engine& engine() const { return *engine_; }
    /// For what changes the rules' state: at once, or when they are back from with_engine_aside().
    void with_engine(std::function<void(rules::Engine&)> use);
    /// Gives the rules to the side thread, which reads them and says what follows on the loop. Until then their state stands
    /// still: records are committed as ever, but the rules see them afterwards, and their deadlines wait.
    using ReadEngine = std::function<SideThread::Then(const rules::Engine&)>;
    void with_engine_aside(ReadEngine read);
    /// Puts other rules in force; the records of it are committed. Only in what follows with_engine_aside().
    void set_engine(rules::Engine engine);
    /// No checkpoint from now on until set_engine(): the rules that the last one is of could not be read.
    void hold_checkpoints() { holds_checkpoints_ = true; }
    [[nodiscard]] bool holds_checkpoints() const { return holds_checkpoints_; }
    /// Commits the state of the rules, written on the side thread; every 10 minutes of event time at most by itself. `done` runs
    /// on the loop when it is on its way to the disk, or when there is nothing to write.
    void checkpoint(std::function<void()> done = [] {});

    /// What is due by now. Called by the timer, or by the stage after it moved the clock.
    void run_due();
    /// The next moment at which run_due() has something to do.
    [[nodiscard]] std::optional<MonoTime> next_deadline();
    /// Called whenever next_deadline() may have changed.
    std::function<void()> on_deadline_changed;

    /// No event waits, every commit is answered, every grant carried out.
    [[nodiscard]] bool quiet() const;
    /// Commits what the queue refused, once a minute at most.
    void note_refusals();
    [[nodiscard]] const EventQueue& queue() const { return queue_; }
    [[nodiscard]] std::uint64_t late() const { return late_; }

private:
    struct Pending;

    void pump();
    void handle(Outcome outcome, std::vector<store::StrangerChange> strangers = {},
                std::function<void(const store::Committed&)> done = nullptr);
    void settle(std::uint64_t pending_id, bool committed);
    void see(const std::vector<Record>& records);
    void fold(const std::vector<Record>& records);
    void take_engine_back();
    void raise(std::vector<AlertChange> changes);
    [[nodiscard]] std::set<RecipientId> whom_to_tell(const AlertChange& change);

    boost::asio::io_context& loop_;
    const EventClock& clock_;
    Gate& gate_;
    store::Store& store_;
    SideThread& side_;
    std::shared_ptr<rules::Engine> engine_;  ///< Shared with the side thread while it reads.
    bool engine_is_aside_ = false;
    std::vector<Record> unseen_;                            ///< Committed while the rules were aside.
    std::deque<std::function<void(rules::Engine&)>> uses_;  ///< Wait until they are back, in their order...
    std::deque<ReadEngine> reads_;                          ///< ...and these until nobody else reads.
    std::function<void(const Command&)> run_command_;
    std::function<void(const FaceQuestion&)> ask_face_;
    std::function<std::string(const AlertChange&)> alert_payload_;
    std::function<void(const Record&)> on_committed_;

    EventQueue queue_;
    bool pump_posted_ = false;
    std::size_t commits_under_way_ = 0;
    std::map<std::uint64_t, std::unique_ptr<Pending>> pending_;  ///< Grants that wait for their audit.
    std::uint64_t next_pending_ = 1;
    std::uint64_t late_ = 0;
    std::map<AlertId, std::set<RecipientId>> told_;  ///< Of open alerts.
    MonoTime checkpoint_at_{};
    bool holds_checkpoints_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< What was posted looks here before it touches this.
};

}  // namespace menshen::app
