#pragma once
/// What the core wants done by a device.

#include <variant>

#include "core/id.hpp"

namespace menshen {

/// Drive a lock output. Idempotent; the driver keeps the state until told otherwise.
struct SetLock {
    DeviceId device;
    bool unlocked = false;
};

/// Tell the person at the reader: LED and buzzer.
struct Signal {
    enum class Meaning : unsigned char { granted, denied, bad_read };
    DeviceId device;
    Meaning meaning = Meaning::denied;
};

using Command = std::variant<SetLock, Signal>;

/// The device that is to run it.
[[nodiscard]] inline const DeviceId& device_of(const Command& command) {
    return std::visit([](const auto& c) -> const DeviceId& { return c.device; }, command);
}

}  // namespace menshen
