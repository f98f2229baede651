#pragma once
/// The thread behind a Link. Internal to the room: it alone knows libmosquitto.

#include <mosquitto.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "daemon/mqtt/link.hpp"

namespace menshen::mqtt {

/// Everything the thread touches; it holds a share of it, so that it may outlive the Link.
struct Link::Shared : std::enable_shared_from_this<Link::Shared> {
    using Clock = std::chrono::steady_clock;

    Shared(LinkSettings s, Post p, LinkHandlers h) : settings(std::move(s)), post(std::move(p)), handlers(std::move(h)) {}
    ~Shared();

    struct Outgoing {
        std::uint64_t connection = 0;
        Publish message;
    };
    /// How one connection ended.
    struct End {
        std::string reason;
        bool was_refused = false;
        Clock::duration lasted{};
    };

    void run();
    End attempt();
    std::string connect();
    End serve();
    void set_callbacks();
    End ended_by(int rc, int error) const;
    void on_connack(int code, int flags);
    void on_puback(int mid, int code);
    void on_message(const mosquitto_message& message);
    void tell_ack(std::uint64_t token, Ack ack);
    void publish_waiting();
    void flush_goodbye();
    int read_and_write(short events);
    void wait_before_retry(const End& end);
    void rouse() const;
    void drain_wake() const;
    /// Posts a handler call, unless the link was stopped: then nothing of the caller's is touched any more.
    template <class F>
    void tell(F call) {
        const std::lock_guard lock(posting);
        if (silent) return;
        post([self = shared_from_this(), call = std::move(call)] {
            if (!self->silent) call(*self);
        });
    }
    void trouble(std::string what) {
        tell([what = std::move(what)](Shared& self) {
            if (self.handlers.on_trouble) self.handlers.on_trouble(what);
        });
    }

    const LinkSettings settings;
    const Post post;
    const LinkHandlers handlers;
    int wake = -1;
    std::thread thread;
    std::atomic<bool> stopping{false};
    std::atomic<Parting> parting{Parting::with_will};  // set before `stopping`
    std::atomic<int> inbound_waiting{0};

    std::mutex posting;
    std::atomic<bool> silent{false};

    std::mutex guard;
    std::condition_variable ended_changed;
    bool ended = false;
    std::deque<Outgoing> outgoing;

    std::uint64_t loop_connection = 0;  // loop thread: the connection it knows of

    // The link's thread only.
    mosquitto* client = nullptr;
    std::uint64_t connection = 0;
    std::map<int, std::uint64_t> tokens;
    std::optional<int> connack;
    Millis retry{};
    std::minstd_rand random{std::random_device{}()};
};

}  // namespace menshen::mqtt
