#pragma once
/// An RTSP stream by FFmpeg (libavformat 59). In libmenshen_rtsp.so only.

#include <memory>

#include "drivers/rtsp_camera/video_stream.hpp"

namespace menshen::drivers::rtsp_camera {

[[nodiscard]] std::unique_ptr<VideoStream> make_ffmpeg_stream(const StreamSettings& settings);

}  // namespace menshen::drivers::rtsp_camera
