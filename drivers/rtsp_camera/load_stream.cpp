#include "drivers/rtsp_camera/load_stream.hpp"

#include <dlfcn.h>

#include <array>
#include <filesystem>

namespace menshen::drivers::rtsp_camera {

namespace {

/// The one symbol of libmenshen_rtsp.so; see ffmpeg/rtsp_module.cpp.
using MakeVideoStream = VideoStream* (*)(unsigned interface_version, const StreamSettings& settings, std::string& error);

constexpr const char* kLibrary = "libmenshen_rtsp.so";

}  // namespace

Result<std::unique_ptr<VideoStream>> load_stream_from(const std::string& library, const StreamSettings& settings) {
    // RTLD_LOCAL: what the library brings along (core, fmt, FFmpeg) stays its own. It is never closed: a thread may be left
    // behind in it.
    void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr) {
        const char* why = ::dlerror();
        return fail("the RTSP library cannot be loaded: {}; install libavformat59, libavcodec59, libavutil57 and libswscale6",
                    why != nullptr ? why : library);
    }
    const auto make = reinterpret_cast<MakeVideoStream>(::dlsym(handle, "menshen_make_video_stream"));
    if (make == nullptr) return fail("{} is not menshen's RTSP library; install the one of this version", library);
    std::string error;
    VideoStream* stream = make(kVideoStreamInterface, settings, error);
    if (stream == nullptr) return fail("{}", error);
    return std::unique_ptr<VideoStream>(stream);
}

Result<std::unique_ptr<VideoStream>> load_stream(const StreamSettings& settings) {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    const std::array<std::filesystem::path, 2> places = {program / kLibrary,
                                                         program.parent_path() / "lib" / "menshen" / kLibrary};
    for (const auto& place : places)
        if (std::filesystem::exists(place, error)) return load_stream_from(place.string(), settings);
    return fail("{} was looked for at {} and at {} and is at neither; install it, or configure no rtsp_camera", kLibrary,
                places[0].string(), places[1].string());
}

}  // namespace menshen::drivers::rtsp_camera
