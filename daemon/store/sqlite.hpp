#pragma once
/// SQLite's C interface with owners and values. Errors are exceptions of this room: Store catches them all.

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace menshen::store {

/// What SQLite said; `code` is its primary result code.
class SqlError : public std::runtime_error {
public:
    SqlError(int result_code, const std::string& message) : std::runtime_error(message), code(result_code) {}
    /// What the database says cannot be so.
    [[nodiscard]] static SqlError corrupt(const std::string& message);
    /// True: these values can never be written, however often it is tried.
    [[nodiscard]] bool is_about_values() const;
    int code;
};

struct Blob {
    std::string_view bytes;
};

/// A statement in use. Resets it at the end of its life, so that it holds no read transaction open.
class Query {
public:
    explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
    Query(Query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Query& operator=(Query&&) = delete;
    ~Query();

    /// True: a row is there. Throws SqlError.
    [[nodiscard]] bool step();
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    /// Of a text or blob; valid until the next step.
    [[nodiscard]] std::string_view bytes(int column) const;
    [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }
    [[nodiscard]] bool is_null(int column) const;

    void bind(int index, std::int64_t value);
    void bind(int index, std::string_view text);
    void bind(int index, Blob blob);
    void bind(int index, std::nullptr_t);
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value) {
            bind(index, *value);
        } else {
            bind(index, nullptr);
        }
    }
    template <std::integral T>
    void bind(int index, T value) {
        bind(index, static_cast<std::int64_t>(value));
    }

private:
    sqlite3_stmt* statement_;
};

/// One connection, one thread at a time. Statements are prepared once and kept: `sql` must be a literal.
class Connection {
public:
    enum class Mode : unsigned char { write, read };
    /// Throws SqlError. `vfs` empty: the default one.
    Connection(const std::filesystem::path& file, Mode mode, const std::string& vfs);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    template <class... Args>
    [[nodiscard]] Query query(std::string_view sql, const Args&... args) {
        Query out(prepared(sql));
        int index = 0;
        (out.bind(++index, args), ...);
        return out;
    }
    /// Runs to the end; rows are dropped.
    template <class... Args>
    void run(std::string_view sql, const Args&... args) {
        Query statement = query(sql, args...);
        while (statement.step()) {
        }
    }
    /// The first column of the first row; 0 when there is none.
    template <class... Args>
    [[nodiscard]] std::int64_t number(std::string_view sql, const Args&... args) {
        Query statement = query(sql, args...);
        return statement.step() ? statement.integer(0) : 0;
    }
    /// Several statements without parameters.
    void script(std::string_view sql);
    [[nodiscard]] std::uint64_t changes() const;
    [[nodiscard]] bool in_transaction() const;

private:
    [[nodiscard]] sqlite3_stmt* prepared(std::string_view sql);

    sqlite3* handle_ = nullptr;
    std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

/// BEGIN IMMEDIATE, and ROLLBACK unless commit() was reached.
class Transaction {
public:
    explicit Transaction(Connection& db) : db_(db) { db_.run("BEGIN IMMEDIATE"); }
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

private:
    Connection& db_;
    bool done_ = false;
};

}  // namespace menshen::store
