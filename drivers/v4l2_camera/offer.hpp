#pragma once
/// What a camera offers, and what of it is taken. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace menshen::drivers::v4l2_camera {

/// Pixels.
struct Size {
    int width = 0;
    int height = 0;
    bool operator==(const Size&) const = default;
};
[[nodiscard]] std::string text_of(Size size);

inline constexpr int kLongestSide = 8192;  ///< Pixels; a camera that says more is not believed.

enum class Encoding : std::uint8_t {
    mjpeg,  ///< Each picture a JPEG file.
    yuyv,   ///< Y U Y V, two bytes a pixel.
    nv12,   ///< All Y, then U V for every four pixels.
};
[[nodiscard]] std::string_view name_of(Encoding encoding);

/// Of the four characters by which V4L2 names a format; nothing when it is not understood here.
[[nodiscard]] std::optional<Encoding> encoding_of(std::uint32_t fourcc);
/// "MJPG"; what is not printable comes as "?".
[[nodiscard]] std::string text_of(std::uint32_t fourcc);

/// Seconds from one picture to the next, as a fraction.
struct Interval {
    std::uint32_t numerator = 0;
    std::uint32_t denominator = 0;
    bool operator==(const Interval&) const = default;
};
/// Pictures in a thousand seconds; 0 when the fraction is none.
[[nodiscard]] std::int64_t pictures_per_1000s(Interval interval);

struct SizeRange {
    Size least;
    Size most;
    Size step;
};
/// The size of the range that is nearest to `wanted`, on each side for itself.
[[nodiscard]] Size nearest_size(const SizeRange& range, Size wanted);

struct IntervalRange {
    Interval least;
    Interval most;
};
/// The interval of the range that is nearest to `fps` pictures a second.
[[nodiscard]] Interval nearest_interval(const IntervalRange& range, int fps);

struct OfferedSize {
    Size size;
    std::vector<Interval> intervals;  ///< Empty: not known.
};
struct OfferedFormat {
    std::uint32_t fourcc = 0;
    std::string description;         ///< As the driver gives it.
    std::vector<OfferedSize> sizes;  ///< Empty: not known.
};

struct Wish {
    Size size{1280, 720};
    int fps = 15;
    std::optional<Encoding> encoding;  ///< Empty: whichever does best.
};
struct Choice {
    std::uint32_t fourcc = 0;
    Size size;
    Interval interval;
    bool operator==(const Choice&) const = default;
};

/// The nearest size counts most, then that it comes as often as wished, then MJPEG before the others (several cameras fit on one
/// USB bus), then that it does not come more often. Fails with the list of what is offered when nothing of it is understood, or
/// not the format wished for.
[[nodiscard]] Result<Choice> choose(std::span<const OfferedFormat> offered, const Wish& wish);

/// "MJPG (Motion-JPEG), H264 (H.264)".
[[nodiscard]] std::string list_of(std::span<const OfferedFormat> offered);

}  // namespace menshen::drivers::v4l2_camera
