#include "drivers/v4l2_camera/yuv.hpp"

#include <algorithm>

namespace menshen::drivers::v4l2_camera {

namespace {

/// Of the usual equations (ITU-R BT.601 and BT.709), in 65536ths.
struct Weights {
    int black = 0;  ///< Taken from the brightness.
    int light = 0, red_of_v = 0, green_of_u = 0, green_of_v = 0, blue_of_u = 0;
};

/// `kr` and `kb` are what red and blue contribute to the brightness. (Y - black) and (U - 128) are stretched to 255 steps first.
constexpr Weights weights_for(double kr, double kb, Range range) {
    const double stretch_light = range == Range::full ? 1.0 : 255.0 / 219,
                 stretch_colour = range == Range::full ? 1.0 : 255.0 / 224;
    const double kg = 1 - kr - kb;
    const auto whole = [](double value) { return static_cast<int>(value * 65536 + (value < 0 ? -0.5 : 0.5)); };
    return {.black = range == Range::full ? 0 : 16,
            .light = whole(stretch_light),
            .red_of_v = whole(2 * (1 - kr) * stretch_colour),
            .green_of_u = whole(-2 * (1 - kb) * kb / kg * stretch_colour),
            .green_of_v = whole(-2 * (1 - kr) * kr / kg * stretch_colour),
            .blue_of_u = whole(2 * (1 - kb) * stretch_colour)};
}

constexpr Weights weights_for(Matrix matrix, Range range) {
    return matrix == Matrix::bt709 ? weights_for(0.2126, 0.0722, range) : weights_for(0.299, 0.114, range);
}

/// What two neighbours share.
struct Colour {
    int blue = 0, green = 0, red = 0;
};

Colour colour_of(const Weights& w, int u, int v) {
    u -= 128;
    v -= 128;
    return {.blue = w.blue_of_u * u, .green = w.green_of_u * u + w.green_of_v * v, .red = w.red_of_v * v};
}

std::uint8_t* put(const Weights& w, int y, const Colour& colour, std::uint8_t* to) {
    const auto byte = [light = (y - w.black) * w.light + 32768](int part) {
        return static_cast<std::uint8_t>(std::clamp((light + part) >> 16, 0, 255));
    };
    *to++ = byte(colour.blue);
    *to++ = byte(colour.green);
    *to++ = byte(colour.red);
    return to;
}

Result<void> check(const Layout& layout, std::size_t bytes) {
    const auto [width, height] = layout.size;
    if (layout.encoding == Encoding::mjpeg) return fail("an MJPEG picture has no rows");
    if (width < 1 || height < 1 || width > kLongestSide || height > kLongestSide)
        return fail("its size of {} cannot be", text_of(layout.size));
    if (width % 2 != 0 || (layout.encoding == Encoding::nv12 && height % 2 != 0))
        return fail("its size of {} is odd, where neighbours share a colour", text_of(layout.size));
    if (layout.stride < least_stride(layout.encoding, width) || layout.stride > 16 * static_cast<std::size_t>(kLongestSide))
        return fail("rows of {} pixels cannot have {} bytes", width, layout.stride);
    if (bytes < bytes_needed(layout)) return fail("it has {} bytes of {}", bytes, bytes_needed(layout));
    return {};
}

}  // namespace

std::size_t least_stride(Encoding encoding, int width) {
    if (encoding == Encoding::mjpeg) return 0;
    return static_cast<std::size_t>(width) * (encoding == Encoding::yuyv ? 2 : 1);
}

std::size_t bytes_needed(const Layout& layout) {
    if (layout.encoding == Encoding::mjpeg) return 0;
    const auto height = static_cast<std::size_t>(layout.size.height);
    const auto rows = layout.encoding == Encoding::yuyv ? height : height + height / 2;
    return (rows - 1) * layout.stride + least_stride(layout.encoding, layout.size.width);
}

Result<std::vector<std::uint8_t>> to_bgr(const Layout& layout, std::span<const std::uint8_t> bytes) {
    if (auto good = check(layout, bytes.size()); !good) return tl::unexpected(good.error());
    const auto weights = weights_for(layout.matrix, layout.range);
    const auto width = static_cast<std::size_t>(layout.size.width), height = static_cast<std::size_t>(layout.size.height);
    std::vector<std::uint8_t> bgr(width * height * 3);
    std::uint8_t* to = bgr.data();
    for (std::size_t row = 0; row < height; ++row) {
        const std::uint8_t* from = bytes.data() + row * layout.stride;
        if (layout.encoding == Encoding::yuyv) {
            for (std::size_t x = 0; x < width; x += 2, from += 4) {
                const auto colour = colour_of(weights, from[1], from[3]);
                to = put(weights, from[2], colour, put(weights, from[0], colour, to));
            }
        } else {
            const std::uint8_t* uv = bytes.data() + (height + row / 2) * layout.stride;
            for (std::size_t x = 0; x < width; x += 2, from += 2, uv += 2) {
                const auto colour = colour_of(weights, uv[0], uv[1]);
                to = put(weights, from[1], colour, put(weights, from[0], colour, to));
            }
        }
    }
    return bgr;
}

}  // namespace menshen::drivers::v4l2_camera
