#pragma once
/// Asks what listens at an address, when FFmpeg could only say that something was wrong.

#include <cstdint>
#include <functional>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"

namespace menshen::drivers::rtsp_camera {

struct Question {
    std::string host;
    std::uint16_t port = 554;
    std::function<bool()> is_over;  ///< Asked every 50 ms: true ends the wait.
};

/// Fails when the name of `host` is not known. Blocks for as long as the resolver does.
[[nodiscard]] Result<void> look_up(const std::string& host);

/// What is wrong with whatever answers there, in words that follow the camera's name: "is a web server, ...". Empty when it
/// speaks RTSP, or nothing could be found out. Blocks, 2 s at most once the name is known.
[[nodiscard]] std::string what_listens(const Question& question);

}  // namespace menshen::drivers::rtsp_camera
