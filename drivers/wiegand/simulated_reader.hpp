#pragma once
/// The device of `driver: wiegand` with `source: simulated`: frames of the stage go as edges through the same assembler, formats
/// and presence as those of a wire.

#include <memory>

#include "drivers/driver.hpp"

namespace menshen::drivers::wiegand {

/// The row of the table.
[[nodiscard]] Result<std::unique_ptr<Device>> build(const DeviceSettings& settings);

}  // namespace menshen::drivers::wiegand
