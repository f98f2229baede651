#pragma once
/// The stage (design: "Time"): a socket through which a play moves event time and says what simulated devices saw. Time moves to
/// the next deadline only when store, vision and outbox have answered, so a week fits into a minute and nothing is skipped. For
/// demos and tests; the daemon refuses it under systemd. The protocol is in docs/stage.md.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"
#include "drivers/sink.hpp"

namespace menshen::stage {

/// What the stage moves. Loop thread only.
class Scene {
public:
    virtual ~Scene() = default;
    [[nodiscard]] virtual Now now() const = 0;
    /// The moment of `wall` in this boot's mono time.
    [[nodiscard]] virtual MonoTime mono_at(WallTime wall) const = 0;
    virtual void move_to(MonoTime at) = 0;
    /// Handles what is due by now().
    virtual void run_due() = 0;
    [[nodiscard]] virtual std::optional<MonoTime> next_deadline() = 0;
    /// Empty when everything has answered, else what has not: "store", "vision", "outbox".
    [[nodiscard]] virtual std::string unsettled() const = 0;
    /// "empty", "unconnected" or "off".
    [[nodiscard]] virtual std::string outbox() const = 0;
    /// The line that this simulated device reports, if it is one.
    [[nodiscard]] virtual std::optional<Line> line_of(const DeviceId& device) const = 0;
    [[nodiscard]] virtual Result<void> inject(const drivers::Injection& injection) = 0;
    /// JSON object: what every output was last told.
    [[nodiscard]] virtual std::string outputs() const = 0;
};

/// Loop thread only. One player at a time; dropping the server removes the socket file.
class Server {
public:
    [[nodiscard]] static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& loop, const std::string& path,
                                                                Scene& scene);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

private:
    class Body;
    explicit Server(std::shared_ptr<Body> body);
    std::shared_ptr<Body> body_;
};

}  // namespace menshen::stage
