#include "daemon/store/store.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <tuple>

#include "daemon/store/inbox.hpp"
#include "daemon/store/opening.hpp"
#include "daemon/store/roster_backup.hpp"

namespace menshen::store {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{50};
constexpr milliseconds kLastRetry{5000};
constexpr milliseconds kBackupAfter{2000};  // while commits keep coming; at once when none does
constexpr milliseconds kBackupRetry{10'000};
constexpr std::size_t kWalkStep = 2000;
constexpr std::size_t kReadStep = 1000;
constexpr std::size_t kMaxRows = 10'000;
constexpr milliseconds kCloseLimit{5000};
constexpr milliseconds kCutRetry{1000};

/// A roster of version 0 was never changed, or its backup was refused when it was restored: then the backup is better.
bool backup_is_old(const OpenedDatabase& opened, const Settings& settings, const KeyRing& keys) {
    if (opened.roster.version == 0) return false;
    const auto image = read_backup(backup_path(settings.file), keys);
    return !image || image->version != opened.roster.version;
}

std::optional<WaitClock::time_point> earlier(std::optional<WaitClock::time_point> a, std::optional<WaitClock::time_point> b) {
    return a && b ? std::min(*a, *b) : (a ? a : b);
}

}  // namespace

/// Shared with the thread, so that a disk that never answers cannot hold up the end of the process.
class Store::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(const Settings& settings, const KeyRing& keys, Hooks hooks)
        : settings_(settings), keys_(keys), hooks_(std::move(hooks)), inbox_(settings.buffer) {}

    [[nodiscard]] static Result<Opened> open(const std::shared_ptr<Impl>& self);
    [[nodiscard]] Result<void> close(milliseconds limit);
    [[nodiscard]] Head head() const;
    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] const KeyRing& keys() const { return keys_; }
    [[nodiscard]] Inbox& inbox() { return inbox_; }
    void post(std::function<void()> work) const { hooks_.post(std::move(work)); }
    void publish_own(std::vector<Record> records);
    void publish_head();

    /// Runs `work` on the store's thread and answers on the loop.
    template <class T, class Work>
    void ask(Work work, std::function<void(const Result<T>&)> answer) {
        const bool taken = inbox_.ask([this, work = std::move(work), answer](Database& db) mutable {
            Result<T> result = attempt<T>([&] { return work(db); });
            post([answer, result = std::move(result)] { answer(result); });
            return false;
        });
        if (!taken) refuse(answer);
    }
    template <class T>
    void refuse(const std::function<void(const Result<T>&)>& answer) {
        post([answer] { answer(fail("store: too many questions wait, or it is closing; ask again later")); });
    }
    template <class T, class Work>
    [[nodiscard]] static Result<T> attempt(const Work& work) {
        try {
            return work();
        } catch (const std::exception& error) {
            return fail("store: {}", error.what());
        }
    }

private:
    void run();
    void run_jobs(std::deque<Job> jobs);
    [[nodiscard]] bool write(Group& group);
    void finish(Group group);
    void answer(Group& group, const Head& head);
    void back_up(WaitClock::time_point now);
    void cut_log(WaitClock::time_point now);
    void report(bool commits_fail, bool backup_fails, const std::string& reason);
    void set_head(const Head& head);

    const Settings settings_;
    const KeyRing keys_;
    const Hooks hooks_;
    Inbox inbox_;
    OpenedDatabase opened_;  ///< The store's thread only, once it runs.

    bool commits_fail_ = false;
    bool backup_fails_ = false;
    std::optional<WaitClock::time_point> backup_due_;
    std::optional<WaitClock::time_point> cut_again_at_;  ///< A reader was in the way.

    mutable std::mutex mutex_;
    std::condition_variable end_;
    bool ended_ = false;
    Head head_;
    std::thread thread_;
};

Result<Store::Opened> Store::Impl::open(const std::shared_ptr<Impl>& self) {
    auto opened = open_database(self->settings_, self->keys_);
    if (!opened) return tl::unexpected(opened.error());
    self->opened_ = std::move(*opened);
    OpenedDatabase& o = self->opened_;
    Opened out;
    try {
        out.last_alive = o.database->alive();
        out.checkpoint = o.database->checkpoint();
    } catch (const SqlError& error) {
        return fail("{}: {}", self->settings_.file.native(), error.what());
    }
    self->set_head(o.database->head());
    std::ignore = o.database->cut_log();
    if (backup_is_old(o, self->settings_, self->keys_)) self->backup_due_ = WaitClock::now();
    out.store.reset(new Store(self));
    out.epoch = self->head_.epoch;
    out.new_epoch = o.new_epoch;
    out.set_aside = o.set_aside;
    out.roster_from = o.roster_from;
    out.boot = o.boot;
    out.last_seq = self->head_.seq;
    out.roster = std::move(o.roster);
    out.faces = std::move(o.faces);
    out.strangers = std::move(o.strangers);
    out.open_alerts = std::move(o.open_alerts);
    self->thread_ = std::thread([self] { self->run(); });
    return out;
}

void Store::Impl::run() {
    Group group;
    milliseconds retry_after{};
    std::optional<WaitClock::time_point> retry_at;
    while (true) {
        auto awake = inbox_.wait(retry_at, earlier(backup_due_, cut_again_at_));
        run_jobs(std::move(awake.jobs));
        const auto now = WaitClock::now();
        if (!retry_at || now >= *retry_at || awake.stop_by) {
            inbox_.take(group);
            if (group.empty() || write(group)) {
                if (!group.empty()) finish(std::exchange(group, {}));
                retry_at.reset();
                retry_after = {};
            } else {
                retry_after = retry_after.count() == 0 ? kFirstRetry : std::min(retry_after * 2, kLastRetry);
                if (awake.stop_by) retry_after = kFirstRetry;
                retry_at = WaitClock::now() + retry_after;
            }
        }
        cut_log(now);
        back_up(now);
        const bool all_written = group.empty() && inbox_.empty();
        if (awake.stop_by && (all_written || now >= *awake.stop_by)) break;
    }
    if (backup_due_) back_up(WaitClock::time_point::max());
    opened_.database.reset();
    opened_.lock = {};
    const std::lock_guard lock(mutex_);
    ended_ = true;
    end_.notify_all();
}

void Store::Impl::run_jobs(std::deque<Job> jobs) {
    for (auto& job : jobs)
        if (job(*opened_.database)) inbox_.ask_again(std::move(job));
}

bool Store::Impl::write(Group& group) {
    try {
        opened_.database->write(group);
    } catch (const std::exception& error) {
        report(true, backup_fails_, fmt::format("{}: {}", settings_.file.native(), error.what()));
        return false;
    }
    report(false, backup_fails_, {});
    return true;
}

void Store::Impl::report(bool commits_fail, bool backup_fails, const std::string& reason) {
    const bool was_ok = !commits_fail_ && !backup_fails_;
    const bool ok = !commits_fail && !backup_fails;
    commits_fail_ = commits_fail;
    backup_fails_ = backup_fails;
    if (ok == was_ok || !hooks_.on_health) return;
    post([hook = hooks_.on_health, ok, reason] { hook(ok, reason); });
}

void Store::Impl::finish(Group group) {
    const Head head = opened_.database->head();
    set_head(head);
    inbox_.committed(group);
    if (group.roster_changed && !backup_due_) backup_due_ = WaitClock::now() + kBackupAfter;
    // The loop may run this when the Store is gone.
    post([self = shared_from_this(), held = std::make_shared<Group>(std::move(group)), head] { self->answer(*held, head); });
}

/// On the loop.
void Store::Impl::answer(Group& group, const Head& head) {
    if (hooks_.on_own_records && !group.own_before.empty()) hooks_.on_own_records(group.own_before);
    for (auto& entry : group.entries) {
        inbox_.forget(entry.ticket);
        if (entry.committed.refused.empty()) entry.committed.records = std::move(entry.batch.records);
        if (entry.done) entry.done(entry.committed);
    }
    if (hooks_.on_own_records && !group.own_after.empty()) hooks_.on_own_records(group.own_after);
    for (const auto& request : group.confirms) {
        if (!request.answer) continue;
        request.answer(request.refused ? Result<Head>(tl::unexpected(*request.refused)) : Result<Head>(head));
    }
    if (hooks_.on_head) hooks_.on_head(head);
}

void Store::Impl::back_up(WaitClock::time_point now) {
    if (!backup_due_ || (now < *backup_due_ && !inbox_.empty())) return;
    if (backup_fails_ && now < *backup_due_) return;
    auto& db = *opened_.database;
    const auto written =
        attempt<void>([&] { return write_backup(backup_path(settings_.file), keys_, db.roster().image(db.roster_version())); });
    backup_due_.reset();
    if (!written) backup_due_ = WaitClock::now() + kBackupRetry;
    report(commits_fail_, !written, written ? std::string{} : written.error().message);
}

void Store::Impl::cut_log(WaitClock::time_point now) {
    if (!opened_.database->log_is_to_be_cut()) return cut_again_at_.reset();
    if (cut_again_at_ && now < *cut_again_at_) return;
    cut_again_at_.reset();
    if (!opened_.database->cut_log()) cut_again_at_ = now + kCutRetry;
}

void Store::Impl::publish_own(std::vector<Record> records) {
    if (hooks_.on_own_records && !records.empty())
        post([hook = hooks_.on_own_records, records = std::move(records)] { hook(records); });
}

void Store::Impl::publish_head() {
    const Head head = opened_.database->head();
    set_head(head);
    if (hooks_.on_head) post([hook = hooks_.on_head, head] { hook(head); });
}

void Store::Impl::set_head(const Head& head) {
    const std::lock_guard lock(mutex_);
    head_ = head;
}

Head Store::Impl::head() const {
    const std::lock_guard lock(mutex_);
    return head_;
}

Result<void> Store::Impl::close(milliseconds limit) {
    if (!thread_.joinable()) return {};
    const auto deadline = WaitClock::now() + limit;
    inbox_.stop(deadline);
    {
        std::unique_lock lock(mutex_);
        // The thread looks at the deadline itself; the addition is for its last write.
        end_.wait_until(lock, deadline + kFirstRetry * 4, [this] { return ended_; });
        if (!ended_) {
            lock.unlock();
            thread_.detach();
            return fail("store: the disk does not answer; {} records were not written", inbox_.waiting());
        }
    }
    thread_.join();
    if (const auto left = inbox_.waiting(); left > 0) return fail("store: {} records were not written", left);
    return {};
}

Result<Store::Opened> Store::open(const Settings& settings, const Key& master, Hooks hooks) {
    return Impl::open(std::make_shared<Impl>(settings, KeyRing(master), std::move(hooks)));
}

Store::Store(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() { std::ignore = impl_->close(kCloseLimit); }

Ticket Store::commit(Batch batch, std::function<void(const Committed&)> done) {
    return impl_->inbox().offer(std::move(batch), std::move(done));
}

void Store::mark_late(const Ticket& ticket, const Now& now) { impl_->inbox().mark_late(ticket, now); }

void Store::stamp_alive(const Now& now) { impl_->inbox().stamp({now.wall, now.wall_is_trusted, now.mono, now.boot}); }

void Store::read_records_lane(std::uint64_t after_seq, std::size_t limit, std::size_t max_bytes,
                              std::function<void(const Result<std::vector<StoredRecord>>&)> answer) {
    impl_->ask<std::vector<StoredRecord>>(
        [=](Database& db) { return db.outbox().records(after_seq, std::min(limit, kMaxRows), max_bytes); }, std::move(answer));
}

void Store::read_alert_lane(std::uint64_t after_n, std::size_t limit,
                            std::function<void(const Result<std::vector<AlertRow>>&)> answer) {
    impl_->ask<std::vector<AlertRow>>([=](Database& db) { return db.outbox().alerts(after_n, std::min(limit, kMaxRows)); },
                                      std::move(answer));
}

void Store::confirm(Confirm confirm, std::function<void(const Result<Head>&)> answer) {
    if (!impl_->inbox().confirm({std::move(confirm), answer})) impl_->refuse(answer);
}

void Store::delivered(std::uint64_t records, std::uint64_t alerts) { impl_->inbox().delivered(records, alerts); }

void Store::tail(Tail query, std::function<void(const Result<std::vector<StoredRecord>>&)> answer) {
    impl_->ask<std::vector<StoredRecord>>([query = std::move(query)](Database& db) { return db.tail(query); }, std::move(answer));
}

void Store::slice(Slice query, std::function<void(const Result<SliceRead>&)> answer) {
    impl_->ask<SliceRead>([query = std::move(query)](Database& db) { return db.slice(query); }, std::move(answer));
}

void Store::alerts(Which which, std::size_t limit, std::function<void(const Result<std::vector<AlertRow>>&)> answer) {
    impl_->ask<std::vector<AlertRow>>([=](Database& db) { return db.outbox().states(which, std::min(limit, kReadStep)); },
                                      std::move(answer));
}

void Store::card_numbers(std::function<void(const Result<std::vector<CardNumberRow>>&)> answer) {
    impl_->ask<std::vector<CardNumberRow>>([](Database& db) { return db.roster().card_numbers(); }, std::move(answer));
}

void Store::verify(std::function<void(const Result<Audit>&)> answer) {
    // The walk begins on the store's thread, and goes on between its transactions.
    auto walk = std::make_shared<std::optional<ChainWalk>>();
    const bool taken = impl_->inbox().ask([impl = impl_.get(), walk = std::move(walk), answer](Database& db) {
        Result<bool> more = Impl::attempt<bool>([&] {
            if (!*walk) walk->emplace(db.connection());
            return (*walk)->step(kWalkStep);
        });
        if (more && *more) return true;
        Result<Audit> result = more ? Result<Audit>((*walk)->take()) : tl::unexpected(more.error());
        impl->post([answer, result = std::move(result)] { answer(result); });
        return false;
    });
    if (!taken) impl_->refuse(answer);
}

void Store::erase_before(WallTime before, const Now& now, std::function<void(const Result<std::uint64_t>&)> answer) {
    struct Progress {
        Database::Erasing erasing;
        std::uint64_t erased = 0;
    };
    auto progress = std::make_shared<Progress>();
    const bool taken =
        impl_->inbox().ask([impl = impl_.get(), progress = std::move(progress), before, now, answer](Database& db) {
            auto step = Impl::attempt<Database::ErasureStep>([&] { return db.erase(before, now, progress->erasing); });
            if (step) {
                progress->erased += step->erased;
                impl->publish_own(std::move(step->own));
                impl->publish_head();
                if (step->more) return true;
            }
            Result<std::uint64_t> result = step ? Result<std::uint64_t>(progress->erased) : tl::unexpected(step.error());
            impl->post([answer, result = std::move(result)] { answer(result); });
            return false;
        });
    if (!taken) impl_->refuse(answer);
}

Result<void> Store::records_after(std::uint64_t seq, const std::function<bool(const StoredRecord&)>& take) const {
    return Impl::attempt<void>([&]() -> Result<void> {
        Connection db(impl_->settings().file, Connection::Mode::read, impl_->settings().vfs);
        std::uint64_t after = seq;
        // In steps, so that no long read holds the write-ahead log from being taken back.
        for (std::vector<StoredRecord> step;; step.clear()) {
            auto rows = db.query("SELECT seq, payload FROM journal WHERE seq > ? AND payload IS NOT NULL ORDER BY seq LIMIT ?",
                                 after, kReadStep);
            while (rows.step()) step.push_back({rows.count(0), rows.text(1)});
            if (step.empty()) return {};
            after = step.back().seq;
            for (const auto& record : step)
                if (!take(record)) return {};
        }
    });
}

Head Store::head() const { return impl_->head(); }
const KeyRing& Store::keys() const { return impl_->keys(); }
std::size_t Store::waiting() const { return impl_->inbox().waiting(); }
Result<void> Store::close(std::chrono::milliseconds limit) { return impl_->close(limit); }

}  // namespace menshen::store
