#include "drivers/rtsp_camera/frame_pacing.hpp"

#include <algorithm>
#include <cmath>

namespace menshen::drivers::rtsp_camera {

namespace {
constexpr FramePacing::Time kWindow{2'000'000};
}

void FramePacing::on_packet(Time now) {
    if (!window_) window_ = now;
    ++in_window_;
    const auto length = now - *window_;
    if (length < kWindow) return;
    packets_per_s_ = static_cast<int>(in_window_ * 1'000'000LL / length.count());
    window_ = now;
    in_window_ = 0;
}

bool FramePacing::is_due(Time now) {
    if (!next_ || now >= *next_ + period_) {
        next_ = now + period_;
        return true;
    }
    // A quarter early is on time: pictures of a camera that sends just as many as are wanted come with some jitter.
    if (now < *next_ - period_ / 4) return false;
    *next_ += period_;
    return true;
}

ShownSize shown_size(const SentSize& sent, int longest) {
    // A shape beyond these is a mistake of the camera.
    const bool is_sane = sent.pixel_aspect >= 0.25 && sent.pixel_aspect <= 4;
    const double width = sent.width * (is_sane ? sent.pixel_aspect : 1);
    const double height = sent.height;
    const double shrink = std::min(1.0, longest / std::max(width, height));
    const auto scaled = [&](double side) { return std::max(1, static_cast<int>(std::lround(side * shrink))); };
    return {scaled(width), scaled(height)};
}

}  // namespace menshen::drivers::rtsp_camera
