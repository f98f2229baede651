#include "daemon/store/inbox.hpp"

#include <algorithm>

namespace menshen::store {

namespace {

constexpr std::size_t kGroupRecords = 2048;  // bounds the time of one transaction
constexpr std::size_t kMaxJobs = 256;
constexpr std::size_t kMaxConfirms = 64;

/// A batch without records takes room, too.
std::size_t cost_of(const Batch& batch) { return std::max<std::size_t>(1, batch.records.size()); }

bool is_plain(const Batch& batch) { return batch.alerts.empty() && batch.roster.empty() && batch.strangers.empty(); }

/// Moves the newest over the older.
template <class T>
void move_newest(std::optional<T>& from, std::optional<T>& to) {
    if (!from) return;
    to = std::move(from);
    from.reset();
}

template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
    from.clear();
}

/// What a late mark is about: the decisions, or everything when there is none.
std::vector<std::string> decisions_of(const std::vector<Record>& records) {
    std::vector<std::string> decisions;
    std::vector<std::string> all;
    for (const auto& record : records) {
        all.push_back(record.id());
        if (record.kind == Kind::granted || record.kind == Kind::denied) decisions.push_back(record.id());
    }
    return decisions.empty() ? all : decisions;
}

}  // namespace

bool Inbox::has_room(const Batch& batch) const {
    const std::size_t limit = is_plain(batch) ? buffer_ : buffer_ + buffer_ / 4;
    return waiting_ + cost_of(batch) <= limit;
}

Ticket Inbox::offer(Batch batch, std::function<void(const Committed&)> done) {
    const std::lock_guard lock(mutex_);
    if (stop_by_) return {};
    move_newest(batch.checkpoint, slots_.checkpoint);
    if (!has_room(batch)) {
        lose(std::move(batch));
        return {};
    }
    for (const auto& row : batch.alerts)
        std::erase_if(slots_.rescued, [&](const AlertRow& old) { return old.alert == row.alert && old.to == row.to; });
    waiting_ += cost_of(batch);
    const std::uint64_t number = ++last_ticket_;
    flights_.emplace(number, Flight{});
    queue_.push_back({number, std::move(batch), std::move(done)});
    wake_.notify_one();
    return {number, true};
}

/// Counts the records, and keeps the alert rows: one for each alert and recipient, and no more of them than of records.
void Inbox::lose(Batch batch) {
    if (!batch.records.empty()) {
        if (!slots_.loss) slots_.loss = Loss{0, batch.records.front().at, {}};
        slots_.loss->count += batch.records.size();
        slots_.loss->last = std::move(batch.records.back());
    }
    for (auto& row : batch.alerts) {
        row.changed_at = slots_.loss ? slots_.loss->last.at.time : row.changed_at;
        replace_rescued(row);
    }
}

void Inbox::replace_rescued(const AlertRow& row) {
    std::erase_if(slots_.rescued, [&](const AlertRow& old) { return old.alert == row.alert && old.to == row.to; });
    if (slots_.rescued.size() >= buffer_) {
        slots_.rescued.erase(slots_.rescued.begin());
        if (slots_.loss) ++slots_.loss->count;
    }
    slots_.rescued.push_back(row);
}

void Inbox::mark_late(const Ticket& ticket, const Now& now) {
    const std::lock_guard lock(mutex_);
    const auto it = flights_.find(ticket.number);
    if (it == flights_.end() || it->second.late) return;
    it->second.late = now;
    if (it->second.is_committed) note_late(it->second);
}

void Inbox::note_late(const Flight& flight) {
    for (const auto& id : flight.records) slots_.late_notes.push_back({id, *flight.late});
    wake_.notify_one();
}

void Inbox::stamp(const Alive& alive) {
    const std::lock_guard lock(mutex_);
    slots_.alive = alive;
    wake_.notify_one();
}

bool Inbox::confirm(ConfirmRequest request) {
    const std::lock_guard lock(mutex_);
    if (stop_by_ || slots_.confirms.size() == kMaxConfirms) return false;
    slots_.confirms.push_back(std::move(request));
    wake_.notify_one();
    return true;
}

void Inbox::delivered(std::uint64_t records, std::uint64_t alerts) {
    const std::lock_guard lock(mutex_);
    slots_.delivered_records = std::max(slots_.delivered_records, records);
    slots_.delivered_alerts = std::max(slots_.delivered_alerts, alerts);
    wake_.notify_one();
}

bool Inbox::ask(Job job) {
    const std::lock_guard lock(mutex_);
    if (stop_by_ || jobs_.size() == kMaxJobs) return false;
    jobs_.push_back(std::move(job));
    wake_.notify_one();
    return true;
}

void Inbox::ask_again(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
}

std::size_t Inbox::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
}

void Inbox::stop(WaitClock::time_point deadline) {
    const std::lock_guard lock(mutex_);
    if (!stop_by_) stop_by_ = deadline;
    wake_.notify_one();
}

void Inbox::forget(std::uint64_t ticket) {
    const std::lock_guard lock(mutex_);
    flights_.erase(ticket);
}

bool Inbox::nothing_to_take() const { return queue_.empty() && slots_.empty(); }

bool Inbox::empty() const {
    const std::lock_guard lock(mutex_);
    return nothing_to_take();
}

Inbox::Awake Inbox::wait(std::optional<WaitClock::time_point> retry_at, std::optional<WaitClock::time_point> idle_until) {
    std::unique_lock lock(mutex_);
    const auto ready = [&] {
        if (!jobs_.empty() || (stop_by_ && !stop_seen_)) return true;
        return !retry_at && !nothing_to_take();
    };
    const auto until = retry_at ? retry_at : idle_until;
    if (until) {
        wake_.wait_until(lock, *until, ready);
    } else {
        wake_.wait(lock, ready);
    }
    stop_seen_ = stop_by_.has_value();
    return {std::exchange(jobs_, {}), stop_by_};
}

void Inbox::take(Group& group) {
    const std::lock_guard lock(mutex_);
    move_all(slots_.confirms, group.confirms);
    move_all(slots_.late_notes, group.late_notes);
    move_newest(slots_.alive, group.alive);
    group.delivered_records = std::max(group.delivered_records, std::exchange(slots_.delivered_records, 0));
    group.delivered_alerts = std::max(group.delivered_alerts, std::exchange(slots_.delivered_alerts, 0));
    std::size_t records = 0;
    for (const auto& entry : group.entries) records += cost_of(entry.batch);
    // What was lost or rescued came after everything that waited then, so nothing may follow it in the same group.
    const bool closed = !group.rescued.empty() || group.loss;
    while (!closed && !queue_.empty() && records < kGroupRecords) {
        records += cost_of(queue_.front().batch);
        group.entries.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    if (!closed && queue_.empty()) {
        move_all(slots_.rescued, group.rescued);
        move_newest(slots_.loss, group.loss);
        // A checkpoint says that the alerts of all records before it are told. So it may not be on the disk before them: after a
        // crash the fold goes on behind it, and nobody would tell them again.
        move_newest(slots_.checkpoint, group.checkpoint);
    }
    for (auto& entry : group.entries) entry.late = flights_[entry.ticket].late.has_value();
}

void Inbox::committed(const Group& group) {
    const std::lock_guard lock(mutex_);
    for (const auto& entry : group.entries) {
        waiting_ -= cost_of(entry.batch);
        auto& flight = flights_[entry.ticket];
        flight.is_committed = true;
        if (!entry.committed.refused.empty()) continue;
        flight.records = decisions_of(entry.batch.records);
        if (flight.late && !entry.late) note_late(flight);
    }
}

}  // namespace menshen::store
