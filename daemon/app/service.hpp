#pragma once
/// What systemd wants to hear (sd_notify(3)). Without systemd every call does nothing.

#include <chrono>
#include <optional>
#include <string_view>

namespace menshen::service {

/// True when this process was started by systemd: NOTIFY_SOCKET or INVOCATION_ID is set. Read before the environment is cleaned.
[[nodiscard]] bool under_systemd();
void ready();
void stopping();
void status(std::string_view text);
void keep_alive();
/// How often keep_alive() is due: half of what the unit's WatchdogSec allows.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace menshen::service
