#include "core/zone.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace menshen {

Result<Zone> Zone::find(const std::string& name) {
    try {
        const auto* zone = date::locate_zone(name);
        Zone out{std::chrono::minutes{0}};
        out.zone_ = zone;
        out.name_ = name;
        return out;
    } catch (const std::runtime_error&) {
        return fail("time zone \"{}\" is not in this machine's database; write a name such as Asia/Shanghai, and install tzdata",
                    name);
    }
}

Stamp Zone::at(WallTime time) const {
    if (zone_ == nullptr) return {time, fixed_};
    const auto info = static_cast<const date::time_zone*>(zone_)->get_info(date::sys_time<Millis>{time.since_epoch});
    return {time, std::chrono::duration_cast<std::chrono::minutes>(info.offset)};
}

}  // namespace menshen
