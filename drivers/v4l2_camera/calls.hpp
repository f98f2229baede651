#pragma once
/// Calls to a camera's driver that leave word of what is under way, and failures in words.

#include <atomic>
#include <string>

#include "core/result.hpp"
#include "drivers/v4l2_camera/port.hpp"

namespace menshen::drivers::v4l2_camera {

/// The name of the call under way, for whoever finds it stuck; null between calls. Its texts live for ever.
using UnderWay = std::atomic<const char*>;

/// On the reading thread; what it refers to must outlive it.
class Calls {
public:
    Calls(VideoPort& port, std::string path, UnderWay& under_way) : port_(port), path_(std::move(path)), under_way_(under_way) {}

    [[nodiscard]] Result<void> open();
    /// 0 or an errno.
    [[nodiscard]] int control(unsigned long request, void* argument);
    /// The same, with the failure in words.
    [[nodiscard]] Result<void> must(unsigned long request, void* argument);
    [[nodiscard]] VideoPort::Woken wait() { return port_.wait(); }  // Not under way: that it takes long is no fault.
    [[nodiscard]] VideoPort& port() { return port_; }

    /// What an errno of a call means, and what to do.
    [[nodiscard]] Error trouble(unsigned long request, int error) const;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    [[nodiscard]] std::string not_there() const;

    VideoPort& port_;
    std::string path_;
    UnderWay& under_way_;
};

}  // namespace menshen::drivers::v4l2_camera
