#pragma once
/// The mqtt room's surroundings for tests: an outbox in memory, a loop of the test's own, and somebody who listens at the broker.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/mqtt/uplink.hpp"

namespace menshen::test {

/// The loop: functions run in the order they were posted, on the thread that calls run_until().
class TestLoop {
public:
    TestLoop() : queue_(std::make_shared<Queue>()) {}
    /// What was not run is thrown away: it may hold whoever holds the queue.
    ~TestLoop() {
        std::unique_lock lock(queue_->guard);
        const auto left = std::move(queue_->due);
        lock.unlock();
    }
    TestLoop(const TestLoop&) = delete;
    TestLoop& operator=(const TestLoop&) = delete;
    [[nodiscard]] mqtt::Loop loop();
    /// Runs what is posted until `done` says so; false after `limit`.
    bool run_until(const std::function<bool()>& done, Millis limit = Millis{10'000});
    void run_for(Millis time) {
        (void)run_until([] { return false; }, time);
    }

private:
    struct Queue {
        std::mutex guard;
        std::condition_variable changed;
        std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> due;
    };
    std::shared_ptr<Queue> queue_;
};

/// Keeps rows as the store does. Answers are posted, never given from inside a call.
class FakeOutbox : public mqtt::OutboxSource {
public:
    FakeOutbox(mqtt::Post post, std::string epoch) : post_(std::move(post)) { head_.epoch = std::move(epoch); }

    std::uint64_t add_record(std::string_view kind = "passage");
    /// A new state of an alert for one recipient: takes the place of the older one.
    std::uint64_t add_alert(const std::string& alert, std::uint32_t change, const std::string& to = "grid-3", bool over = false);
    /// Oldest records make room.
    void evict_records(std::uint64_t up_to);
    void begin_epoch(const std::string& epoch);

    [[nodiscard]] mqtt::OutboxHead head() const;
    [[nodiscard]] std::size_t waiting() const { return records_.size() + alerts_.size(); }
    [[nodiscard]] const std::map<std::uint64_t, std::string>& all_records() const { return committed_; }
    /// Every state ever added: "<to>/<alert>/<change>".
    [[nodiscard]] const std::vector<std::string>& all_alerts() const { return committed_alerts_; }
    std::size_t releases = 0;

    void read_records(Bounds bounds, std::function<void(Result<std::vector<mqtt::RecordRow>>)> done) override;
    void read_alerts(Bounds bounds, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) override;
    void read_open_alerts(std::size_t rows, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) override;
    void release(std::string epoch, std::uint64_t records, std::uint64_t alerts,
                 std::function<void(Result<mqtt::OutboxHead>)> done) override;

private:
    mqtt::Post post_;
    mqtt::OutboxHead head_;
    std::map<std::uint64_t, std::string> records_;
    std::map<std::uint64_t, mqtt::AlertRow> alerts_;
    std::map<std::string, mqtt::AlertRow> open_;
    std::map<std::uint64_t, std::string> committed_;
    std::vector<std::string> committed_alerts_;
};

/// A plain client with a clean session: everything it hears, in order.
class Listener {
public:
    Listener(std::uint16_t port, const std::string& filter);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] std::vector<mqtt::Message> heard() const;
    [[nodiscard]] std::size_t count() const;
    void say(const std::string& topic, const std::string& payload, bool retain = false);
    /// Waits in real time for a message that pleases; false after `limit`.
    bool wait_for(const std::function<bool(const mqtt::Message&)>& pleases, Millis limit = Millis{10'000});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace menshen::test
