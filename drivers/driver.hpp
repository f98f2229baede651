#pragma once
/// How a driver is written. Seen by drivers/ only: it costs an Asio include. The composition root uses supervisor.hpp.

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/command.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "drivers/settings.hpp"
#include "drivers/sink.hpp"
#include "drivers/supervisor.hpp"

namespace menshen::drivers {

/// What the supervisor gives to a running device. Loop thread only.
class DeviceHost {
public:
    virtual ~DeviceHost() = default;
    [[nodiscard]] virtual EventSink& sink() = 0;
    /// Event time. For waits on the outside use real timers.
    [[nodiscard]] virtual Now now() const = 0;
    /// The device answers. Call it once in each run, before the first event; then report every line the device has. The lock
    /// state asked for is applied from within.
    virtual void online() = 0;
    /// Ends this run from outside of run(), with this reason: run() is cancelled.
    virtual void fail(Error why) = 0;
};

/// One device. Loop thread only; nothing in it may block: slow work goes to a thread of the driver, which posts back.
class Device {
public:
    virtual ~Device() = default;

    /// Opens the device and serves it. Ends only by failing (the text says what and, if possible, the remedy) or by cancellation,
    /// after which its result does not matter. Whatever it opened is closed when it ends: it will be run again. It may throw;
    /// that counts as failing.
    [[nodiscard]] virtual boost::asio::awaitable<Error> run(DeviceHost& host) = 0;

    /// Runs a command; called only while online. Idempotent for SetLock. A command the device has no use for is ignored.
    virtual void apply(const Command& command) = 0;

    /// The stage says what happened; simulated devices only.
    virtual Result<void> inject(const Injection& injection) {
        return fail("{}: this device is real; nothing can be injected", injection.device.str());
    }

    [[nodiscard]] virtual Outputs outputs() const { return {}; }
    /// What it has counted since it was built.
    [[nodiscard]] virtual std::map<std::string, std::uint64_t> counters() const { return {}; }
};

/// A row of the one table of drivers.
struct DriverEntry {
    std::string_view name;
    /// Fails when `settings.settings` is not of this driver's type.
    Result<std::unique_ptr<Device>> (*build)(const DeviceSettings& settings);
};

/// Every driver, sorted by name: the same names as driver_names(), which a test holds.
[[nodiscard]] std::span<const DriverEntry> driver_table();

}  // namespace menshen::drivers
