// The face of libmenshen_rtsp.so: one C symbol, so that loading it needs no mangled names.
#include "drivers/rtsp_camera/ffmpeg/ffmpeg_stream.hpp"

namespace rtsp = menshen::drivers::rtsp_camera;

extern "C" __attribute__((visibility("default"))) rtsp::VideoStream* menshen_make_video_stream(
    unsigned interface_version, const rtsp::StreamSettings& settings, std::string& error);

extern "C" rtsp::VideoStream* menshen_make_video_stream(unsigned interface_version, const rtsp::StreamSettings& settings,
                                                        std::string& error) {
    if (interface_version != rtsp::kVideoStreamInterface) {
        error = fmt::format("the RTSP library has interface {}, the program wants {}; install both from one version",
                            rtsp::kVideoStreamInterface, interface_version);
        return nullptr;
    }
    return rtsp::make_ffmpeg_stream(settings).release();
}
