#pragma once
/// The keys of `driver: wiegand`.

#include <vector>

#include "drivers/presence.hpp"
#include "drivers/settings.hpp"
#include "drivers/wiegand/format.hpp"

namespace menshen::drivers::wiegand {

struct Settings : DriverSettings {
    std::vector<const Format*> formats;  ///< Of different lengths.
    Millis hold = Presence::kDefaultHold;
};

void read_settings(MapReader& reader, DeviceSettings& device);

}  // namespace menshen::drivers::wiegand
