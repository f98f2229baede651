#include "daemon/mqtt/link_thread.hpp"

#include <mqtt_protocol.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace menshen::mqtt {

namespace {

// Messages handed to the loop and not looked at yet. Beyond it the socket is not read, and TCP holds the broker back.
constexpr int kInboundWaiting = 64;

std::string first_line(const std::string& file, bool& ok) {
    std::ifstream in(file);
    std::string line;
    ok = static_cast<bool>(std::getline(in, line));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

// libmosquitto leaves the reason of a failed look-up in errno, as getaddrinfo's code.
std::string why(int rc, int error) {
    if (rc == MOSQ_ERR_EAI) return ::gai_strerror(error);
    if (rc == MOSQ_ERR_ERRNO) return std::strerror(error);
    return mosquitto_strerror(rc);
}

// The connection is going; the next read says so, and the pump begins again.
bool is_lost(int rc) { return rc == MOSQ_ERR_NO_CONN || rc == MOSQ_ERR_CONN_LOST || rc == MOSQ_ERR_ERRNO || rc == MOSQ_ERR_TLS; }

struct Properties {
    mosquitto_property* list = nullptr;
    ~Properties() { mosquitto_property_free_all(&list); }
};

}  // namespace

Link::Shared::~Shared() {
    if (wake >= 0) ::close(wake);
}

void Link::Shared::rouse() const {
    const std::uint64_t one = 1;
    (void)!::write(wake, &one, sizeof one);
}

void Link::Shared::drain_wake() const {
    std::uint64_t count = 0;
    (void)!::read(wake, &count, sizeof count);
}

void Link::Shared::run() {
    retry = settings.retry_min;
    while (!stopping) {
        const auto end = attempt();
        if (stopping) break;
        tell([why = end.reason](Shared& self) {
            self.loop_connection = 0;
            if (self.handlers.on_down) self.handlers.on_down(why);
        });
        wait_before_retry(end);
    }
    const std::lock_guard lock(guard);
    ended = true;
    ended_changed.notify_all();
}

// A new client for every attempt: what an old one had in flight would be sent again beside what the pump sends again.
Link::Shared::End Link::Shared::attempt() {
    ++connection;
    tokens.clear();
    connack.reset();
    if (settings.before_connect) settings.before_connect();
    client = mosquitto_new(settings.client_id.c_str(), /*clean_session=*/false, this);
    if (client == nullptr) return {fmt::format("no MQTT client: {}", std::strerror(errno)), false, {}};
    End end;
    const auto begun = Clock::now();
    if (const auto problem = connect(); !problem.empty())
        end.reason = problem;
    else
        end = serve();
    end.lasted = Clock::now() - begun;
    mosquitto_destroy(client);
    client = nullptr;
    return end;
}

void Link::Shared::set_callbacks() {
    // The v5 forms are called for 3.1.1 too.
    mosquitto_connect_v5_callback_set(client, [](mosquitto*, void* self, int code, int flags, const mosquitto_property*) {
        static_cast<Shared*>(self)->on_connack(code, flags);
    });
    mosquitto_publish_v5_callback_set(client, [](mosquitto*, void* self, int mid, int code, const mosquitto_property*) {
        static_cast<Shared*>(self)->on_puback(mid, code);
    });
    mosquitto_message_callback_set(client, [](mosquitto*, void* self, const mosquitto_message* message) {
        static_cast<Shared*>(self)->on_message(*message);
    });
    mosquitto_subscribe_callback_set(client, [](mosquitto*, void* self, int, int count, const int* granted) {
        for (int i = 0; i < count; ++i)
            if (granted[i] >= 128)
                static_cast<Shared*>(self)->trouble("the broker refuses a subscription: check its access rules");
    });
}

// Returns what went wrong. May block for as long as the resolver and TCP like to.
std::string Link::Shared::connect() {
    const int version = settings.protocol == Protocol::v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311;
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    set_callbacks();
    if (!settings.username.empty()) {
        std::string password;
        if (!settings.password_file.empty()) {
            bool ok = false;
            password = first_line(settings.password_file, ok);
            if (!ok) return fmt::format("password file {} cannot be read or is empty", settings.password_file);
        }
        mosquitto_username_pw_set(client, settings.username.c_str(), password.empty() ? nullptr : password.c_str());
    }
    if (!settings.tls.ca_file.empty()) {
        const auto or_null = [](const std::string& file) { return file.empty() ? nullptr : file.c_str(); };
        const int rc = mosquitto_tls_set(client, settings.tls.ca_file.c_str(), nullptr, or_null(settings.tls.certificate_file),
                                         or_null(settings.tls.key_file), nullptr);
        if (rc != MOSQ_ERR_SUCCESS) return fmt::format("TLS files: {}", why(rc, errno));
    }
    if (!settings.will_topic.empty()) {
        const auto& will = settings.will_payload;
        mosquitto_will_set(client, settings.will_topic.c_str(), static_cast<int>(will.size()), will.data(), 1, true);
    }
    const int keep_alive = static_cast<int>(settings.keep_alive.count());
    Properties properties;
    if (settings.protocol == Protocol::v5)
        mosquitto_property_add_int32(&properties.list, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                     static_cast<std::uint32_t>(settings.session_expiry.count()));
    const int rc = mosquitto_connect_bind_v5(client, settings.host.c_str(), settings.port, keep_alive, nullptr, properties.list);
    const int error = errno;
    if (rc == MOSQ_ERR_SUCCESS) return {};
    return fmt::format("{}:{}: {}", settings.host, settings.port, why(rc, error));
}

Link::Shared::End Link::Shared::serve() {
    const auto give_up_at = Clock::now() + settings.answer_within;
    while (true) {
        if (stopping) {
            flush_goodbye();
            return {"stopped", false, {}};
        }
        if (!connack && Clock::now() >= give_up_at)
            return {fmt::format("{}:{} takes the connection but does not answer in {}", settings.host, settings.port,
                                to_text(settings.answer_within)),
                    false,
                    {}};
        pollfd watched[2] = {{mosquitto_socket(client), 0, 0}, {wake, POLLIN, 0}};
        if (inbound_waiting < kInboundWaiting) watched[0].events |= POLLIN;
        if (mosquitto_want_write(client)) watched[0].events |= POLLOUT;
        ::poll(watched, 2, connack ? 500 : 100);
        if (watched[1].revents != 0) drain_wake();
        if (connack == 0) publish_waiting();
        if (const int rc = read_and_write(watched[0].revents); rc != MOSQ_ERR_SUCCESS) return ended_by(rc, errno);
    }
}

int Link::Shared::read_and_write(short events) {
    // What TLS has already decrypted is in no socket's queue any more.
    auto* tls = static_cast<SSL*>(mosquitto_ssl_get(client));
    const bool decrypted = tls != nullptr && inbound_waiting < kInboundWaiting && SSL_pending(tls) > 0;
    int rc = MOSQ_ERR_SUCCESS;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 || decrypted) rc = mosquitto_loop_read(client, 1);
    if (rc == MOSQ_ERR_SUCCESS && (events & POLLOUT) != 0) rc = mosquitto_loop_write(client, 1);
    if (rc == MOSQ_ERR_SUCCESS) rc = mosquitto_loop_misc(client);
    return rc;
}

Link::Shared::End Link::Shared::ended_by(int rc, int error) const {
    if (!connack) return {fmt::format("{}:{}: {} before it answered", settings.host, settings.port, why(rc, error)), false, {}};
    if (*connack == 0) return {fmt::format("connection lost: {}", why(rc, error)), false, {}};
    const bool v5 = settings.protocol == Protocol::v5;
    const auto* words = v5 ? mosquitto_reason_string(*connack) : mosquitto_connack_string(*connack);
    const bool account = v5 ? (*connack == MQTT_RC_BAD_USERNAME_OR_PASSWORD || *connack == MQTT_RC_NOT_AUTHORIZED)
                            : (*connack == 4 || *connack == 5);
    return {
        fmt::format("the broker refuses this gate: {}{}", words, account ? "; check username and password_file" : ""), true, {}};
}

void Link::Shared::on_connack(int code, int flags) {
    connack = code;
    if (code != 0) return;
    for (const auto& topic : settings.subscriptions) mosquitto_subscribe(client, nullptr, topic.c_str(), 1);
    for (const auto& topic : settings.live_subscriptions) mosquitto_subscribe(client, nullptr, topic.c_str(), 0);
    tell([session = (flags & 1) != 0, number = connection](Shared& self) {
        self.loop_connection = number;
        if (self.handlers.on_up) self.handlers.on_up(session);
    });
}

void Link::Shared::on_puback(int mid, int code) {
    const auto found = tokens.find(mid);
    if (found == tokens.end()) return;
    Ack ack;
    if (code >= 128) {
        ack.answer = code == MQTT_RC_PACKET_TOO_LARGE ? Ack::Answer::too_large : Ack::Answer::refused;
        ack.reason = mosquitto_reason_string(code);
    }
    tell_ack(found->second, std::move(ack));
    tokens.erase(found);
}

void Link::Shared::tell_ack(std::uint64_t token, Ack ack) {
    tell([token, ack = std::move(ack)](Shared& self) {
        if (self.handlers.on_ack) self.handlers.on_ack(token, ack);
    });
}

void Link::Shared::on_message(const mosquitto_message& message) {
    const auto size = static_cast<std::size_t>(message.payloadlen);
    if (size > settings.inbound_limit)
        return trouble(fmt::format("a message of {} bytes on {} is dropped: at most {} are taken", size, message.topic,
                                   settings.inbound_limit));
    Message copy{message.topic, std::string(static_cast<const char*>(message.payload), size), message.retain};
    ++inbound_waiting;
    tell([copy = std::move(copy)](Shared& self) {
        // Reading may have been held back by this very message.
        if (self.inbound_waiting-- == kInboundWaiting) self.rouse();
        if (self.handlers.on_message) self.handlers.on_message(copy);
    });
}

void Link::Shared::publish_waiting() {
    std::deque<Outgoing> batch;
    {
        const std::lock_guard lock(guard);
        batch.swap(outgoing);
    }
    for (const auto& [of, message] : batch) {
        if (of != connection) continue;  // meant for a connection that has gone; the pump sends it again
        int mid = 0;
        const int rc = mosquitto_publish(client, &mid, message.topic.c_str(), static_cast<int>(message.payload.size()),
                                         message.payload.data(), 1, message.retain);
        if (rc == MOSQ_ERR_SUCCESS)
            tokens[mid] = message.token;
        else if (rc == MOSQ_ERR_PAYLOAD_SIZE || rc == MOSQ_ERR_OVERSIZE_PACKET)
            tell_ack(message.token, {Ack::Answer::too_large, mosquitto_strerror(rc)});
        else if (!is_lost(rc))
            tell_ack(message.token, {Ack::Answer::refused, why(rc, errno)});
    }
}

void Link::Shared::flush_goodbye() {
    // What was not acknowledged may be queued inside the library, and a DISCONNECT would overtake it.
    if (connack != 0 || parting == Parting::with_will) return;
    mosquitto_disconnect(client);
    const auto give_up_at = Clock::now() + Millis{500};
    while (mosquitto_want_write(client) && mosquitto_socket(client) >= 0 && Clock::now() < give_up_at) {
        pollfd watched{mosquitto_socket(client), POLLOUT, 0};
        ::poll(&watched, 1, 50);
        if (mosquitto_loop_write(client, 1) != MOSQ_ERR_SUCCESS) return;
    }
}

void Link::Shared::wait_before_retry(const End& end) {
    const bool held = connack == 0 && end.lasted >= std::min<Clock::duration>(Millis{10'000}, settings.retry_max);
    if (held) retry = settings.retry_min;
    // A broker that says no goes on saying no until a person has done something.
    if (end.was_refused) retry = settings.retry_max;
    // Between half and all of it, so that a district's gates do not come back in step.
    const auto jitter = std::uniform_int_distribution<long long>(retry.count() / 2, retry.count())(random);
    const auto until = Clock::now() + Millis{jitter};
    retry = std::min(retry * 2, settings.retry_max);
    while (!stopping && Clock::now() < until) {
        pollfd watched{wake, POLLIN, 0};
        const auto left = std::chrono::duration_cast<Millis>(until - Clock::now()).count() + 1;
        if (::poll(&watched, 1, static_cast<int>(left)) > 0) drain_wake();
    }
}

}  // namespace menshen::mqtt
