#pragma once
/// What a config file says about a device. Light: no Asio, no device code, so that `menshen config check` can use it
/// (CMake target menshen_driver_settings). Any thread.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/document.hpp"
#include "core/event.hpp"
#include "core/id.hpp"
#include "core/problems.hpp"

namespace menshen::drivers {

/// What a device can be used for, so that a door that asks a camera to unlock is found when the config is read.
struct Abilities {
    bool cards = false;       ///< Emits CardRead: may be a door's reader.
    bool frames = false;      ///< Emits pictures: may be a door's camera.
    bool lock = false;        ///< Obeys SetLock.
    bool signals = false;     ///< Obeys Signal.
    std::vector<Line> lines;  ///< Inputs it reports.

    [[nodiscard]] bool has(Line line) const;
};

/// The settings of one driver; each driver derives its own.
struct DriverSettings {
    DriverSettings() = default;
    DriverSettings(const DriverSettings&) = default;
    DriverSettings& operator=(const DriverSettings&) = default;
    virtual ~DriverSettings() = default;
};

/// One device of the config, checked.
struct DeviceSettings {
    DeviceId id;
    std::string driver;
    bool simulated = false;  ///< Stands for hardware that is not there; the stage may inject into it.
    Abilities abilities;
    std::shared_ptr<const DriverSettings> settings;  ///< Of the type that `driver` reads.
};

/// Reads one entry of `devices:`, a map with the key `driver` and the keys of that driver. Every mistake becomes a problem at its
/// place; then the result is empty. `path` ("devices.front-reader") begins the messages.
///
///     devices:
///       front-reader: {driver: wiegand, source: simulated, formats: [H10301, UID34], hold: 1500ms}
[[nodiscard]] std::optional<DeviceSettings> read_device(const DeviceId& id, const Node& node, const std::string& file,
                                                        const std::string& path, Problems& problems);

/// The names of all drivers, sorted: what `driver` may be.
[[nodiscard]] std::span<const std::string_view> driver_names();

}  // namespace menshen::drivers
