#pragma once
/// The few calls by which a V4L2 camera is reached; tests put a camera of their own behind it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace menshen::drivers::v4l2_camera {

/// All of it belongs to one thread and may block for ever when a driver is wedged, but for stop(). What returns an int returns 0
/// or an errno. The destructor closes.
class VideoPort {
public:
    struct Woken {
        bool is_stopped = false;
        short happened = 0;  ///< As poll() says.
        int error = 0;
    };

    virtual ~VideoPort() = default;
    /// Once. ENOTTY when the path is no video device; then it was not opened.
    [[nodiscard]] virtual int open(const std::string& path) = 0;
    /// ioctl(), repeated after EINTR. Never blocks for a picture.
    [[nodiscard]] virtual int control(unsigned long request, void* argument) = 0;
    /// A buffer of the driver; valid until unmap().
    [[nodiscard]] virtual int map(std::uint32_t offset, std::size_t length, std::span<std::uint8_t>& mapped) = 0;
    virtual void unmap(std::span<std::uint8_t> mapped) noexcept = 0;
    /// Until a picture or an event is there, something is wrong, or stop() was called, also before.
    [[nodiscard]] virtual Woken wait() = 0;
    /// Stable names of the cameras that are plugged in, a few at most.
    [[nodiscard]] virtual std::vector<std::string> plugged_in() const = 0;

    /// Any thread.
    virtual void stop() noexcept = 0;
};

/// Called on the reading thread.
using MakePort = std::function<Result<std::unique_ptr<VideoPort>>()>;

/// The port of this machine.
[[nodiscard]] Result<std::unique_ptr<VideoPort>> make_linux_port();

}  // namespace menshen::drivers::v4l2_camera
