#pragma once
/// Loads libmenshen_rtsp.so when the first RTSP camera is opened, so that a gate without one does not pay for FFmpeg. This part
/// is light: no FFmpeg is linked by it.

#include <memory>
#include <string>

#include "core/result.hpp"
#include "drivers/rtsp_camera/video_stream.hpp"

namespace menshen::drivers::rtsp_camera {

/// Looks for libmenshen_rtsp.so beside the running executable, then in ../lib/menshen from there, and makes a stream with it.
/// Blocks while it loads; any thread. The library stays loaded for good. Errors name the places that were looked at, or the
/// packages to install.
[[nodiscard]] Result<std::unique_ptr<VideoStream>> load_stream(const StreamSettings& settings);

/// The same with the library's path given.
[[nodiscard]] Result<std::unique_ptr<VideoStream>> load_stream_from(const std::string& library, const StreamSettings& settings);

}  // namespace menshen::drivers::rtsp_camera
