#include "daemon/control/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <set>

#include "daemon/control/connection.hpp"
#include "daemon/control/socket_file.hpp"

namespace menshen::control {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::local::stream_protocol;

class Server::Body : public std::enable_shared_from_this<Server::Body> {
public:
    Body(asio::io_context& loop, Settings settings, std::vector<Verb> verbs)
        : loop_(loop), acceptor_(loop), pause_(loop), settings_(std::move(settings)) {
        Shared shared{.limits = settings_.limits, .verbs = std::move(verbs)};
        shared_ = std::make_shared<const Shared>(std::move(shared));
    }

    Result<void> open() {
        auto socket = listen_at(settings_.path);
        if (!socket) return tl::unexpected(socket.error());
        struct stat info {};
        if (::stat(settings_.path.c_str(), &info) == 0) inode_ = info.st_ino;
        error_code error;
        acceptor_.assign(Protocol(), socket->get(), error);
        if (error) return fail("{}: {}", settings_.path, error.message());
        std::ignore = socket->release();
        accept();
        return {};
    }

    void close() {
        closed_ = true;
        error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
        remove_file();
        // Before the sockets close, which a look-up may be using.
        look_ups_.stop();
        look_ups_.join();
        const auto leaving = connections_;
        for (const auto& connection : leaving) connection->close();
    }

    [[nodiscard]] std::size_t clients() const { return connections_.size(); }

private:
    void accept() {
        acceptor_.async_accept([self = shared_from_this()](error_code error, Socket socket) {
            if (self->closed_) return;
            if (!error) {
                self->greet(std::move(socket));
                self->accept();
            } else if (error != asio::error::operation_aborted) {
                self->accept_later();
            }
        });
    }

    // Out of descriptors, most likely: accept would fail again at once and spin the loop.
    void accept_later() {
        pause_.expires_after(std::chrono::seconds(1));
        pause_.async_wait([self = shared_from_this()](error_code error) {
            if (!error && !self->closed_) self->accept();
        });
    }

    void greet(Socket socket) {
        if (connections_.size() >= settings_.limits.clients) {
            // A fresh socket has room for one short line; whether it arrives is the client's luck.
            const auto line =
                fail_line(Code::unavailable, fmt::format("{} clients are connected already", connections_.size())) + "\n";
            std::ignore = ::send(socket.native_handle(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            return;
        }
        const auto connection =
            std::make_shared<Connection>(loop_, std::move(socket), shared_, [self = weak_from_this()](const Connection& gone) {
                if (const auto body = self.lock()) body->forget(gone);
            });
        connections_.insert(connection);
        identify(connection);
    }

    // Off the loop: a user database on a dead network answers after many seconds.
    void identify(const std::shared_ptr<Connection>& connection) {
        asio::post(look_ups_, [self = shared_from_this(), connection] {
            auto peer = self->settings_.lookup(connection->descriptor());
            asio::post(self->loop_, [self, connection, peer = std::move(peer)] {
                if (self->closed_) return;
                if (peer) {
                    connection->start(*peer);
                } else {
                    connection->close();
                }
            });
        });
    }

    void forget(const Connection& gone) {
        std::erase_if(connections_, [&](const auto& connection) { return connection.get() == &gone; });
    }

    /// Another daemon may have put its own socket there since.
    void remove_file() {
        struct stat info {};
        if (inode_ != 0 && ::stat(settings_.path.c_str(), &info) == 0 && info.st_ino == inode_) ::unlink(settings_.path.c_str());
        inode_ = 0;
    }

    asio::io_context& loop_;
    Protocol::acceptor acceptor_;
    asio::steady_timer pause_;
    Settings settings_;
    std::shared_ptr<const Shared> shared_;
    std::set<std::shared_ptr<Connection>> connections_;
    asio::thread_pool look_ups_{1};
    ino_t inode_ = 0;
    bool closed_ = false;
};

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& loop, Settings settings, std::vector<Verb> verbs) {
    auto body = std::make_shared<Body>(loop, std::move(settings), std::move(verbs));
    if (auto opened = body->open(); !opened) {
        body->close();
        return tl::unexpected(opened.error());
    }
    return std::unique_ptr<Server>(new Server(std::move(body)));
}

Server::Server(std::shared_ptr<Body> body) : body_(std::move(body)) {}

Server::~Server() { body_->close(); }

std::size_t Server::clients() const { return body_->clients(); }

}  // namespace menshen::control
