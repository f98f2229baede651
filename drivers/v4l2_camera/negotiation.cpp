#include "drivers/v4l2_camera/negotiation.hpp"

#include <linux/videodev2.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace menshen::drivers::v4l2_camera {

namespace {

constexpr std::uint32_t kMostFormats = 64, kMostSizes = 64, kMostIntervals = 32;

/// A side or a step that is no nonsense to calculate with.
int pixels(std::uint32_t value) { return static_cast<int>(std::min<std::uint32_t>(value, 1U << 20)); }

template <std::size_t N>
std::string text_in(const std::uint8_t (&field)[N]) {
    std::string text(std::begin(field), std::find(std::begin(field), std::end(field), 0));
    for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
    return text;
}

Result<void> check_camera(Calls& calls) {
    v4l2_capability about{};
    if (auto asked = calls.must(VIDIOC_QUERYCAP, &about); !asked) return asked;
    const auto can = (about.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? about.device_caps : about.capabilities;
    const auto says = [&](std::string_view words) { return fail("{}: {} {}", calls.path(), text_in(about.card), words); };
    if ((can & V4L2_CAP_VIDEO_CAPTURE) == 0) {
        if ((can & V4L2_CAP_META_CAPTURE) != 0)
            return says("gives no pictures here, only data about them; take its other name, the one that ends in -video-index0");
        if ((can & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0)
            return says(
                "sends its pictures in several planes, which is not understood; take a USB camera, or one that speaks RTSP");
        return says("is no camera: it cannot capture video");
    }
    if ((can & V4L2_CAP_STREAMING) == 0) return says("cannot stream into memory, as every USB camera does");
    return {};
}

std::vector<Interval> ask_intervals(Calls& calls, std::uint32_t fourcc, Size size, int fps) {
    std::vector<Interval> intervals;
    for (std::uint32_t index = 0; index < kMostIntervals; ++index) {
        v4l2_frmivalenum entry{};
        entry.index = index;
        entry.pixel_format = fourcc;
        entry.width = static_cast<std::uint32_t>(size.width);
        entry.height = static_cast<std::uint32_t>(size.height);
        if (calls.control(VIDIOC_ENUM_FRAMEINTERVALS, &entry) != 0) break;  // EINVAL at the end, ENOTTY when it keeps no list.
        if (entry.type == V4L2_FRMIVAL_TYPE_DISCRETE) {
            intervals.push_back({entry.discrete.numerator, entry.discrete.denominator});
            continue;
        }
        const auto& range = entry.stepwise;
        intervals.push_back(
            nearest_interval({{range.min.numerator, range.min.denominator}, {range.max.numerator, range.max.denominator}}, fps));
        break;  // A range is the only entry.
    }
    return intervals;
}

std::vector<OfferedSize> ask_sizes(Calls& calls, std::uint32_t fourcc, const Wish& wish) {
    std::vector<OfferedSize> sizes;
    for (std::uint32_t index = 0; index < kMostSizes; ++index) {
        v4l2_frmsizeenum entry{};
        entry.index = index;
        entry.pixel_format = fourcc;
        if (calls.control(VIDIOC_ENUM_FRAMESIZES, &entry) != 0) break;
        const bool is_range = entry.type != V4L2_FRMSIZE_TYPE_DISCRETE;
        const auto& range = entry.stepwise;
        const Size size = is_range ? nearest_size({{pixels(range.min_width), pixels(range.min_height)},
                                                   {pixels(range.max_width), pixels(range.max_height)},
                                                   {pixels(range.step_width), pixels(range.step_height)}},
                                                  wish.size)
                                   : Size{pixels(entry.discrete.width), pixels(entry.discrete.height)};
        sizes.push_back({size, ask_intervals(calls, fourcc, size, wish.fps)});
        if (is_range) break;
    }
    return sizes;
}

std::vector<OfferedFormat> ask_formats(Calls& calls, const Wish& wish) {
    std::vector<OfferedFormat> formats;
    for (std::uint32_t index = 0; index < kMostFormats; ++index) {
        v4l2_fmtdesc entry{};
        entry.index = index;
        entry.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        if (calls.control(VIDIOC_ENUM_FMT, &entry) != 0) break;
        OfferedFormat format{entry.pixelformat, text_in(entry.description), {}};
        if (encoding_of(entry.pixelformat)) format.sizes = ask_sizes(calls, entry.pixelformat, wish);
        formats.push_back(std::move(format));
    }
    return formats;
}

/// The interval is a wish only: many cameras keep their own, and then too many pictures are passed over.
void set_interval(Calls& calls, Interval interval) {
    v4l2_streamparm parameters{};
    parameters.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    parameters.parm.capture.timeperframe = {interval.numerator, interval.denominator};
    (void)calls.control(VIDIOC_S_PARM, &parameters);
}

Result<Layout> layout_of(const v4l2_pix_format& given, const std::string& path) {
    const auto encoding = encoding_of(given.pixelformat);
    if (!encoding) return fail("{}: it sends {} although another format was asked for", path, text_of(given.pixelformat));
    Layout layout;
    layout.encoding = *encoding;
    layout.size = {pixels(given.width), pixels(given.height)};
    if (layout.size.width < 2 || layout.size.height < 2 || layout.size.width > kLongestSide || layout.size.height > kLongestSide)
        return fail("{}: it says that its pictures have {} pixels, which cannot be", path, text_of(layout.size));
    layout.stride = std::max<std::size_t>(given.bytesperline, least_stride(*encoding, layout.size.width));
    const bool is_709 = V4L2_MAP_YCBCR_ENC_DEFAULT(given.colorspace) == V4L2_YCBCR_ENC_709;
    const bool says_709 = given.ycbcr_enc == V4L2_YCBCR_ENC_709;
    layout.matrix = says_709 || (given.ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT && is_709) ? Matrix::bt709 : Matrix::bt601;
    const bool is_full = given.colorspace == V4L2_COLORSPACE_JPEG;
    const bool says_full = given.quantization == V4L2_QUANTIZATION_FULL_RANGE;
    layout.range = says_full || (given.quantization == V4L2_QUANTIZATION_DEFAULT && is_full) ? Range::full : Range::limited;
    return layout;
}

}  // namespace

Result<Layout> negotiate(Calls& calls, const Wish& wish) {
    if (auto camera = check_camera(calls); !camera) return tl::unexpected(camera.error());
    const auto choice = choose(ask_formats(calls, wish), wish);
    if (!choice) return fail("{}: {}", calls.path(), choice.error().message);
    v4l2_format format{};
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    format.fmt.pix.width = static_cast<std::uint32_t>(choice->size.width);
    format.fmt.pix.height = static_cast<std::uint32_t>(choice->size.height);
    format.fmt.pix.pixelformat = choice->fourcc;
    format.fmt.pix.field = V4L2_FIELD_ANY;
    if (auto set = calls.must(VIDIOC_S_FMT, &format); !set) return tl::unexpected(set.error());
    set_interval(calls, choice->interval);
    v4l2_event_subscription changes{};
    changes.type = V4L2_EVENT_SOURCE_CHANGE;
    (void)calls.control(VIDIOC_SUBSCRIBE_EVENT, &changes);  // A webcam has none of these; a grabber of an analogue camera has.
    return layout_of(format.fmt.pix, calls.path());
}

}  // namespace menshen::drivers::v4l2_camera
