#include "drivers/v4l2_camera/offer.hpp"

#include <linux/videodev2.h>

#include <algorithm>
#include <tuple>

namespace menshen::drivers::v4l2_camera {

namespace {

constexpr std::string_view kUnderstood = "MJPG, JPEG, YUYV and NV12";

/// How far a size is from the one wished for, in thousandths: twice as wide is as far as half as wide.
std::int64_t distance(Size size, Size wanted) {
    const auto ratio = [](std::int64_t a, std::int64_t b) { return 1000 * std::max(a, b) / std::min(a, b); };
    return ratio(size.width, wanted.width) + ratio(size.height, wanted.height);
}

bool is_sane(Size size) { return size.width > 0 && size.height > 0 && size.width <= kLongestSide && size.height <= kLongestSide; }

/// The slowest that comes as often as wished, else the fastest. 29.97 is as good as 30.
Interval best_interval(std::span<const Interval> intervals, int fps) {
    const std::int64_t wanted = 950LL * fps;
    const Interval* best = nullptr;
    for (const auto& interval : intervals) {
        const auto rate = pictures_per_1000s(interval);
        if (rate == 0) continue;
        const auto have = best == nullptr ? 0 : pictures_per_1000s(*best);
        const bool is_better = have >= wanted ? rate >= wanted && rate < have : rate > have;
        if (is_better) best = &interval;
    }
    return best == nullptr ? Interval{1, static_cast<std::uint32_t>(fps)} : *best;
}

using Rank = std::tuple<std::int64_t, std::int64_t, int, std::int64_t>;  ///< Less is better.

Rank rank(const Choice& choice, const Wish& wish) {
    const auto rate = pictures_per_1000s(choice.interval);
    const auto lacking = rate >= 950LL * wish.fps ? 0 : 1000LL * wish.fps - rate;
    const auto preference = static_cast<int>(*encoding_of(choice.fourcc));
    return {distance(choice.size, wish.size), lacking, preference, rate};
}

}  // namespace

std::string text_of(Size size) { return fmt::format("{}x{}", size.width, size.height); }

std::string_view name_of(Encoding encoding) {
    switch (encoding) {
        case Encoding::mjpeg:
            return "mjpeg";
        case Encoding::yuyv:
            return "yuyv";
        case Encoding::nv12:
            return "nv12";
    }
    return "";
}

std::optional<Encoding> encoding_of(std::uint32_t fourcc) {
    switch (fourcc) {
        case V4L2_PIX_FMT_MJPEG:
        case V4L2_PIX_FMT_JPEG:
            return Encoding::mjpeg;
        case V4L2_PIX_FMT_YUYV:
            return Encoding::yuyv;
        case V4L2_PIX_FMT_NV12:
            return Encoding::nv12;
        default:
            return std::nullopt;
    }
}

std::string text_of(std::uint32_t fourcc) {
    std::string text;
    for (int i = 0; i < 4; ++i) {
        // The highest bit stands for big-endian.
        const auto c = static_cast<char>(fourcc >> (8 * i) & 0x7F);
        text += c >= ' ' && c <= '~' ? c : '?';
    }
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

std::int64_t pictures_per_1000s(Interval interval) {
    if (interval.numerator == 0 || interval.denominator == 0) return 0;
    return 1000LL * interval.denominator / interval.numerator;
}

Size nearest_size(const SizeRange& range, Size wanted) {
    const auto nearest = [](int least, int most, int step, int want) {
        if (want <= least || most <= least) return least;
        if (want >= most) return most;
        const auto steps = (static_cast<std::int64_t>(want) - least + step / 2) / std::max(step, 1);
        return static_cast<int>(std::min<std::int64_t>(least + steps * std::max(step, 1), most));
    };
    return {nearest(range.least.width, range.most.width, range.step.width, wanted.width),
            nearest(range.least.height, range.most.height, range.step.height, wanted.height)};
}

Interval nearest_interval(const IntervalRange& range, int fps) {
    const Interval wanted{1, static_cast<std::uint32_t>(fps)};
    const auto rate = pictures_per_1000s(wanted);
    // The longest interval is the lowest rate.
    if (rate < pictures_per_1000s(range.most)) return range.most;
    const auto fastest = pictures_per_1000s(range.least);
    return fastest != 0 && rate > fastest ? range.least : wanted;
}

std::string list_of(std::span<const OfferedFormat> offered) {
    std::string list;
    for (const auto& format : offered) {
        if (!list.empty()) list += ", ";
        list += text_of(format.fourcc);
        if (!format.description.empty()) list += fmt::format(" ({})", format.description);
    }
    return list.empty() ? "nothing" : list;
}

Result<Choice> choose(std::span<const OfferedFormat> offered, const Wish& wish) {
    std::optional<Choice> best;
    const auto consider = [&](const Choice& choice) {
        if (is_sane(choice.size) && (!best || rank(choice, wish) < rank(*best, wish))) best = choice;
    };
    bool understood = false;
    for (const auto& format : offered) {
        const auto encoding = encoding_of(format.fourcc);
        if (!encoding) continue;
        understood = true;
        if (wish.encoding && *wish.encoding != *encoding) continue;
        for (const auto& size : format.sizes) consider({format.fourcc, size.size, best_interval(size.intervals, wish.fps)});
        if (format.sizes.empty()) consider({format.fourcc, wish.size, best_interval({}, wish.fps)});
    }
    if (best) return *best;
    if (understood && wish.encoding)
        return fail("it has no {}, it has {}; take format: auto", name_of(*wish.encoding), list_of(offered));
    if (understood) return fail("every size it offers is beyond {} pixels", kLongestSide);
    return fail("it has no format that is understood here: it has {}; understood are {}", list_of(offered), kUnderstood);
}

}  // namespace menshen::drivers::v4l2_camera
