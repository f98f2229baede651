#pragma once
/// What simulated devices have in common: they can be broken and mended by the stage, and they remember what they were told.

#include <optional>
#include <string>

#include "drivers/driver.hpp"

namespace menshen::drivers::simulated {

class SimulatedDevice : public Device {
public:
    /// Fails at once while it is broken; else serves.
    [[nodiscard]] boost::asio::awaitable<Error> run(DeviceHost& host) final;
    /// A fault and a mend are handled here, the rest goes to inject_here() while the device runs.
    Result<void> inject(const Injection& injection) final;
    void apply(const Command& command) override;
    [[nodiscard]] Outputs outputs() const override { return outputs_; }

protected:
    /// As Device::run(), for the kind of device.
    [[nodiscard]] virtual boost::asio::awaitable<Error> serve(DeviceHost& host) = 0;
    /// What happened to a device that is online. The default refuses.
    virtual Result<void> inject_here(const Injection& injection, DeviceHost& host);

private:
    DeviceHost* host_ = nullptr;  ///< While it runs.
    std::optional<std::string> fault_;
    Outputs outputs_;
};

/// Ends by cancellation only, by throwing as Asio does.
[[nodiscard]] boost::asio::awaitable<void> until_cancelled();

/// "front-lock: this device has no use for a picture".
[[nodiscard]] tl::unexpected<Error> no_use(const Injection& injection);

/// The row of the table.
[[nodiscard]] Result<std::unique_ptr<Device>> build(const DeviceSettings& settings);

}  // namespace menshen::drivers::simulated
