#include "tests/drivers/rtsp_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace menshen::test {

namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;
constexpr const char* kNonce = "5f2d9a7c";
constexpr std::size_t kMostPayload = 1200;

std::string md5(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        std::array<char, 3> byte{};
        std::snprintf(byte.data(), byte.size(), "%02x", digest.at(i));
        hex += byte.data();
    }
    return hex;
}

std::string base64(const std::string& text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

/// What stands between `before` and `after`, or nothing.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const auto at = text.find(before);
    if (at == std::string::npos) return {};
    const auto begin = at + before.size();
    return text.substr(begin, text.find(after, begin) - begin);
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// One connection.
class Session {
public:
    Session(RtspServer& server, const std::atomic<bool>& stopping, int fd) : server_(server), stopping_(stopping), fd_(fd) {}
    ~Session() {
        ::close(fd_);
        if (udp_ >= 0) ::close(udp_);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void run() {
        while (!stopping_ && listen_for_requests() && !(playing_ && !play_one())) {
        }
    }

private:
    bool listen_for_requests();
    bool answer_all();
    bool answer(const std::string& request);
    [[nodiscard]] bool is_welcome(const std::string& request, const Programme& programme) const;
    std::string describe(const Programme& programme) const;
    std::string set_up(const std::string& request);
    bool reply(const std::string& request, const std::string& status, const std::string& rest);

    bool play_one();
    bool send_picture(const Programme& programme);
    bool send_garbage();
    bool send_nal(const Nal& nal, bool is_last);
    bool send_packet(const Bytes& payload, bool is_last);
    bool send_all(const void* data, std::size_t size);

    RtspServer& server_;
    const std::atomic<bool>& stopping_;
    int fd_;
    int udp_ = -1;
    std::string received_;
    bool playing_ = false;
    std::optional<H264Writer> writer_;
    int width_ = 0, height_ = 0;
    int lose_every_ = 0;
    bool is_lost_ = false;
    int pictures_ = 0;
    std::uint16_t sequence_ = 100;
    std::uint32_t timestamp_ = 0;
    Clock::time_point next_ = Clock::now();
};

bool Session::listen_for_requests() {
    const auto wait =
        playing_ ? std::max(Clock::duration(0), next_ - Clock::now()) : Clock::duration(std::chrono::milliseconds(20));
    pollfd one{fd_, POLLIN, 0};
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    if (::poll(&one, 1, static_cast<int>(std::min<long long>(whole, 20))) <= 0) return true;
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(got));
    return answer_all();
}

bool Session::answer_all() {
    const auto programme = server_.programme();
    if (programme.mute) return true;
    if (!programme.raw_answer.empty()) {
        (void)send_all(programme.raw_answer.data(), programme.raw_answer.size());
        return false;
    }
    for (;;) {
        if (!received_.empty() && received_.front() == '$') {  // RTCP of the player, within the connection.
            if (received_.size() < 4) return true;
            const auto size = 4U + static_cast<unsigned char>(received_[2]) * 256U + static_cast<unsigned char>(received_[3]);
            if (received_.size() < size) return true;
            received_.erase(0, size);
            continue;
        }
        const auto end = received_.find("\r\n\r\n");
        if (end == std::string::npos) return true;
        const auto request = received_.substr(0, end + 4);
        received_.erase(0, end + 4);
        if (!answer(request)) return false;
    }
}

bool Session::is_welcome(const std::string& request, const Programme& programme) const {
    if (programme.username.empty()) return true;
    if (!programme.digest)
        return between(request, "Authorization: Basic ", "\r\n") == base64(programme.username + ":" + programme.password);
    const auto method = request.substr(0, request.find(' '));
    const auto uri = between(request, "uri=\"", "\"");
    const auto ha1 = md5(programme.username + ":gate:" + programme.password);
    const auto expected = md5(ha1 + ":" + kNonce + ":" + md5(method + ":" + uri));
    return between(request, "username=\"", "\"") == programme.username && between(request, "response=\"", "\"") == expected;
}

bool Session::answer(const std::string& request) {
    const auto programme = server_.programme();
    if (request.rfind("OPTIONS", 0) == 0 || request.rfind("GET_PARAMETER", 0) == 0)
        return reply(request, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n");
    if (!is_welcome(request, programme)) {
        if (request.find("Authorization: ") != std::string::npos) ++server_.wrong_logins;
        const std::string how =
            programme.digest ? std::string("Digest realm=\"gate\", nonce=\"") + kNonce + "\"" : "Basic realm=\"gate\"";
        return reply(request, "401 Unauthorized", "WWW-Authenticate: " + how + "\r\n");
    }
    if (request.rfind("DESCRIBE", 0) == 0) {
        const auto path = between(request, "127.0.0.1:" + std::to_string(server_.port()), " ");
        if (path != programme.path) return reply(request, "404 Not Found", "");
        const auto text = describe(programme);
        return reply(request, "200 OK",
                     "Content-Type: application/sdp\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
    }
    if (request.rfind("SETUP", 0) == 0) {
        if (request.find("/audio") != std::string::npos) ++server_.audio_setups;
        if (!programme.refuse_setup.empty()) return reply(request, programme.refuse_setup, "");
        return reply(request, "200 OK", "Session: 7;timeout=60\r\n" + set_up(request));
    }
    if (request.rfind("PLAY", 0) == 0) {
        if (request.find("Session: 7") == std::string::npos) return reply(request, "454 Session Not Found", "");
        playing_ = true;
        next_ = Clock::now();
        return reply(request, "200 OK", "Session: 7\r\n");
    }
    if (request.rfind("TEARDOWN", 0) == 0) {
        ++server_.goodbyes;
        (void)reply(request, "200 OK", "Session: 7\r\n");
        return false;
    }
    return reply(request, "501 Not Implemented", "");
}

std::string Session::describe(const Programme& programme) const {
    std::string text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=gate\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n";
    if (programme.media == Programme::Media::h264)
        text += "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:video\r\n";
    if (programme.media == Programme::Media::unknown_codec)
        text += "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H299/90000\r\na=control:video\r\n";
    return text + "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:audio\r\n";
}

std::string Session::set_up(const std::string& request) {
    if (request.find("interleaved") != std::string::npos) return "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    const int port = std::atoi(between(request, "client_port=", "-").c_str());
    udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto own = loopback(0);
    (void)::bind(udp_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    const auto theirs = loopback(static_cast<std::uint16_t>(port));
    (void)::connect(udp_, reinterpret_cast<const sockaddr*>(&theirs), sizeof theirs);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    (void)::getsockname(udp_, reinterpret_cast<sockaddr*>(&bound), &size);
    const int ours = ntohs(bound.sin_port);
    return "Transport: RTP/AVP/UDP;unicast;client_port=" + std::to_string(port) + "-" + std::to_string(port + 1) +
           ";server_port=" + std::to_string(ours) + "-" + std::to_string(ours + 1) + "\r\n";
}

bool Session::reply(const std::string& request, const std::string& status, const std::string& rest) {
    std::string text = "RTSP/1.0 " + status + "\r\nCSeq: " + between(request, "CSeq: ", "\r\n") + "\r\n" + rest;
    if (rest.find("\r\n\r\n") == std::string::npos) text += "\r\n";
    return send_all(text.data(), text.size());
}

bool Session::play_one() {
    if (Clock::now() < next_) return true;
    const auto programme = server_.programme();
    next_ =
        std::max(next_ + std::chrono::microseconds(1'000'000 / programme.pictures_per_s), Clock::now() - std::chrono::seconds(1));
    timestamp_ += 90'000U / static_cast<unsigned>(programme.pictures_per_s);
    static constexpr std::array<char, 300> kNoise{};
    lose_every_ = programme.lose_every;
    switch (programme.play) {
        case Programme::Play::nothing:
            return true;
        case Programme::Play::hang_up:
            return false;
        case Programme::Play::garbage:
            return send_garbage();
        case Programme::Play::noise:
            return send_all(kNoise.data(), kNoise.size()) && send_picture(programme);
        case Programme::Play::only_repeats:
        case Programme::Play::pictures:
            return send_picture(programme);
    }
    return false;
}

bool Session::send_picture(const Programme& programme) {
    const bool is_other = !writer_ || programme.width != width_ || programme.height != height_;
    if (is_other) writer_.emplace(width_ = programme.width, height_ = programme.height);
    const int count = pictures_++ % programme.whole_every;
    is_lost_ = programme.lose_whole && count == 0;
    if (programme.play == Programme::Play::only_repeats)
        return send_nal(writer_->sequence_parameters(), false) && send_nal(writer_->picture_parameters(), false) &&
               send_nal(writer_->repeated(), true);
    if (is_other || count == 0) {
        pictures_ = 1;
        return send_nal(writer_->sequence_parameters(), false) && send_nal(writer_->picture_parameters(), false) &&
               send_nal(writer_->whole(programme.left, programme.right), true);
    }
    return send_nal(count % 2 == 1 ? writer_->repeated_for_itself() : writer_->repeated(), true);
}

bool Session::send_garbage() {
    Nal noise{0x41};
    std::uint32_t state = 2463534242U + sequence_;
    for (int i = 0; i < 400; ++i) {
        state = state * 1664525U + 1013904223U;
        noise.push_back(static_cast<std::uint8_t>(state >> 24));
    }
    return send_nal(noise, true);
}

// RFC 6184 section 5.6 and 5.8: whole, or in parts (FU-A).
bool Session::send_nal(const Nal& nal, bool is_last) {
    if (nal.size() <= kMostPayload) return send_packet(nal, is_last);
    const auto indicator = static_cast<std::uint8_t>((nal[0] & 0xE0) | 28);
    for (std::size_t at = 1; at < nal.size(); at += kMostPayload) {
        const auto end = std::min(at + kMostPayload, nal.size());
        const int start_bit = at == 1 ? 0x80 : 0, end_bit = end == nal.size() ? 0x40 : 0;
        Bytes part{indicator, static_cast<std::uint8_t>(start_bit | end_bit | (nal[0] & 0x1F))};
        part.insert(part.end(), nal.begin() + static_cast<std::ptrdiff_t>(at), nal.begin() + static_cast<std::ptrdiff_t>(end));
        if (!send_packet(part, is_last && end == nal.size())) return false;
    }
    return true;
}

bool Session::send_packet(const Bytes& payload, bool is_last) {
    const auto byte = [](std::uint32_t value, int shift) { return static_cast<std::uint8_t>(value >> shift); };
    Bytes packet{0x80,
                 static_cast<std::uint8_t>(96 | (is_last ? 0x80 : 0)),
                 byte(sequence_, 8),
                 byte(sequence_, 0),
                 byte(timestamp_, 24),
                 byte(timestamp_, 16),
                 byte(timestamp_, 8),
                 byte(timestamp_, 0),
                 0,
                 0,
                 0,
                 9};
    ++sequence_;
    if ((lose_every_ > 0 && sequence_ % lose_every_ == 0) || is_lost_) return true;
    packet.insert(packet.end(), payload.begin(), payload.end());
    if (udp_ >= 0) return ::send(udp_, packet.data(), packet.size(), MSG_NOSIGNAL) >= 0 || errno == ECONNREFUSED;
    const Bytes frame{'$', 0, byte(static_cast<std::uint32_t>(packet.size()), 8),
                      byte(static_cast<std::uint32_t>(packet.size()), 0)};
    return send_all(frame.data(), frame.size()) && send_all(packet.data(), packet.size());
}

bool Session::send_all(const void* data, std::size_t size) {
    const auto* at = static_cast<const char*>(data);
    while (size > 0 && !stopping_) {
        pollfd one{fd_, POLLOUT, 0};
        if (::poll(&one, 1, 50) <= 0) continue;  // A player that reads no more must not hold the server up.
        const ssize_t sent = ::send(fd_, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) continue;
        if (sent <= 0) return false;
        at += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return size == 0;
}

}  // namespace

RtspServer::RtspServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = loopback(0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 16) != 0)
        throw std::runtime_error("no port on loopback");
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size);
    port_ = ntohs(bound.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

RtspServer::~RtspServer() {
    stopping_ = true;
    acceptor_.join();
    for (auto& session : sessions_) session.join();
    ::close(listener_);
}

std::string RtspServer::url() const { return "rtsp://127.0.0.1:" + std::to_string(port_) + "/stream1"; }

void RtspServer::accept_all() {
    while (!stopping_) {
        pollfd one{listener_, POLLIN, 0};
        if (::poll(&one, 1, 20) <= 0) continue;
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        ++connections;
        if (programme().play == Programme::Play::hang_up) {
            ::close(fd);
            continue;
        }
        sessions_.emplace_back([this, fd] { Session(*this, stopping_, fd).run(); });
    }
}

}  // namespace menshen::test
