#pragma once
/// The keys of `driver: simulated`; what it has is in the device's abilities.

#include "drivers/settings.hpp"

namespace menshen::drivers::simulated {

struct Settings : DriverSettings {};

void read_settings(MapReader& reader, DeviceSettings& device);

}  // namespace menshen::drivers::simulated
