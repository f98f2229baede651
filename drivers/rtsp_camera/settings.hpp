#pragma once
/// The keys of `driver: rtsp_camera`.

#include <string>

#include "drivers/rtsp_camera/camera_url.hpp"
#include "drivers/rtsp_camera/video_stream.hpp"
#include "drivers/settings.hpp"

namespace menshen::drivers::rtsp_camera {

struct Settings : DriverSettings {
    CameraUrl url;
    std::string username;
    std::string password_file;  ///< The password is its first line; read at each connect.
    Transport transport = Transport::tcp;
    int fps = 10;             ///< Handed on at most, a second.
    int longest_side = 1280;  ///< Pixels; larger pictures are scaled down.
};

void read_settings(MapReader& reader, DeviceSettings& device);

}  // namespace menshen::drivers::rtsp_camera
