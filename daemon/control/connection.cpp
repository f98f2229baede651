#include "daemon/control/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace menshen::control {

namespace asio = boost::asio;
using boost::system::error_code;

Connection::Connection(asio::io_context& loop, Socket socket, std::shared_ptr<const Shared> shared,
                       std::function<void(const Connection&)> on_gone)
    : socket_(std::move(socket)), wait_(loop), write_wait_(loop), shared_(std::move(shared)), on_gone_(std::move(on_gone)) {}

void Connection::start(Peer peer) {
    peer_ = std::move(peer);
    error_code ignored;
    socket_.native_non_blocking(true, ignored);
    arm(wait_, shared_->limits.idle, &Connection::close);
    watch();
}

void Connection::close() {
    if (!socket_.is_open()) return;
    error_code ignored;
    socket_.close(ignored);
    wait_.cancel();
    write_wait_.cancel();
    under_way_ = false;
    on_taken_ = nullptr;
    descriptors_.clear();
    on_gone_(*this);
}

void Connection::arm(Timer& timer, Millis wait, void (Connection::*on_due)()) {
    timer.expires_after(wait);
    timer.async_wait([self = shared_from_this(), &timer, on_due](error_code error) {
        // A timer that was set anew may still deliver its old expiry.
        if (error || timer.expiry() > std::chrono::steady_clock::now()) return;
        (self.get()->*on_due)();
    });
}

// Readiness and recvmsg rather than Asio's own read: descriptors come only with recvmsg.
void Connection::watch() {
    if (watching_ || input_ended_ || !socket_.is_open()) return;
    watching_ = true;
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
        self->watching_ = false;
        if (error) {
            self->close();
        } else if (self->socket_.is_open()) {
            self->receive();
        }
    });
}

void Connection::receive() {
    // Until the last answer is taken nothing more is taken in: the watch is only there to see the client leave.
    const bool peek = is_busy();
    const int flags = MSG_CMSG_CLOEXEC | MSG_DONTWAIT | (peek ? MSG_PEEK : 0);
    std::array<char, 16 * 1024> bytes;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 16)> extra;
    iovec piece{.iov_base = bytes.data(), .iov_len = peek ? 1 : bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!peek) {
        message.msg_control = extra.data();
        message.msg_controllen = extra.size();
    }
    const auto got = ::recvmsg(socket_.native_handle(), &message, flags);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? watch() : close();
    if (got == 0) return on_end_of_input();
    if (peek) return;  // A request that came early waits in the kernel; reading goes on after the answer.
    if (!take_descriptors(message)) return;
    input_.append(bytes.data(), static_cast<std::size_t>(got));
    next_request();
}

bool Connection::take_descriptors(msghdr& message) {
    for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
            descriptors_.emplace_back(fd);
        }
    }
    const bool cut = (message.msg_flags & MSG_CTRUNC) != 0;
    if (!cut && descriptors_.size() <= shared_->limits.attachments) return true;
    give_up(fmt::format("at most {} attachments", shared_->limits.attachments));
    return false;
}

void Connection::on_end_of_input() {
    input_ended_ = true;
    // Half a goodbye: whoever asked one thing and shut the sending side still wants the answer; whoever follows a stream is gone.
    if (under_way_ && streams_) return close();
    next_request();
}

void Connection::next_request() {
    if (is_busy() || closing_ || !socket_.is_open()) return;
    while (true) {
        const auto end = input_.find('\n');
        if (std::min(end, input_.size()) > shared_->limits.line) {
            return give_up(fmt::format("a request may have {} bytes", shared_->limits.line));
        }
        if (end == std::string::npos) break;
        std::string line = input_.substr(0, end);
        input_.erase(0, end + 1);
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.find_first_not_of(" \t") == std::string::npos) continue;
        return run(line);
    }
    if (input_ended_) return close();
    watch();
}

void Connection::run(std::string_view line) {
    under_way_ = true;
    ++turn_;
    auto call = read_request(line, std::exchange(descriptors_, {}), shared_->verbs, peer_, shared_->limits);
    if (!call) return answer(turn_, fail_line(call.error().code, call.error().message));
    const Verb& verb = *call->verb;
    streams_ = verb.answer == Verb::Answer::stream;
    if (streams_) {
        wait_.cancel();
    } else {
        arm(wait_, shared_->limits.answer, &Connection::on_answer_due);
    }
    watch();
    auto state = std::make_shared<Reply::State>();
    state->connection = weak_from_this();
    state->turn = turn_;
    Reply reply(std::move(state));
    try {
        verb.handler(call->request, reply);
    } catch (const std::exception& error) {
        reply.fail(Code::unavailable, fmt::format("{} failed inside the daemon: {}", verb.name, error.what()));
    }
}

void Connection::on_answer_due() {
    if (under_way_)
        answer(turn_, fail_line(Code::unavailable, fmt::format("no answer in {}", menshen::to_text(shared_->limits.answer))));
}

void Connection::answer(std::uint64_t turn, std::string line) {
    if (!is_open(turn)) return;
    under_way_ = false;
    streams_ = false;
    on_taken_ = nullptr;
    arm(wait_, shared_->limits.idle, &Connection::close);
    queue(std::move(line));
}

bool Connection::item(std::uint64_t turn, std::string line) {
    if (!is_open(turn)) return false;
    if (writing_.size() - written_ + waiting_.size() + line.size() > shared_->limits.unread) {
        close();
        return false;
    }
    queue(std::move(line));
    return true;
}

void Connection::give_up(std::string_view why) {
    closing_ = true;
    input_.clear();
    descriptors_.clear();
    queue(fail_line(Code::bad_request, why));
}

void Connection::queue(std::string line) {
    line += '\n';
    waiting_ += line;
    if (writing_.empty()) write();
}

void Connection::write() {
    if (written_ == writing_.size()) {
        writing_ = std::exchange(waiting_, {});
        written_ = 0;
    }
    if (writing_.empty()) return on_written();
    arm(write_wait_, shared_->limits.write, &Connection::close);
    socket_.async_write_some(asio::buffer(writing_.data() + written_, writing_.size() - written_),
                             [self = shared_from_this()](error_code error, std::size_t count) {
                                 if (error) return self->close();
                                 self->written_ += count;
                                 self->write();
                             });
}

void Connection::on_written() {
    write_wait_.cancel();
    if (closing_) return close();
    tell_taken();
    // Not called here: a buffer full of short requests would nest as deep as it is long.
    if (!under_way_) asio::post(socket_.get_executor(), [self = shared_from_this()] { self->next_request(); });
}

void Connection::when_taken(std::uint64_t turn, std::function<void()> then) {
    if (!is_open(turn)) return;
    on_taken_ = std::move(then);
    if (writing_.empty()) tell_taken();
}

void Connection::tell_taken() {
    if (!on_taken_) return;
    // Posted: whoever asked may still be at work, and what it does next may end in here again.
    asio::post(socket_.get_executor(), [self = shared_from_this(), turn = turn_, then = std::exchange(on_taken_, nullptr)] {
        if (self->is_open(turn)) then();
    });
}

Reply::State::~State() {
    const auto held = connection.lock();
    if (held && held->is_open(turn)) held->answer(turn, fail_line(Code::unavailable, "the daemon gave no answer"));
}

Reply::Reply(std::shared_ptr<State> state) : state_(std::move(state)) {}

void Reply::ok(const nlohmann::json& result) const { ok_text(to_line(result)); }

void Reply::ok_text(std::string_view json) const {
    if (const auto held = state_->connection.lock()) held->answer(state_->turn, ok_line(json));
}

void Reply::fail(Code code, std::string_view message) const {
    if (const auto held = state_->connection.lock()) held->answer(state_->turn, fail_line(code, message));
}

bool Reply::item(std::string_view json) const {
    const auto held = state_->connection.lock();
    return held && held->item(state_->turn, item_line(json));
}

void Reply::when_taken(std::function<void()> then) const {
    if (const auto held = state_->connection.lock()) held->when_taken(state_->turn, std::move(then));
}

bool Reply::is_open() const {
    const auto held = state_->connection.lock();
    return held && held->is_open(state_->turn);
}

}  // namespace menshen::control
