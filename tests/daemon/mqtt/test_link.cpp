// The link against real brokers, and against what is no broker.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "daemon/mqtt/link.hpp"
#include "tests/daemon/mqtt/fakes.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::mqtt;
using namespace menshen::test;

namespace {

using Clock = std::chrono::steady_clock;

/// A link and what it told.
struct Told {
    std::vector<std::string> downs;
    std::vector<bool> ups;
    std::vector<std::pair<std::uint64_t, Ack>> acks;
    std::vector<Message> messages;
    std::vector<std::string> troubles;

    LinkHandlers handlers() {
        return {.on_up = [this](bool session) { ups.push_back(session); },
                .on_down = [this](const std::string& why) { downs.push_back(why); },
                .on_ack = [this](std::uint64_t token, const Ack& ack) { acks.emplace_back(token, ack); },
                .on_message = [this](const Message& message) { messages.push_back(message); },
                .on_trouble = [this](const std::string& what) { troubles.push_back(what); }};
    }
};

LinkSettings settings_for(std::uint16_t port) {
    LinkSettings settings;
    settings.host = "127.0.0.1";
    settings.port = port;
    settings.client_id = "menshen-test-east";
    settings.retry_min = Millis{20};
    settings.retry_max = Millis{100};
    return settings;
}

std::unique_ptr<Link> started(LinkSettings settings, TestLoop& loop, Told& told) {
    auto link = Link::start(std::move(settings), loop.loop().post, told.handlers());
    REQUIRE(link);
    return std::move(*link);
}

// Limits are wide: the machine may be busy with a build.
constexpr Millis kSoon{2'500};

Millis time_to_stop(Link& link, Millis limit = Millis{5'000}) {
    const auto begun = Clock::now();
    link.stop(limit, Parting::without_will);
    return std::chrono::duration_cast<Millis>(Clock::now() - begun);
}

/// Takes connections on loopback and says nothing, ever.
class SilentPeer {
public:
    SilentPeer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), length) == 0);
        REQUIRE(::listen(fd_, 16) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port_ = ntohs(address.sin_port);
    }
    ~SilentPeer() { ::close(fd_); }
    SilentPeer(const SilentPeer&) = delete;
    SilentPeer& operator=(const SilentPeer&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    int fd_;
    std::uint16_t port_ = 0;
};

bool run(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

}  // namespace

TEST_CASE("it connects, hears the acknowledgement, and gets what it subscribed to", "[mqtt]") {
    const auto protocol = GENERATE(Protocol::v311, Protocol::v5);
    CAPTURE(static_cast<int>(protocol));
    const Broker broker;
    TestLoop loop;
    Told told;
    auto settings = settings_for(broker.port());
    settings.protocol = protocol;
    settings.subscriptions = {"a/+"};
    settings.inbound_limit = 100;
    const auto link = started(settings, loop, told);
    REQUIRE(loop.run_until([&] { return told.ups.size() == 1; }));
    link->publish({7, "a/b", "hello", false});
    link->publish({8, "a/c", std::string(101, 'x'), false});
    REQUIRE(loop.run_until([&] { return told.acks.size() == 2 && told.messages.size() == 1 && !told.troubles.empty(); }));
    CHECK(told.acks[0].first == 7);
    CHECK(told.acks[0].second.answer == Ack::Answer::accepted);
    CHECK(told.messages[0].payload == "hello");
    CHECK(told.troubles[0].find("101 bytes on a/c is dropped") != std::string::npos);
    CHECK(time_to_stop(*link) < kSoon);
}

TEST_CASE("no broker at boot, then there is one; killed, and back; the session is known again", "[mqtt]") {
    Broker broker({.persistence = true});
    broker.kill9();
    TestLoop loop;
    Told told;
    const auto link = started(settings_for(broker.port()), loop, told);
    REQUIRE(loop.run_until([&] { return told.downs.size() >= 3; }));
    CHECK(told.downs[0].find("Connection refused") != std::string::npos);
    CHECK(told.ups.empty());
    broker.start();
    REQUIRE(loop.run_until([&] { return told.ups.size() == 1; }));
    const auto before = told.downs.size();
    broker.terminate();
    REQUIRE(loop.run_until([&] { return told.downs.size() > before; }));
    broker.start();
    REQUIRE(loop.run_until([&] { return told.ups.size() == 2; }));
    CHECK_FALSE(told.ups[0]);
    CHECK(told.ups[1]);
    link->publish({1, "a", "b", false});
    CHECK(loop.run_until([&] { return told.acks.size() == 1; }));
}

TEST_CASE("a peer that takes the connection and never answers", "[mqtt]") {
    const SilentPeer peer;
    TestLoop loop;
    Told told;
    auto settings = settings_for(peer.port());
    settings.answer_within = Millis{300};
    const auto link = started(settings, loop, told);
    REQUIRE(loop.run_until([&] { return told.downs.size() >= 2; }));
    CHECK(told.downs[0].find("takes the connection but does not answer in 300ms") != std::string::npos);
    CHECK(time_to_stop(*link) < kSoon);
}

TEST_CASE("a resolver that hangs holds up neither the loop nor the stop", "[mqtt]") {
    std::atomic<bool> release{false};
    std::atomic<int> caught{0};
    auto settings = settings_for(1);
    settings.before_connect = [&] {
        ++caught;
        while (!release) std::this_thread::sleep_for(Millis{5});
        --caught;
    };
    {
        TestLoop loop;
        Told told;
        const auto link = started(settings, loop, told);
        int posted = 0;
        for (int i = 0; i < 10; ++i) loop.loop().post([&] { ++posted; });
        REQUIRE(loop.run_until([&] { return posted == 10 && caught == 1; }));
        link->publish({1, "a", "b", false});
        CHECK(time_to_stop(*link, Millis{300}) < kSoon);
        loop.run_for(Millis{50});
        CHECK(told.downs.empty());
    }
    // The thread left behind wakes when loop, handlers and link are gone, and touches none of them.
    release = true;
    for (int i = 0; i < 200 && caught > 0; ++i) std::this_thread::sleep_for(Millis{5});
    CHECK(caught == 0);
    std::this_thread::sleep_for(Millis{100});
}

// Run again by the test below, in a namespace where the only name server is a UDP port that never answers.
TEST_CASE("behind a silent name server", "[.silent-resolver]") {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(53);
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    TestLoop loop;
    Told told;
    auto settings = settings_for(1883);
    settings.host = "broker.district.example";
    const auto link = started(settings, loop, told);
    timeval wait{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    char question[512];
    REQUIRE(::recv(fd, question, sizeof question, 0) > 0);  // the resolver did ask us
    int posted = 0;
    loop.loop().post([&] { ++posted; });
    CHECK(loop.run_until([&] { return posted == 1; }, kSoon));
    CHECK(time_to_stop(*link, Millis{300}) < kSoon);
    ::close(fd);
    ::_exit(told.downs.empty() ? 0 : 1);  // the thread is still in the resolver
}

TEST_CASE("a name server that does not answer", "[mqtt]") {
    const TempFolder folder;
    const auto config = (folder.path() / "resolv.conf").string();
    std::ofstream(config) << "nameserver 127.0.0.1\n";
    const auto in_namespace = [&](const std::string& command) {
        return "unshare --mount --net sh -c 'mount --bind " + config + " /etc/resolv.conf && " + command + "'";
    };
    if (!run(in_namespace("true"))) {
        WARN("not allowed to make a namespace here; the hanging resolver is covered by the test before");
        return;
    }
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    // Loopback of a new namespace is down; without iproute2 it is brought up by the ioctl of busybox or ip.
    CHECK(
        run(in_namespace("(ip link set lo up || ifconfig lo up || python3 -c \"import fcntl,socket,struct;"
                         "s=socket.socket();fcntl.ioctl(s,0x8914,struct.pack(\\\"16sh14x\\\",b\\\"lo\\\",0x49))\") && exec " +
                         self + " \"behind a silent name server\"")));
}

TEST_CASE("the will is said when the connection is closed without a goodbye, and only then", "[mqtt]") {
    const auto protocol = GENERATE(Protocol::v311, Protocol::v5);
    const auto parting = GENERATE(Parting::without_will, Parting::with_will);
    CAPTURE(static_cast<int>(protocol), static_cast<int>(parting));
    const Broker broker;
    Listener listener(broker.port(), "will");
    TestLoop loop;
    Told told;
    auto settings = settings_for(broker.port());
    settings.protocol = protocol;
    settings.will_topic = "will";
    settings.will_payload = "gone";
    const auto link = started(settings, loop, told);
    REQUIRE(loop.run_until([&] { return told.ups.size() == 1; }));
    link->stop(Millis{5'000}, parting);
    const bool spoke = listener.wait_for([](const Message& m) { return m.payload == "gone"; },
                                         parting == Parting::with_will ? Millis{10'000} : Millis{300});
    CHECK(spoke == (parting == Parting::with_will));
}

TEST_CASE("a wrong password is said in words and tried again slowly", "[mqtt]") {
    const auto protocol = GENERATE(Protocol::v311, Protocol::v5);
    const TempFolder folder;
    const auto file = (folder.path() / "password").string();
    std::ofstream(file) << "wrong\n";
    const Broker broker({.user = "east", .password = "right"});
    TestLoop loop;
    Told told;
    auto settings = settings_for(broker.port());
    settings.protocol = protocol;
    settings.username = "east";
    settings.password_file = file;
    settings.retry_max = Millis{4'000};
    const auto link = started(settings, loop, told);
    REQUIRE(loop.run_until([&] { return told.downs.size() == 1; }));
    CHECK(told.downs[0].find("the broker refuses this gate") != std::string::npos);
    CHECK(told.downs[0].find("check username and password_file") != std::string::npos);
    loop.run_for(Millis{400});  // retry_min would have been 20 ms
    CHECK(told.downs.size() == 1);
    std::ofstream(file) << "right\n";
    CHECK(loop.run_until([&] { return told.ups.size() == 1; }));
}

TEST_CASE("a payload beyond what the broker takes is answered, not swallowed", "[mqtt]") {
    const Broker broker({.more = "message_size_limit 1000"});
    TestLoop loop;
    Told told;
    auto settings = settings_for(broker.port());
    settings.protocol = Protocol::v5;
    const auto link = started(settings, loop, told);
    REQUIRE(loop.run_until([&] { return told.ups.size() == 1; }));
    link->publish({1, "a", std::string(1001, 'x'), false});
    link->publish({2, "a", "small", false});
    REQUIRE(loop.run_until([&] { return told.acks.size() == 2; }));
    CHECK(told.acks[0].second.answer == Ack::Answer::too_large);
    CHECK(told.acks[1].second.answer == Ack::Answer::accepted);
}

TEST_CASE("a broker's limit on packets is kept without losing the connection", "[mqtt]") {
    const Broker broker({.more = "max_packet_size 2000"});
    TestLoop loop;
    Told told;
    auto settings = settings_for(broker.port());
    settings.protocol = Protocol::v5;
    const auto link = started(settings, loop, told);
    REQUIRE(loop.run_until([&] { return told.ups.size() == 1; }));
    link->publish({1, "a", std::string(2001, 'x'), false});
    link->publish({2, "a", "small", false});
    REQUIRE(loop.run_until([&] { return told.acks.size() == 2; }));
    CHECK(told.acks[0].first == 1);
    CHECK(told.acks[0].second.answer == Ack::Answer::too_large);
    CHECK(told.downs.empty());
}

TEST_CASE("with TLS and a client certificate; not with a certificate of somebody else", "[mqtt]") {
    const TempFolder folder;
    const auto at = folder.path().string() + "/";
    const auto key = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
    const auto certificate = [&](const std::string& name, const std::string& subject, const std::string& more) {
        return run(key + std::string("-keyout ") + at + name + ".key -subj /CN=" + subject + " -out " + at + name + ".csr") &&
               run("openssl x509 -req -days 2 -in " + at + name + ".csr -out " + at + name + ".pem " + more);
    };
    const auto by_ca = "-CA " + at + "ca.pem -CAkey " + at + "ca.key -CAcreateserial";
    if (!run(key + std::string("-x509 -days 2 -subj /CN=district -keyout ") + at + "ca.key -out " + at + "ca.pem")) {
        WARN("no openssl command here");
        return;
    }
    std::ofstream(at + "names") << "subjectAltName=IP:127.0.0.1\n";
    REQUIRE(certificate("server", "127.0.0.1", by_ca + " -extfile " + at + "names"));
    REQUIRE(certificate("east", "east", by_ca));
    REQUIRE(certificate("stray", "stray", "-signkey " + at + "stray.key"));
    const Broker broker({.tls_folder = folder.path().string()});
    TestLoop loop;
    auto settings = settings_for(broker.port());
    settings.tls = {at + "ca.pem", at + "stray.pem", at + "stray.key"};
    {
        Told told;
        const auto link = started(settings, loop, told);
        CHECK(loop.run_until([&] { return told.downs.size() >= 2; }));
        CHECK(told.ups.empty());
    }
    settings.tls = {at + "ca.pem", at + "east.pem", at + "east.key"};
    settings.subscriptions = {"echo"};
    Told told;
    const auto link = started(settings, loop, told);
    REQUIRE(loop.run_until([&] { return told.ups.size() == 1; }));
    for (std::uint64_t i = 1; i <= 10; ++i) link->publish({i, "echo", std::string(10'000, 'x'), false});
    CHECK(loop.run_until([&] { return told.acks.size() == 10 && told.messages.size() == 10; }));
}

TEST_CASE("settings that can never work are refused at the start", "[mqtt]") {
    TestLoop loop;
    Told told;
    const auto complaint = [&](auto change) {
        auto settings = settings_for(1883);
        change(settings);
        const auto link = Link::start(settings, loop.loop().post, told.handlers());
        return link ? std::string("started") : link.error().message;
    };
    CHECK(complaint([](LinkSettings& s) { s.host.clear(); }) == "mqtt: no host");
    CHECK(complaint([](LinkSettings& s) { s.password_file = "/no/such"; }) ==
          "mqtt: /no/such cannot be read: No such file or directory");
    CHECK(complaint([](LinkSettings& s) { s.tls.certificate_file = "/etc/hostname"; }).find("needs its key") !=
          std::string::npos);
}
