#pragma once
/// Why a camera did not play, in the words a technician needs.

#include <string>

#include "drivers/rtsp_camera/ffmpeg/first_answer.hpp"
#include "drivers/rtsp_camera/ffmpeg/library_log.hpp"
#include "drivers/rtsp_camera/video_stream.hpp"

namespace menshen::drivers::rtsp_camera {

struct OpenFailure {
    int code = 0;  ///< FFmpeg's.
    const StreamSettings& settings;
    const LibraryLog& log;
    std::function<bool()> is_over;  ///< See Question.
};

/// Without the camera's name, which leads it. May ask the camera once more.
[[nodiscard]] std::string why_it_does_not_play(const OpenFailure& failure);

/// FFmpeg's words for one of its codes.
[[nodiscard]] std::string library_words(int code);

}  // namespace menshen::drivers::rtsp_camera
