#pragma once
/// One client of the control socket. Private to this room: costs an Asio include.

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/control/request.hpp"

namespace menshen::control {

using Socket = boost::asio::local::stream_protocol::socket;

/// What all connections of a server share; never changes.
struct Shared {
    Limits limits;
    std::vector<Verb> verbs;
};

/// Reads a line, runs its verb, writes the answer, and so on. One request at a time, and the next one only when the last answer
/// has been taken: so what a client can make the daemon hold is bounded. Loop thread only.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(boost::asio::io_context& loop, Socket socket, std::shared_ptr<const Shared> shared,
               std::function<void(const Connection&)> on_gone);

    [[nodiscard]] int descriptor() { return socket_.native_handle(); }
    /// Begins to listen to a client that has been identified.
    void start(Peer peer);
    void close();

    // For Reply. `turn` tells the requests of one connection apart.
    void answer(std::uint64_t turn, std::string line);
    [[nodiscard]] bool item(std::uint64_t turn, std::string line);
    [[nodiscard]] bool is_open(std::uint64_t turn) const { return under_way_ && turn == turn_; }
    void when_taken(std::uint64_t turn, std::function<void()> then);

private:
    using Timer = boost::asio::steady_timer;

    [[nodiscard]] bool is_busy() const { return under_way_ || !writing_.empty(); }

    void watch();
    void receive();
    [[nodiscard]] bool take_descriptors(struct msghdr& message);
    void on_end_of_input();
    void next_request();
    void run(std::string_view line);
    void queue(std::string line);
    void write();
    void on_written();
    void tell_taken();
    void give_up(std::string_view why);
    void arm(Timer& timer, Millis wait, void (Connection::*on_due)());
    void on_answer_due();

    Socket socket_;
    Timer wait_;  ///< Idle while nothing is under way, the handler's time while something is.
    Timer write_wait_;
    std::shared_ptr<const Shared> shared_;
    std::function<void(const Connection&)> on_gone_;
    Peer peer_;
    std::string input_;
    std::vector<Descriptor> descriptors_;
    std::string writing_;
    std::size_t written_ = 0;
    std::string waiting_;             ///< To be written after `writing_`.
    std::function<void()> on_taken_;  ///< Of the stream under way.
    std::uint64_t turn_ = 0;
    bool under_way_ = false;
    bool streams_ = false;
    bool watching_ = false;
    bool input_ended_ = false;
    bool closing_ = false;  ///< Close when everything is written.
};

struct Reply::State {
    std::weak_ptr<Connection> connection;
    std::uint64_t turn = 0;
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();
};

}  // namespace menshen::control
