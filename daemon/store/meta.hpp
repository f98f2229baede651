#pragma once
/// Single values of the database, by name. Throws SqlError.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "daemon/store/sqlite.hpp"

namespace menshen::store {

/// 2020-01-01T00:00:00Z. A stamp before it is of a clock that was not set: there was no Menshen then.
inline constexpr Millis kFirstPlausible{1'577'836'800'000};

inline std::optional<std::string> read_meta(Connection& db, std::string_view key) {
    auto row = db.query("SELECT value FROM meta WHERE key = ?", key);
    if (!row.step()) return std::nullopt;
    return row.text(0);
}

/// 0 when it is not there.
inline std::uint64_t read_number(Connection& db, std::string_view key) {
    return static_cast<std::uint64_t>(db.number("SELECT value FROM meta WHERE key = ?", key));
}

template <class T>
void write_meta(Connection& db, std::string_view key, const T& value) {
    db.run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value);
}

}  // namespace menshen::store
