#include "tests/daemon/mqtt/fakes.hpp"

#include <mosquitto.h>

#include <stdexcept>

namespace menshen::test {

using Clock = std::chrono::steady_clock;

mqtt::Loop TestLoop::loop() {
    const auto post_at = [queue = queue_](Clock::time_point at, std::function<void()> work) {
        const std::lock_guard lock(queue->guard);
        queue->due.emplace(at, std::move(work));
        queue->changed.notify_all();
    };
    return {[post_at](std::function<void()> work) { post_at(Clock::now(), std::move(work)); },
            [post_at](Millis wait, std::function<void()> work) { post_at(Clock::now() + wait, std::move(work)); }};
}

bool TestLoop::run_until(const std::function<bool()>& done, Millis limit) {
    const auto until = Clock::now() + limit;
    while (!done()) {
        std::unique_lock lock(queue_->guard);
        const auto now = Clock::now();
        if (now >= until) return false;
        if (queue_->due.empty() || queue_->due.begin()->first > now) {
            auto wake = std::min(until, now + Millis{20});
            if (!queue_->due.empty()) wake = std::min(wake, queue_->due.begin()->first);
            queue_->changed.wait_until(lock, wake);
            continue;
        }
        const auto work = std::move(queue_->due.begin()->second);
        queue_->due.erase(queue_->due.begin());
        lock.unlock();
        work();
    }
    return true;
}

std::uint64_t FakeOutbox::add_record(std::string_view kind) {
    const auto seq = ++head_.records.to;
    auto bytes =
        fmt::format(R"({{"epoch":"{}","seq":{},"at":"2026-11-01T08:00:00.000+08:00","kind":"{}"}})", head_.epoch, seq, kind);
    committed_[seq] = bytes;
    records_[seq] = std::move(bytes);
    return seq;
}

std::uint64_t FakeOutbox::add_alert(const std::string& alert, std::uint32_t change, const std::string& to, bool over) {
    std::erase_if(alerts_, [&](const auto& entry) { return entry.second.alert.str() == alert && entry.second.to.str() == to; });
    AlertChange state;
    state.id = AlertId(alert);
    state.change = change;
    state.rule = RuleId("elderly-silence");
    state.per = "person";
    state.subject = "p1";
    state.state = over ? AlertState::resolved : AlertState::firing;
    const auto lane = ++head_.alerts.to;
    alerts_[lane] = {lane, AlertId(alert), RecipientId(to), over, mqtt::alert_body(state, {"p1", "h1"})};
    if (over)
        open_.erase(alert + "/" + to);
    else
        open_[alert + "/" + to] = alerts_[lane];
    committed_alerts_.push_back(fmt::format("{}/{}/{}", to, alert, change));
    return lane;
}

void FakeOutbox::evict_records(std::uint64_t up_to) {
    std::erase_if(records_, [&](const auto& entry) { return entry.first <= up_to; });
}

void FakeOutbox::begin_epoch(const std::string& epoch) {
    head_ = {};
    head_.epoch = epoch;
    records_.clear();
    alerts_.clear();
    committed_.clear();
    committed_alerts_.clear();
    open_.clear();
}

mqtt::OutboxHead FakeOutbox::head() const {
    auto head = head_;
    head.records.from = records_.empty() ? head.records.to + 1 : records_.begin()->first;
    // As the store's: where the alert lane begins is known only when it is empty.
    head.alerts.from = alerts_.empty() ? head.alerts.to + 1 : 1;
    return head;
}

void FakeOutbox::read_records(Bounds bounds, std::function<void(Result<std::vector<mqtt::RecordRow>>)> done) {
    std::vector<mqtt::RecordRow> rows;
    for (auto at = records_.upper_bound(bounds.after); at != records_.end() && rows.size() < bounds.rows; ++at)
        rows.push_back({at->first, at->second});
    post_([rows = std::move(rows), done = std::move(done)] { done(rows); });
}

void FakeOutbox::read_alerts(Bounds bounds, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) {
    std::vector<mqtt::AlertRow> rows;
    for (auto at = alerts_.upper_bound(bounds.after); at != alerts_.end() && rows.size() < bounds.rows; ++at)
        rows.push_back(at->second);
    post_([rows = std::move(rows), done = std::move(done)] { done(rows); });
}

void FakeOutbox::read_open_alerts(std::size_t, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) {
    std::vector<mqtt::AlertRow> rows;
    for (const auto& [name, row] : open_) rows.push_back(row);
    post_([rows = std::move(rows), done = std::move(done)] { done(rows); });
}

void FakeOutbox::release(std::string epoch, std::uint64_t records, std::uint64_t alerts,
                         std::function<void(Result<mqtt::OutboxHead>)> done) {
    ++releases;
    if (epoch == head_.epoch) {
        records_.erase(records_.begin(), records_.upper_bound(records));
        alerts_.erase(alerts_.begin(), alerts_.upper_bound(alerts));
    }
    post_([head = head(), done = std::move(done)] { done(head); });
}

struct Listener::Impl {
    mutable std::mutex guard;
    std::condition_variable changed;
    std::vector<mqtt::Message> heard;
    bool subscribed = false;
    std::string filter;
    mosquitto* client = nullptr;
};

Listener::Listener(std::uint16_t port, const std::string& filter) : impl_(std::make_unique<Impl>()) {
    mosquitto_lib_init();
    impl_->filter = filter;
    impl_->client = mosquitto_new(nullptr, true, impl_.get());
    mosquitto_reconnect_delay_set(impl_->client, 1, 1, false);
    mosquitto_connect_callback_set(impl_->client, [](mosquitto* client, void* self, int) {
        mosquitto_subscribe(client, nullptr, static_cast<Impl*>(self)->filter.c_str(), 1);
    });
    mosquitto_subscribe_callback_set(impl_->client, [](mosquitto*, void* self, int, int, const int*) {
        auto& impl = *static_cast<Impl*>(self);
        const std::lock_guard lock(impl.guard);
        impl.subscribed = true;
        impl.changed.notify_all();
    });
    mosquitto_message_callback_set(impl_->client, [](mosquitto*, void* self, const mosquitto_message* m) {
        auto& impl = *static_cast<Impl*>(self);
        const std::lock_guard lock(impl.guard);
        impl.heard.push_back(
            {m->topic, std::string(static_cast<const char*>(m->payload), static_cast<std::size_t>(m->payloadlen)), m->retain});
        impl.changed.notify_all();
    });
    if (mosquitto_connect(impl_->client, "127.0.0.1", port, 20) != MOSQ_ERR_SUCCESS)
        throw std::runtime_error("listener: no broker");
    mosquitto_loop_start(impl_->client);
    std::unique_lock lock(impl_->guard);
    if (!impl_->changed.wait_for(lock, Millis{5'000}, [&] { return impl_->subscribed; }))
        throw std::runtime_error("listener: no answer to the subscription");
}

Listener::~Listener() {
    mosquitto_disconnect(impl_->client);
    mosquitto_loop_stop(impl_->client, true);
    mosquitto_destroy(impl_->client);
}

std::vector<mqtt::Message> Listener::heard() const {
    const std::lock_guard lock(impl_->guard);
    return impl_->heard;
}

std::size_t Listener::count() const {
    const std::lock_guard lock(impl_->guard);
    return impl_->heard.size();
}

void Listener::say(const std::string& topic, const std::string& payload, bool retain) {
    mosquitto_publish(impl_->client, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, retain);
}

bool Listener::wait_for(const std::function<bool(const mqtt::Message&)>& pleases, Millis limit) {
    std::unique_lock lock(impl_->guard);
    return impl_->changed.wait_for(lock, limit, [&] { return std::any_of(impl_->heard.begin(), impl_->heard.end(), pleases); });
}

}  // namespace menshen::test
