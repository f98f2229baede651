#pragma once
/// Decoded pictures as BGR of a bounded size.

#include "core/result.hpp"
#include "drivers/rtsp_camera/ffmpeg/ffmpeg_headers.hpp"
#include "drivers/rtsp_camera/video_stream.hpp"

namespace menshen::drivers::rtsp_camera {

class PictureScaler {
public:
    explicit PictureScaler(int longest_side) : longest_side_(longest_side) {}

    /// Fails when the picture is larger than 8K or of a kind that cannot be converted.
    [[nodiscard]] Result<Picture> picture(const AVFrame& frame);

private:
    [[nodiscard]] Result<void> prepare(const AVFrame& frame);

    int longest_side_;
    Av<SwsContext> context_;
    int width_ = 0, height_ = 0, format_ = -1, space_ = -1, range_ = -1;  ///< What the context was made for.
    double aspect_ = 0;
    int out_width_ = 0, out_height_ = 0;
};

/// Pixels of 8K video.
inline constexpr std::int64_t kMostPixels = 7680LL * 4320;

}  // namespace menshen::drivers::rtsp_camera
