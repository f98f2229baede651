#include <array>

#include "drivers/driver.hpp"
#include "drivers/picture_camera/camera.hpp"
#include "drivers/rtsp_camera/camera.hpp"
#include "drivers/simulated/simulated_device.hpp"
#include "drivers/v4l2_camera/camera.hpp"
#include "drivers/wiegand/simulated_reader.hpp"

namespace menshen::drivers {

std::span<const DriverEntry> driver_table() {
    static constexpr std::array kTable{
        DriverEntry{"picture_camera", picture_camera::build},
        DriverEntry{"rtsp_camera", rtsp_camera::build},
        DriverEntry{"simulated", simulated::build},
        DriverEntry{"v4l2_camera", v4l2_camera::build},
        DriverEntry{"wiegand", wiegand::build},
    };
    return kTable;
}

}  // namespace menshen::drivers
