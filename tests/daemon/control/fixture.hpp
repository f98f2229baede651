#pragma once
/// A server on a real socket with a loop of its own, and a client that can misbehave.

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "daemon/control/client.hpp"
#include "daemon/control/server.hpp"
#include "tests/support/catch.hpp"

namespace menshen::control {

using nlohmann::json;

/// A folder that goes away.
class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "menshen-control-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// What a test plays: the peer, limits, handlers.
struct Setting {
    Peer peer{.uid = 1000, .name = "li", .may_read = true, .may_change = true};
    Limits limits;
    std::vector<Verb> verbs;
};

class Stand {
public:
    explicit Stand(Setting setting) : guard_(loop_.get_executor()) {
        Settings settings{.path = folder_.file("control.sock"),
                          .limits = setting.limits,
                          .lookup = [peer = setting.peer](int) -> Result<Peer> { return peer; }};
        auto server = Server::listen(loop_, std::move(settings), std::move(setting.verbs));
        REQUIRE(server);
        server_ = std::move(*server);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Stand() {
        on_loop([this] { server_.reset(); });
        guard_.reset();
        thread_.join();
    }

    [[nodiscard]] std::string path() const { return folder_.file("control.sock"); }

    /// Runs something on the loop and waits for it.
    template <class F>
    void on_loop(F f) {
        std::promise<void> done;
        boost::asio::post(loop_, [&] {
            f();
            done.set_value();
        });
        done.get_future().wait();
    }

    [[nodiscard]] std::size_t clients() {
        std::size_t count = 0;
        on_loop([&] { count = server_->clients(); });
        return count;
    }

    [[nodiscard]] bool wait_for_clients(std::size_t count) {
        for (int i = 0; i < 500; ++i) {
            if (clients() == count) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }

private:
    Folder folder_;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

/// A client that says exactly what it is told to.
class RawClient {
public:
    explicit RawClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }

    /// How many bytes were taken before the server hung up.
    std::size_t send(std::string_view bytes) {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const auto count = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) break;
            sent += static_cast<std::size_t>(count);
        }
        return sent;
    }

    void shut_writing() { ::shutdown(fd_.get(), SHUT_WR); }

    /// The next line; nothing when the server hung up, or is silent for five seconds.
    std::optional<json> line() {
        while (input_.find('\n') == std::string::npos) {
            pollfd watched{.fd = fd_.get(), .events = POLLIN, .revents = 0};
            if (::poll(&watched, 1, 5000) <= 0) return std::nullopt;
            char piece[4096];
            const auto got = ::recv(fd_.get(), piece, sizeof piece, 0);
            if (got <= 0) return std::nullopt;
            input_.append(piece, static_cast<std::size_t>(got));
        }
        const auto end = input_.find('\n');
        auto parsed = json::parse(input_.substr(0, end), nullptr, false);
        input_.erase(0, end + 1);
        return parsed;
    }

    /// True when the server closes the connection within five seconds.
    [[nodiscard]] bool is_closed() {
        while (true) {
            pollfd watched{.fd = fd_.get(), .events = POLLIN, .revents = 0};
            if (::poll(&watched, 1, 5000) <= 0) return false;
            char piece[4096];
            if (::recv(fd_.get(), piece, sizeof piece, 0) <= 0) return true;
        }
    }

    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    Descriptor fd_;
    std::string input_;
};

inline Verb verb(std::string name, Access access, Handler handler, Verb::Answer answer = Verb::Answer::one) {
    return {.name = std::move(name), .access = access, .args = {}, .answer = answer, .handler = std::move(handler)};
}

/// `echo` answers with who asked.
inline Verb echo() {
    return verb("echo", Access::read, [](const Request& request, const Reply& reply) {
        reply.ok({{"by", request.peer.text()}});
    });
}

}  // namespace menshen::control
