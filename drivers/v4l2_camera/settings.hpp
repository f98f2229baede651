#pragma once
/// The keys of `driver: v4l2_camera`.

#include <string>

#include "drivers/settings.hpp"
#include "drivers/v4l2_camera/offer.hpp"

namespace menshen::drivers::v4l2_camera {

struct Settings : DriverSettings {
    std::string device;  ///< Below /dev/.
    Wish wish;
};

void read_settings(MapReader& reader, DeviceSettings& device);

}  // namespace menshen::drivers::v4l2_camera
