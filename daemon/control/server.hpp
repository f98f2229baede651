#pragma once
/// The local socket through which a person at the gate asks and changes: one JSON object a line, verbs in one table
/// (protocol and verbs: docs/control.md). It knows nothing of doors; the app registers what each verb does.

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "daemon/control/descriptor.hpp"

namespace boost::asio {
class io_context;
}

namespace menshen::control {

/// What a verb does to the gate, and so who may ask for it.
enum class Access : std::uint8_t {
    read,    ///< Groups `menshen` and `menshen-admin`, root, the daemon's own user.
    change,  ///< Group `menshen-admin`, root, the daemon's own user.
};

/// Who is at the other end, as the kernel says (SO_PEERCRED).
struct Peer {
    std::uint32_t uid = 0;
    std::string name;  ///< Empty when the system does not know the uid.
    bool may_read = false;
    bool may_change = false;
    /// "uid 1000 (li)": goes into records as `by`.
    [[nodiscard]] std::string text() const;
};

/// Finds out who holds the other end of a connected socket. Called on a thread of the server's own, since the system's user
/// database may be a slow network away; must not touch the loop's state.
using CredentialLookup = std::function<Result<Peer>(int socket)>;
/// SO_PEERCRED, then the system's group lists. A group that does not exist lets nobody in.
[[nodiscard]] CredentialLookup system_credentials();

enum class Code : std::uint8_t {
    bad_request,  ///< Not understood, or an argument missing or wrong.
    not_found,    ///< Names a door, person, card or alert that is not there.
    forbidden,    ///< This user may not.
    refused,      ///< Understood and turned down: a photograph without a face, an alert that is already closed.
    unavailable,  ///< Cannot be done now: store busy, vision off, daemon stopping.
};
[[nodiscard]] std::string_view to_text(Code code);

/// A file that came with a request: sealed memory, which nobody can change or make slow. Movable.
class Attachment {
public:
    Attachment(std::string name, Descriptor descriptor, std::size_t size);

    [[nodiscard]] const std::string& name() const { return name_; }  ///< As the client calls it, for messages only.
    [[nodiscard]] std::size_t size() const { return size_; }         ///< Bytes, within Limits::attachment.
    /// Copies the bytes. Any thread.
    [[nodiscard]] Result<std::shared_ptr<const std::vector<std::uint8_t>>> read() const;

private:
    std::string name_;
    Descriptor descriptor_;
    std::size_t size_ = 0;
};

struct Request {
    Peer peer;
    std::shared_ptr<const nlohmann::json> args;            ///< An object with the members that Verb::args declares.
    std::shared_ptr<std::vector<Attachment>> attachments;  ///< Never null.
};

/// Answers one request; copies answer the same one. Loop thread only. May be kept and used later; exactly the first `ok` or
/// `fail` counts, and when the last copy goes without one the client is told `unavailable`. Safe after the client or server has
/// gone.
class Reply {
public:
    struct State;
    explicit Reply(std::shared_ptr<State> state);

    void ok(const nlohmann::json& result) const;
    /// As ok(), with the result as JSON text on one line.
    void ok_text(std::string_view json) const;
    void fail(Code code, std::string_view message) const;

    /// One more item of a streaming answer, JSON text without line breaks, before the final ok(). Returns false when the client
    /// has gone or was dropped because it does not read: then stop.
    [[nodiscard]] bool item(std::string_view json) const;
    /// Runs `then` on the loop, later, once the client has taken every item so far: how a long stream keeps no more than a slice
    /// in memory. Never when the client goes before. One at a time; for streams.
    void when_taken(std::function<void()> then) const;
    /// False once answered, or the client has gone.
    [[nodiscard]] bool is_open() const;

private:
    std::shared_ptr<State> state_;
};

/// Runs on the loop and must not block; may answer at once or keep `reply` for later.
using Handler = std::function<void(const Request& request, Reply reply)>;

/// One member of `args`. The server checks it before the handler runs, so that a handler reads its args without looking twice.
struct Arg {
    enum class Type : std::uint8_t { text, count, boolean, texts, object };  ///< `count`: a whole number from 0 to 2^32-1.
    enum class Need : std::uint8_t { required, optional };
    std::string name;
    Type type = Type::text;
    Need need = Need::required;
};

struct Verb {
    enum class Answer : std::uint8_t { one, stream };
    std::string name;  ///< "door.open"
    Access access = Access::read;
    std::vector<Arg> args;
    Answer answer = Answer::one;  ///< `one` must be answered within Limits::answer; `stream` may go on for ever.
    Handler handler;              ///< A verb without one is unknown to the server.
};

/// Every verb of docs/control.md, in one table, with its handler still empty.
[[nodiscard]] std::vector<Verb> verb_table();
/// Gives the verb called `name` its handler; false when the table has none of that name.
[[nodiscard]] bool set_handler(std::vector<Verb>& table, std::string_view name, Handler handler);

/// Every quantity a client can make grow, and every wait.
struct Limits {
    std::size_t clients = 32;
    std::size_t line = 256 * 1024;              ///< Bytes of one request.
    std::size_t attachments = 16;               ///< Files with one request.
    std::size_t attachment = 20 * 1024 * 1024;  ///< Bytes of one file.
    std::size_t unread = 4 * 1024 * 1024;       ///< Bytes of stream a client may leave unread before it is dropped.
    Millis idle{30'000};                        ///< A connection with no request under way, or half of one.
    Millis answer{60'000};                      ///< A handler's time; then the client is told `unavailable`.
    Millis write{10'000};                       ///< A client that takes nothing for that long is dropped.
};

struct Settings {
    std::string path;  ///< Of the socket; its folder must exist.
    Limits limits;
    CredentialLookup lookup = system_credentials();
};

/// Loop thread only. Dropping it closes every connection and removes the socket file.
class Server {
public:
    /// Binds with mode 0660 and group `menshen` when there is one. A socket file left by a dead process is replaced; one that
    /// somebody answers is not, and neither is a file of another kind.
    [[nodiscard]] static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& loop, Settings settings,
                                                                std::vector<Verb> verbs);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::size_t clients() const;

private:
    class Body;
    explicit Server(std::shared_ptr<Body> body);
    std::shared_ptr<Body> body_;
};

}  // namespace menshen::control
