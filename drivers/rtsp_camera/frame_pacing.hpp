#pragma once
/// Which decoded pictures are handed on. Pure: time comes in from outside.

#include <chrono>
#include <cstdint>
#include <optional>

namespace menshen::drivers::rtsp_camera {

/// H.264 and H.265 have to be decoded as they come, since each picture is built from earlier ones; scaling and looking at them
/// is what costs, and that is limited here.
class FramePacing {
public:
    using Time = std::chrono::microseconds;  ///< Of any clock that never goes back.

    explicit FramePacing(int fps) : period_(Time(1'000'000) / fps), fps_(fps) {}

    /// A packet of video came; measures how many come in a second.
    void on_packet(Time now);
    /// The picture decoded now is to be handed on. Never more than `fps` a second in the long run; nothing is caught up after a
    /// gap.
    [[nodiscard]] bool is_due(Time now);
    /// So many more come than are wanted that pictures nobody refers to need not even be decoded: three times as many, since with
    /// the usual two B pictures between references a third is left.
    [[nodiscard]] bool references_will_do() const { return packets_per_s_ >= 3 * fps_; }

private:
    Time period_;
    int fps_;
    std::optional<Time> next_;
    std::optional<Time> window_;  ///< Its begin.
    int in_window_ = 0;
    int packets_per_s_ = 0;
};

/// What the camera sends, in pixels.
struct SentSize {
    int width = 0;
    int height = 0;
    double pixel_aspect = 1;  ///< Width of a pixel in units of its height; recorders of analogue cameras send 2.
};
struct ShownSize {
    int width = 0;
    int height = 0;
    bool operator==(const ShownSize&) const = default;
};

/// The size with square pixels whose longer side is at most `longest`; never larger than sent, but for what the pixels' shape
/// asks for.
[[nodiscard]] ShownSize shown_size(const SentSize& sent, int longest);

}  // namespace menshen::drivers::rtsp_camera
