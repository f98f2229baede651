#pragma once
/// The keys of `driver: picture_camera`.

#include <string>

#include "core/time.hpp"
#include "drivers/settings.hpp"

namespace menshen::drivers::picture_camera {

struct Settings : DriverSettings {
    std::string path;    ///< A picture or a folder of pictures; empty: only what the stage shows.
    Millis every{1000};  ///< From one picture to the next, in real time.
    bool loop = true;    ///< Begin again after the last.
};

void read_settings(MapReader& reader, DeviceSettings& device);

}  // namespace menshen::drivers::picture_camera
