#include "daemon/app/flow.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/app/log.hpp"

namespace menshen::app {

namespace {

constexpr Millis kPromptWait{100};
constexpr Millis kStrictWait{3000};
constexpr Millis kCheckpointEvery{600'000};

}  // namespace

/// A grant on its way to the lock. Waits are real: they are waits on a disk.
struct Flow::Pending {
    Grant grant;
    store::Ticket ticket;
    boost::asio::steady_timer timer;
};

Flow::Flow(Parts parts)
    : loop_(parts.loop),
      clock_(parts.clock),
      gate_(parts.gate),
      store_(parts.store),
      side_(parts.side),
      engine_(std::make_shared<rules::Engine>(std::move(parts.engine))),
      run_command_(std::move(parts.run_command)),
      ask_face_(std::move(parts.ask_face)),
      alert_payload_(std::move(parts.alert_payload)),
      on_committed_(std::move(parts.on_committed)),
      checkpoint_at_(clock_.now().mono + kCheckpointEvery) {
    for (const auto& row : parts.told) told_[row.alert].insert(row.to);
}

Flow::~Flow() { *alive_ = false; }

bool Flow::offer(Event event) {
    const bool taken = queue_.offer(std::move(event));
    if (!pump_posted_) {
        pump_posted_ = true;
        boost::asio::post(loop_, [this, alive = alive_] {
            if (*alive) pump();
        });
    }
    return taken;
}

void Flow::pump() {
    pump_posted_ = false;
    // A storm must not keep timers and sockets waiting: a share of events, then the others' turn.
    for (int turn = 0; turn < 64; ++turn) {
        auto event = queue_.take();
        if (!event) break;
        handle(gate_.on_event(*event, clock_.now()));
    }
    note_refusals();
    if (!queue_.empty() && !pump_posted_) {
        pump_posted_ = true;
        boost::asio::post(loop_, [this, alive = alive_] {
            if (*alive) pump();
        });
    }
}

void Flow::note_refusals() {
    if (queue_.refused() == 0) return;
    const auto now = clock_.now();
    store::Batch batch;
    for (const auto& refusal : queue_.report_refusals(now.mono)) {
        Record record = make_record(Kind::gap, now);
        record.reason = "reads_refused";
        record.more["source"] = refusal.source;
        record.more["count"] = static_cast<std::int64_t>(refusal.count);
        batch.records.push_back(std::move(record));
        log::warning("reads refused source={} count={}: more than can be handled; is the reader faulty?", refusal.source,
                     refusal.count);
    }
    if (!batch.records.empty()) commit(std::move(batch));
}

void Flow::on_face(const FaceSeen& face, std::vector<store::StrangerChange> strangers) {
    handle(gate_.on_event(face, clock_.now()), std::move(strangers));
}

void Flow::on_request(const Event& request, std::function<void(const std::string&)> done) {
    handle(gate_.on_event(request, clock_.now()), {}, [done = std::move(done)](const store::Committed& committed) {
        done(committed.records.empty() ? std::string() : committed.records.front().id());
    });
}

void Flow::handle(Outcome outcome, std::vector<store::StrangerChange> strangers,
                  std::function<void(const store::Committed&)> done) {
    for (const auto& command : outcome.commands) run_command_(command);
    for (const auto& question : outcome.questions) ask_face_(question);
    if (outcome.records.empty() && strangers.empty()) {
        if (on_deadline_changed) on_deadline_changed();
        return;
    }
    store::Batch batch;
    batch.records = std::move(outcome.records);
    batch.strangers = std::move(strangers);
    const bool has_grants = !outcome.grants.empty();
    const auto first_pending = next_pending_;
    next_pending_ += outcome.grants.size();
    const auto last_pending = next_pending_;

    ++commits_under_way_;
    const auto ticket = store_.commit(std::move(batch), [this, alive = alive_, first_pending, last_pending,
                                                         done = std::move(done)](const store::Committed& committed) {
        if (!*alive) return;
        --commits_under_way_;
        // The person at the door comes first, then whoever reads about it.
        for (auto id = first_pending; id < last_pending; ++id) settle(id, true);
        see(committed.records);
        if (done) done(committed);
        if (on_deadline_changed) on_deadline_changed();
    });
    if (!ticket.taken) --commits_under_way_;
    auto id = first_pending;
    for (auto& grant : outcome.grants) {
        auto pending = std::make_unique<Pending>(Pending{std::move(grant), ticket, boost::asio::steady_timer(loop_)});
        const bool strict = pending->grant.audit == Audit::strict;
        if (ticket.taken) {
            pending->timer.expires_after(strict ? kStrictWait : kPromptWait);
            pending->timer.async_wait([this, alive = alive_, id](const boost::system::error_code& error) {
                if (!error && *alive) settle(id, false);
            });
        }
        pending_.emplace(id, std::move(pending));
        if (!ticket.taken) settle(id, false);
        ++id;
    }
    if (has_grants && !ticket.taken) log::error("the audit buffer is full: the disk takes no records; see menshen status");
    if (on_deadline_changed) on_deadline_changed();
}

void Flow::settle(std::uint64_t pending_id, bool committed) {
    const auto it = pending_.find(pending_id);
    if (it == pending_.end()) return;  // carried out before its commit came
    const auto pending = std::move(it->second);
    pending_.erase(it);
    pending->timer.cancel();
    const auto now = clock_.now();
    if (!committed && pending->grant.audit == Audit::strict) {
        handle(gate_.refuse_without_audit(pending->grant, now));
        return;
    }
    if (!committed) {
        ++late_;
        store_.mark_late(pending->ticket, now);
    }
    handle(gate_.carry_out(pending->grant, now));
}

bool Flow::commit(store::Batch batch, std::function<void(const store::Committed&)> done) {
    ++commits_under_way_;
    const auto ticket =
        store_.commit(std::move(batch), [this, alive = alive_, done = std::move(done)](const store::Committed& committed) {
            if (!*alive) return;
            --commits_under_way_;
            see(committed.records);
            if (done) done(committed);
            if (on_deadline_changed) on_deadline_changed();
        });
    if (!ticket.taken) --commits_under_way_;
    return ticket.taken;
}

void Flow::on_own_records(const std::vector<Record>& records) {
    see(records);
    if (on_deadline_changed) on_deadline_changed();
}

void Flow::see(const std::vector<Record>& records) {
    if (on_committed_) {
        for (const auto& record : records) on_committed_(record);
    }
    if (engine_is_aside_) {
        unseen_.insert(unseen_.end(), records.begin(), records.end());
    } else {
        fold(records);
    }
}

void Flow::fold(const std::vector<Record>& records) {
    std::vector<AlertChange> changes;
    for (const auto& record : records) {
        for (auto& change : engine_->on_record(record)) changes.push_back(std::move(change));
    }
    raise(std::move(changes));
    if (clock_.now().mono >= checkpoint_at_) checkpoint();
}

void Flow::with_engine(std::function<void(rules::Engine&)> use) {
    if (engine_is_aside_) {
        uses_.push_back(std::move(use));
    } else {
        use(*engine_);
    }
}

void Flow::with_engine_aside(ReadEngine read) {
    if (engine_is_aside_) {
        reads_.push_back(std::move(read));
        return;
    }
    engine_is_aside_ = true;
    side_.run([this, alive = alive_, engine = engine_, read = std::move(read)]() -> SideThread::Then {
        return [this, alive, then = read(*engine)] {
            if (!*alive) return;
            then();
            take_engine_back();
        };
    });
}

void Flow::take_engine_back() {
    engine_is_aside_ = false;
    fold(std::exchange(unseen_, {}));
    while (!engine_is_aside_ && !uses_.empty()) {
        const auto use = std::move(uses_.front());
        uses_.pop_front();
        use(*engine_);
    }
    if (!engine_is_aside_ && !reads_.empty()) {
        auto read = std::move(reads_.front());
        reads_.pop_front();
        with_engine_aside(std::move(read));
    }
    if (on_deadline_changed) on_deadline_changed();
}

void Flow::raise(std::vector<AlertChange> changes) {
    if (!changes.empty()) commit_alerts(changes);
}

std::set<RecipientId> Flow::whom_to_tell(const AlertChange& change) {
    if (change.state == AlertState::pending) return {};
    if (change.state == AlertState::resolved) {
        // One that was over before anybody was told is nobody's business.
        const auto told = told_.extract(change.id);
        return told.empty() ? std::set<RecipientId>() : std::move(told.mapped());
    }
    auto& told = told_[change.id];
    told.insert(change.to.begin(), change.to.end());
    return told;
}

void Flow::commit_alerts(const std::vector<AlertChange>& changes, std::function<void(const store::Committed&)> done) {
    const auto now = clock_.now();
    store::Batch batch;
    for (const auto& change : changes) {
        Record record = to_record(change, now);
        gate_.describe_person(record);
        batch.records.push_back(std::move(record));
        const bool open = change.state != AlertState::resolved;
        for (const auto& to : whom_to_tell(change)) {
            batch.alerts.push_back({.alert = change.id, .to = to, .payload = alert_payload_(change), .open = open});
        }
        log::info("alert {} rule={} subject={} state={}", change.id.str(), change.rule.str(), change.subject,
                  to_text(change.state));
    }
    commit(std::move(batch), std::move(done));
}

void Flow::set_engine(rules::Engine engine) {
    engine_ = std::make_shared<rules::Engine>(std::move(engine));
    holds_checkpoints_ = false;
    if (!engine_->awaits_load()) return;
    Record record = make_record(Kind::rules_changed, clock_.now());
    record.more["rules"] = engine_->rules().versions();
    store::Batch batch;
    batch.records.push_back(std::move(record));
    commit(std::move(batch));
}

void Flow::checkpoint(std::function<void()> done) {
    checkpoint_at_ = clock_.now().mono + kCheckpointEvery;
    if (holds_checkpoints_) return done();
    with_engine_aside([this, done = std::move(done)](const rules::Engine& engine) -> SideThread::Then {
        const auto last = engine.last_record();
        if (last.seq == 0) return done;
        auto written = std::make_shared<store::Checkpoint>(
            store::Checkpoint{last.epoch, last.seq, engine.rules().hash, engine.checkpoint()});
        return [this, written, done] {
            // The changes that the rules made before are in the store's queue already: what this knows is never ahead of the
            // journal.
            store::Batch batch;
            batch.checkpoint = std::move(*written);
            commit(std::move(batch));
            done();
        };
    });
}

void Flow::run_due() {
    const auto now = clock_.now();
    const auto door_deadline = gate_.next_deadline();
    if (door_deadline && *door_deadline <= now.mono) handle(gate_.on_time(now));
    // Rules may look at the time only when they have seen every record made before it.
    if (commits_under_way_ == 0 && queue_.empty() && !engine_is_aside_) {
        const auto rule_deadline = engine_->next_deadline(now);
        if (rule_deadline && *rule_deadline <= now.mono) raise(engine_->on_time(now));
    }
    if (on_deadline_changed) on_deadline_changed();
}

std::optional<MonoTime> Flow::next_deadline() {
    auto next = gate_.next_deadline();
    if (commits_under_way_ > 0 || engine_is_aside_) return next;  // asked again when that is over
    const auto rules = engine_->next_deadline(clock_.now());
    if (rules && (!next || *rules < *next)) next = rules;
    return next;
}

bool Flow::quiet() const {
    return queue_.empty() && !pump_posted_ && commits_under_way_ == 0 && pending_.empty() && !engine_is_aside_;
}

}  // namespace menshen::app
