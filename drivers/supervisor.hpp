#pragma once
/// Runs the devices: a driver may fail, the daemon may not. This is the face of drivers/ for the composition root; no Asio here.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/command.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "drivers/settings.hpp"
#include "drivers/sink.hpp"

namespace boost::asio {
class io_context;
}

namespace menshen::drivers {

class Device;

/// What a device's outputs were told, as it remembers it.
struct Outputs {
    std::optional<bool> unlocked;  ///< Absent: never told, or no lock.
    std::uint64_t unlocks = 0;     ///< Changes from locked to unlocked.
    std::optional<Signal::Meaning> last_signal;
    std::uint64_t granted = 0;  ///< Signals of each meaning.
    std::uint64_t denied = 0;
    std::uint64_t bad_read = 0;
};

/// One device, for `menshen status`.
struct DeviceStatus {
    DeviceId device;
    std::string driver;
    bool simulated = false;
    bool online = false;
    Stamp since;                 ///< Of the last change of `online`, in event time; of start() before the first.
    std::string why;             ///< The last failure; empty when there was none or it is over.
    std::uint64_t restarts = 0;  ///< Attempts after the first.
    std::uint64_t failures = 0;  ///< Ends of the device's run that nobody asked for, exceptions included.
    Outputs outputs;
    std::map<std::string, std::uint64_t> counters;  ///< Of the driver: "reads", "repeats", "bad_reads", ...
};

/// Starts each device, tells the core when it goes offline (DeviceChanged, with the reason) and when it is back, and restarts it
/// with back-off. An exception of a device is its failure and nobody else's. Loop thread only; nothing blocks.
///
/// SetLock is remembered for each device and given again whenever the device comes (back) online: a reader or relay that was away
/// for a moment must not forget that the door is released. Signal to a device that is offline is dropped and counted.
class Supervisor {
public:
    struct Options {
        Millis first_delay{500};  ///< Real time before the first restart; doubles with each failure.
        Millis longest_delay{30'000};
        Millis steady{10'000};  ///< Online for this long (real time) makes the delay begin again at first_delay.
    };

    /// `sink` and `loop` must outlive the supervisor. `now` gives event time. Destroy the supervisor before the loop, and let the
    /// loop run after stop() until idle(), or never again.
    Supervisor(boost::asio::io_context& loop, EventSink& sink, std::function<Now()> now)
        : Supervisor(loop, sink, std::move(now), Options{}) {}
    Supervisor(boost::asio::io_context& loop, EventSink& sink, std::function<Now()> now, Options options);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// Builds the device. Fails when the id is taken, or the settings are not of its driver.
    [[nodiscard]] Result<void> add(const DeviceSettings& settings);
    /// The same for a device that stands in no table: a test's, or one that the composition root builds itself.
    [[nodiscard]] Result<void> add(const DeviceSettings& settings, std::unique_ptr<Device> device);
    /// Begins to run every device that was added. Once.
    void start();
    /// Asks every device to end; they have ended when idle(). No event follows. For good.
    void stop();
    [[nodiscard]] bool idle() const;

    /// Gives a command to its device; a command for a device that is not here is counted (see unknown_commands).
    void apply(const Command& command);
    /// Fails when there is no such device, it is not simulated, it is offline (but for a fault and a mend), or it has no use for
    /// it. Events and frames that follow from it were offered when this returns, so that a stage may move time on. Only a mended
    /// device comes back in the next turns of the loop, without waiting for its back-off.
    [[nodiscard]] Result<void> inject(const Injection& injection);

    /// In the order of add().
    [[nodiscard]] std::vector<DeviceStatus> status() const;
    [[nodiscard]] std::uint64_t unknown_commands() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace menshen::drivers
