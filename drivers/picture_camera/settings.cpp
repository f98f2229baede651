#include "drivers/picture_camera/settings.hpp"

namespace menshen::drivers::picture_camera {

void read_settings(MapReader& reader, DeviceSettings& device) {
    auto settings = std::make_shared<Settings>();
    settings->path = reader.text("path").value_or("");
    for (const auto* const key : {"every", "loop"}) {
        const Node* node = reader.take(key);
        if (node != nullptr && settings->path.empty()) reader.complain(*node, key, "says how to play a path; give the path too");
    }
    settings->every = reader.duration("every", {100ms, 24h}).value_or(settings->every);
    settings->loop = reader.boolean("loop").value_or(settings->loop);
    device.simulated = true;
    device.abilities.frames = true;
    device.settings = std::move(settings);
}

}  // namespace menshen::drivers::picture_camera
