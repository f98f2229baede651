#include "drivers/rtsp_camera/ffmpeg/picture_scaler.hpp"

#include "drivers/rtsp_camera/frame_pacing.hpp"

namespace menshen::drivers::rtsp_camera {

namespace {

/// The J formats are the plain ones with the full range of values; libswscale wants that said apart.
AVPixelFormat plain_format(int format) {
    switch (format) {
        case AV_PIX_FMT_YUVJ420P:
            return AV_PIX_FMT_YUV420P;
        case AV_PIX_FMT_YUVJ422P:
            return AV_PIX_FMT_YUV422P;
        case AV_PIX_FMT_YUVJ444P:
            return AV_PIX_FMT_YUV444P;
        case AV_PIX_FMT_YUVJ440P:
            return AV_PIX_FMT_YUV440P;
        default:
            return static_cast<AVPixelFormat>(format);
    }
}

bool has_full_range(const AVFrame& frame) {
    return plain_format(frame.format) != frame.format || frame.color_range == AVCOL_RANGE_JPEG;
}

double aspect_of(const AVFrame& frame) {
    const auto aspect = frame.sample_aspect_ratio;
    return aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
}

}  // namespace

Result<void> PictureScaler::prepare(const AVFrame& frame) {
    const double aspect = aspect_of(frame);
    const int range = has_full_range(frame) ? 1 : 0;
    const bool is_same = context_ && frame.width == width_ && frame.height == height_ && frame.format == format_ &&
                         frame.colorspace == space_ && range == range_ && aspect == aspect_;
    if (is_same) return {};
    const auto size = shown_size({frame.width, frame.height, aspect}, longest_side_);
    // Not SWS_FAST_BILINEAR: it writes machine code at run time, which systemd's MemoryDenyWriteExecute forbids.
    context_.reset(sws_getContext(frame.width, frame.height, plain_format(frame.format), size.width, size.height,
                                  AV_PIX_FMT_BGR24, SWS_BILINEAR, nullptr, nullptr, nullptr));
    if (!context_) {
        const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
        return fail("pictures of the kind {} cannot be converted", name != nullptr ? name : "unknown");
    }
    const int* from = sws_getCoefficients(frame.colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_DEFAULT);
    sws_setColorspaceDetails(context_.get(), from, range, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    width_ = frame.width;
    height_ = frame.height;
    format_ = frame.format;
    space_ = frame.colorspace;
    range_ = range;
    aspect_ = aspect;
    out_width_ = size.width;
    out_height_ = size.height;
    return {};
}

Result<Picture> PictureScaler::picture(const AVFrame& frame) {
    if (frame.width <= 0 || frame.height <= 0) return fail("a picture without a size was decoded");
    if (std::int64_t{frame.width} * frame.height > kMostPixels)
        return fail("its pictures have {}x{} pixels; 8K (7680x4320) is the most. Use a smaller stream of the camera", frame.width,
                    frame.height);
    if (auto prepared = prepare(frame); !prepared) return tl::unexpected(prepared.error());
    // libswscale's vector code may write a little beyond the last pixel.
    constexpr std::size_t kBeyond = 64;
    const std::size_t size = std::size_t{3} * static_cast<std::size_t>(out_width_) * static_cast<std::size_t>(out_height_);
    std::vector<std::uint8_t> bytes;
    bytes.resize(size + kBeyond);
    std::uint8_t* const planes[4] = {bytes.data(), nullptr, nullptr, nullptr};
    const int strides[4] = {3 * out_width_, 0, 0, 0};
    if (sws_scale(context_.get(), frame.data, frame.linesize, 0, frame.height, planes, strides) != out_height_)
        return fail("a picture of {}x{} could not be converted", frame.width, frame.height);
    bytes.resize(size);
    return Picture{out_width_, out_height_, frame.width, frame.height,
                   std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes))};
}

}  // namespace menshen::drivers::rtsp_camera
