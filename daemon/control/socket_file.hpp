#pragma once
/// The file that a Unix socket listens at.

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/result.hpp"
#include "daemon/control/descriptor.hpp"

namespace menshen::control {

/// Binds and listens, mode 0660, group `menshen` when it exists. Replaces a socket file only when nobody answers it.
[[nodiscard]] Result<Descriptor> listen_at(const std::string& path);

/// The id of a group of the system; may ask a network.
[[nodiscard]] std::optional<gid_t> group_id(const char* name);

}  // namespace menshen::control
