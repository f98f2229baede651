#include "drivers/v4l2_camera/settings.hpp"

#include <array>
#include <charconv>

namespace menshen::drivers::v4l2_camera {

namespace {

constexpr Size kLeast{160, 120};
constexpr Size kMost{3840, 2160};

std::optional<Size> parse_size(std::string_view text) {
    const auto number = [](std::string_view digits) -> std::optional<int> {
        int value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        return value;
    };
    const auto cross = text.find('x');
    if (cross == std::string_view::npos) return std::nullopt;
    const auto width = number(text.substr(0, cross)), height = number(text.substr(cross + 1));
    if (!width || !height) return std::nullopt;
    return Size{*width, *height};
}

void read_device_path(MapReader& reader, Settings& settings) {
    const auto text = reader.required_text("device");
    if (!text) return;
    const bool is_below_dev = text->starts_with("/dev/") && text->size() > 5 && text->find("/../") == std::string::npos;
    if (is_below_dev) {
        settings.device = *text;
    } else {
        reader.complain(*reader.take("device"), "device",
                        fmt::format("must be a name below /dev/, best one of /dev/v4l/by-id/, got \"{}\"", *text));
    }
}

void read_size(MapReader& reader, Settings& settings) {
    const auto text = reader.text("size");
    if (!text) return;
    const auto size = parse_size(*text);
    const bool fits = size && size->width >= kLeast.width && size->height >= kLeast.height && size->width <= kMost.width &&
                      size->height <= kMost.height;
    if (fits) {
        settings.wish.size = *size;
    } else {
        reader.complain(*reader.take("size"), "size",
                        fmt::format("must be WIDTHxHEIGHT such as 1280x720, from {} to {}, got \"{}\"", text_of(kLeast),
                                    text_of(kMost), *text));
    }
}

}  // namespace

void read_settings(MapReader& reader, DeviceSettings& device) {
    static constexpr std::array<std::string_view, 4> kFormats{"auto", "mjpeg", "yuyv", "nv12"};
    auto settings = std::make_shared<Settings>();
    read_device_path(reader, *settings);
    read_size(reader, *settings);
    settings->wish.fps = static_cast<int>(reader.integer("fps", 1, 60).value_or(settings->wish.fps));
    const auto format = reader.choice("format", kFormats);
    if (format == "mjpeg") settings->wish.encoding = Encoding::mjpeg;
    if (format == "yuyv") settings->wish.encoding = Encoding::yuyv;
    if (format == "nv12") settings->wish.encoding = Encoding::nv12;
    device.abilities.frames = true;
    device.settings = std::move(settings);
}

}  // namespace menshen::drivers::v4l2_camera
