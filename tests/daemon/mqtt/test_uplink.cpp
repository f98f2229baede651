// The whole room against a real mosquitto, the outbox in memory.
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/daemon/mqtt/gate.hpp"
#include "tests/support/broker.hpp"

extern char** environ;

using namespace menshen;
using namespace menshen::mqtt;
using namespace menshen::test;
using nlohmann::json;

namespace {

const std::string kRoot = "menshen/v1/tianlin-12/east/";

std::vector<std::uint64_t> seqs(const Listener& listener) {
    std::vector<std::uint64_t> out;
    for (const auto& message : listener.heard())
        if (message.topic == kRoot + "records") out.push_back(json::parse(message.payload)["seq"].get<std::uint64_t>());
    return out;
}

bool says_online(const Message& message, bool online) {
    return message.topic == kRoot + "state" && json::parse(message.payload).at("online") == online;
}

std::string confirm(const std::string& epoch, std::uint64_t records, std::uint64_t alerts) {
    return json{{"epoch", epoch}, {"records", records}, {"alerts", alerts}}.dump();
}

/// Greets as a broker and then takes everything without a word.
class DeafBroker {
public:
    DeafBroker() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), length) == 0);
        REQUIRE(::listen(fd_, 4) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~DeafBroker() {
        ::shutdown(fd_, SHUT_RDWR);
        if (thread_.joinable()) thread_.join();
        ::close(fd_);
    }
    DeafBroker(const DeafBroker&) = delete;
    DeafBroker& operator=(const DeafBroker&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// Waits for the end of the connection.
    [[nodiscard]] bool heard_disconnect() {
        thread_.join();
        return last_ == std::string("\xe0\0", 2);
    }

private:
    void serve() {
        const int peer = ::accept(fd_, nullptr, nullptr);
        if (peer < 0) return;
        const unsigned char connack[] = {0x20, 2, 0, 0};
        (void)!::write(peer, connack, sizeof connack);
        char buffer[4096];
        for (ssize_t n = 0; (n = ::read(peer, buffer, sizeof buffer)) > 0;) {
            bytes_ += static_cast<std::size_t>(n);
            last_.append(buffer, static_cast<std::size_t>(n));
            last_.erase(0, last_.size() - std::min<std::size_t>(last_.size(), 2));
        }
        ::close(peer);
    }
    int fd_;
    std::uint16_t port_ = 0;
    std::atomic<std::size_t> bytes_{0};
    std::string last_;  // two bytes
    std::thread thread_;
};

}  // namespace

TEST_CASE("a broker that takes and never acknowledges is given the window and no more", "[mqtt]") {
    DeafBroker broker;
    Gate gate(broker.port());
    gate.start();
    REQUIRE(gate.connects());
    for (int i = 0; i < 3000; ++i) {
        gate.outbox.add_record();
        gate.changed();
    }
    gate.loop.run_for(Millis{1'500});  // three times resend_after
    CHECK(gate.uplink->counts().published == 20);
    CHECK(gate.uplink->counts().in_flight == 20);
    CHECK(broker.bytes() < 20 * 400);
    CHECK(gate.uplink->settled() == Settled::waiting);
    CHECK(gate.stop());
    CHECK_FALSE(broker.heard_disconnect());  // the last word was not taken: the will is to speak
}

TEST_CASE("it works with no broker at all, and stops", "[mqtt]") {
    Gate gate(free_port());
    gate.outbox.add_record();
    gate.start();
    CHECK(gate.uplink->settled() == Settled::unconnected);
    REQUIRE(gate.loop.run_until([&] { return !gate.reasons.empty(); }));
    CHECK(gate.reasons.front().find("Connection refused") != std::string::npos);
    gate.loop.run_for(Millis{300});
    CHECK(gate.reasons.size() == 1);  // the same reason is told once
    CHECK(gate.stop());
}

TEST_CASE("broker delivery: all of it in order, alerts first, then nothing is outstanding", "[mqtt]") {
    const auto protocol = GENERATE(Protocol::v311, Protocol::v5);
    CAPTURE(static_cast<int>(protocol));
    const Broker broker;
    const Listener listener(broker.port(), kRoot + "#");
    Gate gate(broker.port(), protocol, Delivery::broker);
    for (int i = 0; i < 300; ++i) gate.outbox.add_record();
    gate.outbox.add_alert("a1", 1);
    gate.start();
    REQUIRE(gate.settles(Settled::empty));
    REQUIRE(gate.loop.run_until([&] { return seqs(listener).size() == 300; }));
    const auto got = seqs(listener);
    CHECK(std::is_sorted(got.begin(), got.end()));
    CHECK(std::set<std::uint64_t>(got.begin(), got.end()).size() == 300);
    const auto heard = listener.heard();
    CHECK(says_online(heard.at(0), true));
    CHECK(heard.at(1).topic == kRoot + "alerts/grid-3/a1");
    CHECK(heard.at(2).payload == gate.outbox.all_records().at(1));  // byte for byte
}

TEST_CASE("the will: a gate that is killed is said to be offline; one that stops says so itself", "[mqtt]") {
    const Broker broker;
    Listener listener(broker.port(), kRoot + "state");
    const auto program = std::string(MENSHEN_BIN_DIR) + "/menshen_test_gate";
    auto port = std::to_string(broker.port());
    char* argv[] = {const_cast<char*>(program.c_str()), port.data(), nullptr};
    pid_t pid = -1;
    REQUIRE(posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ) == 0);
    CHECK(listener.wait_for([](const Message& m) { return says_online(m, true); }));
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    REQUIRE(listener.wait_for([](const Message& m) { return says_online(m, false); }));
    CHECK(listener.heard().back().payload == R"({"online":false})");
    // Whoever comes later hears it too.
    Listener later(broker.port(), kRoot + "state");
    REQUIRE(later.wait_for([](const Message& m) { return m.retained; }));

    Gate gate(broker.port());
    gate.start();
    REQUIRE(gate.connects());
    REQUIRE(later.wait_for([](const Message& m) { return says_online(m, true); }));
    CHECK(gate.stop());
    const auto said_so = [](const Message& m) { return says_online(m, false) && json::parse(m.payload).contains("outbox"); };
    CHECK(later.wait_for(said_so));
    std::this_thread::sleep_for(Millis{200});
    CHECK(said_so(later.heard().back()));  // and no will after it
}

TEST_CASE("an open alert is retained; when it is over its last state comes and nothing is retained", "[mqtt]") {
    const Broker broker;
    Gate gate(broker.port(), Protocol::v311, Delivery::broker);
    gate.start();
    gate.outbox.add_alert("a1", 1);
    gate.changed();
    REQUIRE(gate.connects());
    REQUIRE(gate.settles(Settled::empty));
    Listener page(broker.port(), kRoot + "alerts/#");
    REQUIRE(page.wait_for([](const Message& m) { return m.retained && json::parse(m.payload)["change"] == 1; }));
    gate.outbox.add_alert("a1", 2, "grid-3", true);
    gate.changed();
    REQUIRE(gate.settles(Settled::empty));
    REQUIRE(page.wait_for([](const Message& m) { return m.payload.empty(); }));
    const auto heard = page.heard();
    REQUIRE(heard.size() == 3);
    CHECK(json::parse(heard[1].payload)["state"] == "resolved");
    const Listener later(broker.port(), kRoot + "alerts/#");
    std::this_thread::sleep_for(Millis{200});
    CHECK(later.count() == 0);
}

TEST_CASE("a broker without a memory of its own retains the open alerts again after a kill", "[mqtt]") {
    Broker broker;
    Gate gate(broker.port(), Protocol::v311, Delivery::broker);
    gate.outbox.add_alert("a1", 1);
    gate.start();
    REQUIRE(gate.connects());
    REQUIRE(gate.settles(Settled::empty));
    broker.kill9();
    broker.start();
    REQUIRE(gate.loop.run_until([&] { return !gate.uplink->connected(); }));
    REQUIRE(gate.connects());
    gate.loop.run_for(Millis{200});
    Listener page(broker.port(), kRoot + "alerts/#");
    CHECK(page.wait_for([](const Message& m) { return m.retained && json::parse(m.payload)["alert"] == "a1"; }));
}

TEST_CASE("platform delivery: rows stay until they are confirmed, and come again", "[mqtt]") {
    const auto protocol = GENERATE(Protocol::v311, Protocol::v5);
    CAPTURE(static_cast<int>(protocol));
    const Broker broker;
    Listener platform(broker.port(), kRoot + "#");
    Gate gate(broker.port(), protocol);
    gate.outbox.add_record();
    gate.outbox.add_record();
    gate.start();
    REQUIRE(gate.loop.run_until([&] { return seqs(platform).size() >= 4; }));  // said twice
    CHECK(gate.outbox.waiting() == 2);
    platform.say(kRoot + "confirm", confirm("0123abcd", 2, 0));
    CHECK(gate.settles(Settled::empty));
    CHECK(gate.outbox.waiting() == 0);
    // The state tells that nothing is left to wait for.
    REQUIRE(gate.loop.run_until([&] {
        const auto heard = platform.heard();
        const auto last = std::find_if(heard.rbegin(), heard.rend(), [](const Message& m) { return m.topic == kRoot + "state"; });
        return last != heard.rend() && json::parse(last->payload)["outbox"]["records_from"] == 3;
    }));
}

TEST_CASE("confirms that are wrong are refused with a reason and delete nothing", "[mqtt]") {
    const Broker broker;
    Listener platform(broker.port(), kRoot + "state");
    Gate gate(broker.port());
    gate.outbox.add_record();
    gate.start();
    REQUIRE(gate.loop.run_until([&] { return platform.count() > 0; }));  // it has subscribed before it said its state
    platform.say(kRoot + "confirm", confirm("ffffffff", 1, 0));
    platform.say(kRoot + "confirm", confirm("0123abcd", 2, 0));
    platform.say(kRoot + "confirm", "{");
    REQUIRE(gate.loop.run_until([&] { return gate.troubles.size() == 3; }));
    CHECK(gate.troubles[0].what == Trouble::What::confirm_refused);
    CHECK(gate.troubles[0].reason == "confirm: epoch ffffffff is not this journal's, 0123abcd");
    CHECK(gate.troubles[1].reason == "confirm: record 2 is beyond the last one, 1");
    CHECK(gate.troubles[2].reason == "confirm: not JSON");
    CHECK(gate.outbox.waiting() == 1);
    CHECK(gate.outbox.releases == 0);
    CHECK(gate.stop());
    // A retained confirm waits at the broker for every gate that comes: refused, although its numbers fit.
    platform.say(kRoot + "confirm", confirm("0123abcd", 1, 0), true);
    std::this_thread::sleep_for(Millis{200});
    Gate again(broker.port());
    again.settings.link.client_id = "another";
    again.outbox.add_record();
    again.start();
    REQUIRE(again.loop.run_until([&] { return !again.troubles.empty(); }));
    CHECK(again.troubles[0].reason.find("retained") != std::string::npos);
    CHECK(again.outbox.waiting() == 1);
}

TEST_CASE("site and gate that would break the topics are refused", "[mqtt]") {
    Gate gate(1883);
    gate.settings.pump.gate = GateId("east/+");
    const auto made = Uplink::start(gate.settings, gate.loop.loop(), gate.outbox, {});
    REQUIRE_FALSE(made);
    CHECK(made.error().message.find("[a-z0-9-]{1,32}") != std::string::npos);
}
