#include "drivers/settings.hpp"

#include <algorithm>
#include <array>

#include "drivers/picture_camera/settings.hpp"
#include "drivers/rtsp_camera/settings.hpp"
#include "drivers/simulated/settings.hpp"
#include "drivers/v4l2_camera/settings.hpp"
#include "drivers/wiegand/settings.hpp"

namespace menshen::drivers {

namespace {

struct SettingsEntry {
    std::string_view name;
    /// Reads the keys of its driver but not `driver`, and fills in what the device can do.
    void (*read)(MapReader& reader, DeviceSettings& device);
};

/// Sorted by name; driver_table() has the same rows.
constexpr std::array kEntries{
    SettingsEntry{"picture_camera", picture_camera::read_settings},
    SettingsEntry{"rtsp_camera", rtsp_camera::read_settings},
    SettingsEntry{"simulated", simulated::read_settings},
    SettingsEntry{"v4l2_camera", v4l2_camera::read_settings},
    SettingsEntry{"wiegand", wiegand::read_settings},
};

constexpr auto kNames = [] {
    std::array<std::string_view, kEntries.size()> names;
    for (std::size_t i = 0; i < kEntries.size(); ++i) names[i] = kEntries[i].name;
    return names;
}();

}  // namespace

bool Abilities::has(Line line) const { return std::find(lines.begin(), lines.end(), line) != lines.end(); }

std::span<const std::string_view> driver_names() { return kNames; }

std::optional<DeviceSettings> read_device(const DeviceId& id, const Node& node, const std::string& file, const std::string& path,
                                          Problems& problems) {
    const auto errors_before = problems.errors();
    MapReader reader(node, file, path, problems);
    if (node.type == Node::Type::map || node.type == Node::Type::null) {
        if (reader.require("driver") == nullptr) return std::nullopt;
    }
    const auto name = reader.choice("driver", kNames);
    if (!name) return std::nullopt;  // Which of the other keys are known depends on the driver.
    DeviceSettings device;
    device.id = id;
    device.driver = *name;
    std::find_if(kEntries.begin(), kEntries.end(), [&](const SettingsEntry& e) { return e.name == *name; })->read(reader, device);
    reader.finish();
    if (problems.errors() != errors_before) return std::nullopt;
    return device;
}

}  // namespace menshen::drivers
