#include "drivers/rtsp_camera/ffmpeg/first_answer.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

namespace menshen::drivers::rtsp_camera {

namespace {

using RealClock = std::chrono::steady_clock;
constexpr auto kLimit = 2s;

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> addresses_of(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int rc = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    if (rc != 0)
        return fail("the name {} is not known ({}); check it, or give the camera's address in url", host, ::gai_strerror(rc));
    return Addresses(list);
}

struct Socket {
    int fd = -1;
    ~Socket() {
        if (fd >= 0) ::close(fd);
    }
};

/// Waits for `events` in slices, so that a stop is heard.
bool wait_for(int fd, short events, const Question& question, RealClock::time_point limit) {
    while (RealClock::now() < limit && !question.is_over()) {
        pollfd one{fd, events, 0};
        if (::poll(&one, 1, 50) > 0) return true;
    }
    return false;
}

std::string words_of(std::string_view answer) {
    if (answer.substr(0, 5) == "RTSP/") return {};
    if (answer.empty())
        return "takes connections but gives no answer: it is no RTSP server, or too busy; RTSP is mostly at port 554";
    if (answer.substr(0, 5) == "HTTP/") return "is a web server, not an RTSP server; RTSP is mostly at port 554";
    if (answer.substr(0, 4) == "SSH-") return "is an SSH server, not an RTSP server; RTSP is mostly at port 554";
    return "does not speak RTSP; check the port, RTSP is mostly at 554";
}

}  // namespace

Result<void> look_up(const std::string& host) {
    auto found = addresses_of(host, "554");
    if (!found) return tl::unexpected(found.error());
    return {};
}

std::string what_listens(const Question& question) {
    const auto limit = RealClock::now() + kLimit;
    const auto addresses = addresses_of(question.host, std::to_string(question.port));
    if (!addresses) return {};
    const addrinfo& first = **addresses;
    const Socket socket{::socket(first.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.fd < 0) return {};
    if (::connect(socket.fd, first.ai_addr, first.ai_addrlen) != 0 && errno != EINPROGRESS) return {};
    if (!wait_for(socket.fd, POLLOUT, question, limit)) return {};
    static constexpr std::string_view kHello = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    if (::send(socket.fd, kHello.data(), kHello.size(), MSG_NOSIGNAL) < 0) return {};
    std::array<char, 16> answer{};
    std::size_t have = 0;
    while (have < answer.size() && wait_for(socket.fd, POLLIN, question, limit)) {
        const ssize_t got = ::recv(socket.fd, answer.data() + have, answer.size() - have, 0);
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    return words_of({answer.data(), have});
}

}  // namespace menshen::drivers::rtsp_camera
