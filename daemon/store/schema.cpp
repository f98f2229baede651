#include "daemon/store/schema.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace menshen::store {

namespace {

/// PRAGMA takes no parameters.
void set_version(Connection& db, int number) { db.script(fmt::format("PRAGMA user_version = {}", number)); }

std::string even_blanks(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (!blank) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    return out;
}

}  // namespace

int newest_schema() { return migrations().back().number; }

int schema_version(Connection& db) { return static_cast<int>(db.number("PRAGMA user_version")); }

void create_schema(Connection& db) {
    Transaction transaction(db);
    db.script(fresh_schema());
    set_version(db, newest_schema());
    db.script(fmt::format("PRAGMA application_id = {}", kApplicationId));
    transaction.commit();
}

void migrate(Connection& db, int target) {
    const int held = schema_version(db);
    for (const auto& step : migrations()) {
        if (step.number <= held || step.number > target) continue;
        Transaction transaction(db);
        db.script(step.sql);
        set_version(db, step.number);
        db.script(fmt::format("PRAGMA application_id = {}", kApplicationId));
        transaction.commit();
    }
}

std::string describe_schema(Connection& db) {
    std::string out;
    auto rows = db.query("SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name");
    while (rows.step()) out += fmt::format("{} {}: {}\n", rows.text(0), rows.text(1), even_blanks(rows.bytes(2)));
    return out;
}

}  // namespace menshen::store
