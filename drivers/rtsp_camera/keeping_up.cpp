#include "drivers/rtsp_camera/keeping_up.hpp"

namespace menshen::drivers::rtsp_camera {

void KeepingUp::on_packet(Time waited, Time now) {
    if (is_behind_ && waited >= kCaughtUp) {
        is_behind_ = false;
        window_.reset();
    }
    if (!window_) {
        window_ = now;
        waited_ = Time{0};
        return;
    }
    waited_ += waited;
    if (now - *window_ < kWindow) return;
    is_behind_ = is_behind_ || waited_ < kLeastWait;
    window_ = now;
    waited_ = Time{0};
}

}  // namespace menshen::drivers::rtsp_camera
