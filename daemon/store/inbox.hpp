#pragma once
/// What waits for the store's thread: batches in order, and single slots where only the newest counts. Any thread; never blocks
/// on more than its own mutex.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/store/database.hpp"

namespace menshen::store {

/// Work on the store's thread between two transactions. True: there is more of it, call again later.
using Job = std::function<bool(Database&)>;
using WaitClock = std::chrono::steady_clock;

class Inbox {
public:
    explicit Inbox(std::size_t buffer) : buffer_(buffer) {}

    // --- The loop's side ---
    [[nodiscard]] Ticket offer(Batch batch, std::function<void(const Committed&)> done);
    void mark_late(const Ticket& ticket, const Now& now);
    void stamp(const Alive& alive);
    [[nodiscard]] bool confirm(ConfirmRequest request);
    void delivered(std::uint64_t records, std::uint64_t alerts);
    /// False: too many wait, or the store is closing.
    [[nodiscard]] bool ask(Job job);
    [[nodiscard]] std::size_t waiting() const;
    /// No batch is taken any more; what is held must be written until `deadline`.
    void stop(WaitClock::time_point deadline);
    /// The callback of this ticket ran.
    void forget(std::uint64_t ticket);

    // --- The store's side ---
    struct Awake {
        std::deque<Job> jobs;
        std::optional<WaitClock::time_point> stop_by;
    };
    /// Waits until there is something to take, a job or a stop; until `retry_at` (a group failed) only jobs and a stop count.
    [[nodiscard]] Awake wait(std::optional<WaitClock::time_point> retry_at, std::optional<WaitClock::time_point> idle_until);
    /// Moves what waits into the group, on top of what a failed attempt left there.
    void take(Group& group);
    /// The group is on the disk.
    void committed(const Group& group);
    void ask_again(Job job);
    [[nodiscard]] bool empty() const;

private:
    struct Flight {
        std::optional<Now> late;
        bool is_committed = false;
        std::vector<std::string> records;  ///< Ids of what a late note is written for.
    };
    [[nodiscard]] bool nothing_to_take() const;
    [[nodiscard]] bool has_room(const Batch& batch) const;
    void lose(Batch batch);
    void replace_rescued(const AlertRow& row);
    void note_late(const Flight& flight);

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    const std::size_t buffer_;
    std::deque<Entry> queue_;
    std::size_t waiting_ = 0;
    Group slots_;  ///< Everything but `entries`.
    std::deque<Job> jobs_;
    std::unordered_map<std::uint64_t, Flight> flights_;
    std::uint64_t last_ticket_ = 0;
    std::optional<WaitClock::time_point> stop_by_;
    bool stop_seen_ = false;
};

}  // namespace menshen::store
