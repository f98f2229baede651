#pragma once
/// The site's time zone, from the system's IANA database.

#include <string>

#include "core/time.hpp"

namespace menshen {

class Zone {
public:
    /// A fixed offset from UTC.
    explicit Zone(std::chrono::minutes fixed_offset) : fixed_(fixed_offset) {}
    /// An IANA name ("Asia/Shanghai"); fails with the name when the database does not hold it.
    [[nodiscard]] static Result<Zone> find(const std::string& name);

    /// The instant with the offset that is in force there.
    [[nodiscard]] Stamp at(WallTime time) const;
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::chrono::minutes fixed_{};
    std::string name_;
    const void* zone_ = nullptr;  // date::time_zone, kept out of this header: its include is heavy
};

}  // namespace menshen
