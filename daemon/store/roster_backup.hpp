#pragma once
/// The last good roster, sealed, in a file of its own: what a gate opens doors by when its database is damaged.

#include <filesystem>

#include "core/result.hpp"
#include "daemon/store/keys.hpp"
#include "daemon/store/roster_table.hpp"

namespace menshen::store {

/// "roster.backup" beside the database.
[[nodiscard]] std::filesystem::path backup_path(const std::filesystem::path& database);
/// Replaces the file in one step. Blocks until the disk has it.
[[nodiscard]] Result<void> write_backup(const std::filesystem::path& path, const KeyRing& keys, const RosterImage& image);
[[nodiscard]] Result<RosterImage> read_backup(const std::filesystem::path& path, const KeyRing& keys);

}  // namespace menshen::store
