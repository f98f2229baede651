#include "daemon/app/service.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <string>

namespace menshen::service {

bool under_systemd() { return std::getenv("NOTIFY_SOCKET") != nullptr || std::getenv("INVOCATION_ID") != nullptr; }

void ready() { sd_notify(0, "READY=1"); }
void stopping() { sd_notify(0, "STOPPING=1"); }
void status(std::string_view text) { sd_notify(0, ("STATUS=" + std::string(text)).c_str()); }
void keep_alive() { sd_notify(0, "WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_interval() {
    std::uint64_t limit = 0;
    if (sd_watchdog_enabled(0, &limit) <= 0) return std::nullopt;
    return std::chrono::microseconds{limit / 2};
}

}  // namespace menshen::service
