#pragma once
/// The device of `driver: v4l2_camera`.

#include <memory>

#include "drivers/driver.hpp"
#include "drivers/v4l2_camera/port.hpp"
#include "drivers/v4l2_camera/settings.hpp"

namespace menshen::drivers::v4l2_camera {

/// The row of the table.
[[nodiscard]] Result<std::unique_ptr<Device>> build(const DeviceSettings& settings);

struct CameraOptions {
    MakePort make;              ///< Where the device is.
    Millis open_limit{10'000};  ///< Until it streams.
    Millis still_limit{5'000};  ///< Without a picture.
};

/// The same with a port from elsewhere: for tests.
[[nodiscard]] std::unique_ptr<Device> make_camera(DeviceId id, Settings settings, CameraOptions options);

}  // namespace menshen::drivers::v4l2_camera
