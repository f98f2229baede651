#pragma once
/// The device of `driver: picture_camera`.

#include <memory>

#include "drivers/driver.hpp"

namespace menshen::drivers::picture_camera {

/// The row of the table.
[[nodiscard]] Result<std::unique_ptr<Device>> build(const DeviceSettings& settings);

}  // namespace menshen::drivers::picture_camera
