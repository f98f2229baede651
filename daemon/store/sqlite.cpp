#include "daemon/store/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

namespace menshen::store {

namespace {

[[noreturn]] void raise(sqlite3* handle, int code) {
    throw SqlError(code & 0xff, handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

void check(sqlite3_stmt* statement, int code) {
    if (code != SQLITE_OK) raise(sqlite3_db_handle(statement), code);
}

}  // namespace

SqlError SqlError::corrupt(const std::string& message) { return {SQLITE_CORRUPT, message}; }

bool SqlError::is_about_values() const { return code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH; }

Query::~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool Query::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    raise(sqlite3_db_handle(statement_), code);
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return data == nullptr ? std::string_view{} : std::string_view(data, static_cast<std::size_t>(size));
}

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

void Query::bind(int index, std::int64_t value) { check(statement_, sqlite3_bind_int64(statement_, index, value)); }
void Query::bind(int index, std::nullptr_t) { check(statement_, sqlite3_bind_null(statement_, index)); }

void Query::bind(int index, std::string_view text) {
    // A view of nothing has no address, and SQLite takes a null address for NULL.
    const char* data = text.data() == nullptr ? "" : text.data();
    check(statement_, sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Query::bind(int index, Blob blob) {
    const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
    check(statement_, sqlite3_bind_blob64(statement_, index, data, blob.bytes.size(), SQLITE_TRANSIENT));
}

Connection::Connection(const std::filesystem::path& file, Mode mode, const std::string& vfs) {
    const int flags = mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    const int code = sqlite3_open_v2(file.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                     vfs.empty() ? nullptr : vfs.c_str());
    if (code != SQLITE_OK) {
        const SqlError error(code & 0xff, handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
        sqlite3_close(handle_);
        throw error;
    }
    sqlite3_busy_timeout(handle_, 5000);
}

Connection::~Connection() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
}

sqlite3_stmt* Connection::prepared(std::string_view sql) {
    std::string key(sql);
    if (const auto held = statements_.find(key); held != statements_.end()) return held->second;
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) raise(handle_, code);
    statements_.emplace(std::move(key), statement);
    return statement;
}

void Connection::script(std::string_view sql) {
    const std::string text(sql);
    const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) raise(handle_, code);
}

std::uint64_t Connection::changes() const { return static_cast<std::uint64_t>(sqlite3_changes64(handle_)); }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Transaction::~Transaction() {
    // After some errors SQLite has rolled back by itself.
    if (done_ || !db_.in_transaction()) return;
    try {
        db_.run("ROLLBACK");
    } catch (const SqlError&) {
        // The connection stays in the transaction only when even this fails; the next BEGIN then says so.
    }
}

void Transaction::commit() {
    db_.run("COMMIT");
    done_ = true;
}

}  // namespace menshen::store
