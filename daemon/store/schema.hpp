#pragma once
/// Numbered steps of the schema. A step that was released is never edited: a change is a new file.

#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "daemon/store/sqlite.hpp"

namespace menshen::store {

struct Migration {
    int number;
    std::string_view name;  ///< "0001_journal"
    std::string_view sql;
};

/// In order, from 1 without a hole.
[[nodiscard]] std::span<const Migration> migrations();
/// All of them at once: what a new database gets.
[[nodiscard]] std::string_view fresh_schema();
/// The schema this program reads and writes.
[[nodiscard]] int newest_schema();

/// "menshen" as SQLite's application id: tells our files from other programs'.
inline constexpr std::int64_t kApplicationId = 0x6d656e73;

/// Makes the tables in an empty database. Throws SqlError.
void create_schema(Connection& db);
/// Runs the steps above the database's own version, each in a transaction, up to `target`. Throws SqlError.
void migrate(Connection& db, int target);
/// Number of the last step that was run; 0: none.
[[nodiscard]] int schema_version(Connection& db);
/// Tables and indexes with their SQL, blanks evened out, one a line: for comparing two databases.
[[nodiscard]] std::string describe_schema(Connection& db);

}  // namespace menshen::store
