#pragma once
/// From a path to a database that can be trusted. Blocks; used before the store's thread runs.

#include <memory>
#include <string>

#include "daemon/store/database.hpp"
#include "daemon/store/file_descriptor.hpp"

namespace menshen::store {

struct OpenedDatabase {
    FileDescriptor lock;  ///< Held as long as the database is in use.
    std::unique_ptr<Database> database;
    bool new_epoch = false;
    std::string set_aside;
    std::string roster_from;
    std::uint32_t boot = 1;
    Roster roster;
    std::vector<FaceTemplateRow> faces;
    std::vector<StrangerRow> strangers;
    std::vector<AlertRow> open_alerts;
};

/// See Store::open(). `keys` must outlive the database.
[[nodiscard]] Result<OpenedDatabase> open_database(const Settings& settings, const KeyRing& keys);

}  // namespace menshen::store
