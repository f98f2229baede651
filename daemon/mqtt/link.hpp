#pragma once
/// One connection to the broker, kept for ever: libmosquitto on a thread of its own. Resolving a name and connecting may block
/// for minutes; only that thread notices. Every callback of this room runs through `Post`.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "daemon/mqtt/pump.hpp"

namespace menshen::mqtt {

/// Runs a function on the loop, soon, in order; may be called from any thread and never blocks.
using Post = std::function<void(std::function<void()>)>;

/// How a connection is closed.
enum class Parting : unsigned char {
    without_will,  ///< DISCONNECT: whoever calls has said all that is to be said, and the broker has acknowledged it.
    with_will,     ///< Just closed: the broker says the will.
};

enum class Protocol : unsigned char { v311, v5 };

struct TlsSettings {
    std::string ca_file;           ///< Empty: no TLS.
    std::string certificate_file;  ///< Client certificate, with its key; both or neither.
    std::string key_file;
};

struct LinkSettings {
    std::string host;
    std::uint16_t port = 1883;
    Protocol protocol = Protocol::v311;
    std::string client_id;
    std::string username;
    std::string password_file;  ///< Its first line. Read at each connect, so that a new password needs no restart.
    TlsSettings tls;
    std::chrono::seconds keep_alive{20};
    Millis retry_min{1'000};
    Millis retry_max{60'000};
    Millis answer_within{10'000};                        ///< From TCP connect to CONNACK.
    std::chrono::seconds session_expiry{7 * 24 * 3600};  ///< MQTT 5.
    std::string will_topic;                              ///< Retained, QoS 1.
    std::string will_payload;
    std::vector<std::string> subscriptions;  ///< QoS 1; renewed at every connect.
    /// QoS 0: what only says that something is so just now, and must not be kept for us while we are away.
    std::vector<std::string> live_subscriptions;
    std::size_t inbound_limit = 256 * 1024;  ///< A larger message is dropped and reported.
    /// Runs on the link's thread before each attempt. For tests: a resolver that does not answer.
    std::function<void()> before_connect;
};

struct Message {
    std::string topic;
    std::string payload;
    bool retained = false;
};

/// All run on the loop. `on_down` comes once after each `on_up`, and once for each attempt that failed.
struct LinkHandlers {
    std::function<void(bool session_present)> on_up;
    std::function<void(const std::string& why)> on_down;
    std::function<void(std::uint64_t token, const Ack&)> on_ack;
    std::function<void(const Message&)> on_message;
    /// The broker refuses a subscription, a message was too large, ...: in words.
    std::function<void(const std::string& what)> on_trouble;
};

class Link {
public:
    /// Starts the thread. Fails on settings that can never work: no host, a file that cannot be read, half a client certificate.
    [[nodiscard]] static Result<std::unique_ptr<Link>> start(LinkSettings settings, Post post, LinkHandlers handlers);
    ~Link();  ///< stop(2 s, with_will)
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Loop thread. Queued for the link's thread; dropped silently when there is no connection (on_down tells). The caller bounds
    /// what it hands over by waiting for on_ack.
    void publish(Publish message);
    /// Closes the connection and ends the thread. A thread caught in the resolver is left behind after `limit`: it
    /// touches nothing of the caller's and ends by itself. No handler runs afterwards. Idempotent.
    void stop(Millis limit, Parting parting);

private:
    struct Shared;
    explicit Link(std::shared_ptr<Shared> shared);
    std::shared_ptr<Shared> shared_;
};

}  // namespace menshen::mqtt
