#pragma once
/// Outbox, pump and link put together: what the app constructs. Loop thread only.

#include <functional>
#include <memory>
#include <string>

#include "daemon/mqtt/link.hpp"
#include "daemon/mqtt/outbox.hpp"
#include "daemon/mqtt/pump.hpp"

namespace menshen::mqtt {

struct UplinkSettings {
    LinkSettings link;  ///< client_id and will are filled in from site and gate, and the subscription to `confirm` is added.
    PumpSettings pump;
};

/// How the room reaches the loop.
struct Loop {
    Post post;
    /// Runs a function on the loop after a real wait; never cancelled.
    std::function<void(Millis, std::function<void()>)> post_after;
};

struct UplinkHandlers {
    std::function<void(bool online, const std::string& why)> on_online;  ///< Only when it changes, and when the reason does.
    std::function<void(const Trouble&)> on_trouble;                      ///< confirm_refused is worth a record.
    std::function<void(const Message&)> on_message{};  ///< Of subscriptions that the caller added; never of the gate's own tree.
};

class Uplink {
public:
    /// `source` must outlive the uplink. Works from the start without any broker.
    [[nodiscard]] static Result<std::unique_ptr<Uplink>> start(UplinkSettings settings, Loop loop, OutboxSource& source,
                                                               UplinkHandlers handlers);
    ~Uplink();  ///< stop() was better.

    void outbox_changed(const OutboxHead& head);  ///< After every commit; cheap.
    void set_state(const GateState& state);       ///< Whenever it may have changed; cheap, rate-limited inside.
    [[nodiscard]] Settled settled() const;
    [[nodiscard]] bool connected() const;
    [[nodiscard]] PumpCounts counts() const;

    /// Says online: false and disconnects; when the broker does not acknowledge it, the will says so instead. `done` runs on the
    /// loop within `limit` + 1 s, once.
    void stop(Millis limit, std::function<void()> done);

private:
    struct Impl;
    explicit Uplink(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace menshen::mqtt
