#pragma once
/// The device of `driver: rtsp_camera`.

#include <memory>

#include "drivers/driver.hpp"
#include "drivers/rtsp_camera/stream_watch.hpp"

namespace menshen::drivers::rtsp_camera {

/// The row of the table.
[[nodiscard]] Result<std::unique_ptr<Device>> build(const DeviceSettings& settings);

struct CameraOptions {
    MakeStream make;            ///< Where streams come from.
    Millis open_limit{10'000};  ///< Until the camera plays.
    Millis still_limit{5'000};  ///< Without a picture.
};

/// The same with streams from elsewhere: for tests.
[[nodiscard]] std::unique_ptr<Device> make_camera(DeviceId id, Settings settings, CameraOptions options);

}  // namespace menshen::drivers::rtsp_camera
