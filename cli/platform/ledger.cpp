#include "cli/platform/ledger.hpp"

#include <sqlite3.h>

#include <map>
#include <optional>
#include <variant>

namespace menshen::platform {

namespace {

// Numbers of both lanes are below 2^63: SQLite's integers are signed.
constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA busy_timeout = 5000;
CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
    gate TEXT NOT NULL, epoch TEXT NOT NULL, is_current INTEGER NOT NULL DEFAULT 0,
    records_to INTEGER NOT NULL DEFAULT 0, alerts_to INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (gate, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    gate TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, bytes TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (gate, epoch, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert (
    gate TEXT NOT NULL, epoch TEXT NOT NULL, recipient TEXT NOT NULL, alert TEXT NOT NULL, change INTEGER NOT NULL,
    lane INTEGER NOT NULL, state TEXT NOT NULL, bytes TEXT NOT NULL, repeats INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (gate, epoch, recipient, alert, change)) WITHOUT ROWID;
-- What is known of the alert lane above alerts_to: between `previous` and `lane` there is nothing.
CREATE TABLE IF NOT EXISTS lane_step (
    gate TEXT NOT NULL, epoch TEXT NOT NULL, lane INTEGER NOT NULL, previous INTEGER NOT NULL,
    PRIMARY KEY (gate, epoch, lane, previous)) WITHOUT ROWID;
-- Numbers of the record lane above records_to that will never come.
CREATE TABLE IF NOT EXISTS record_missing (
    gate TEXT NOT NULL, epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (gate, epoch, first, last)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS total (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO total VALUES ('repeats', 0), ('malformed', 0);
)sql";

using Bound = std::variant<std::uint64_t, std::string_view>;
using Row = std::vector<std::string>;

}  // namespace

struct Ledger::Impl {
    ~Impl() {
        for (auto& [sql, statement] : statements) sqlite3_finalize(statement);
        sqlite3_close(db);
    }

    [[nodiscard]] auto failed(const char* sql) const { return fail("{}: {} ({})", file, sqlite3_errmsg(db), sql); }

    /// Runs a statement to its end; the first row, if any, as text.
    Result<std::optional<Row>> run(const char* sql, std::initializer_list<Bound> values = {}) {
        auto& statement = statements[sql];
        if (statement == nullptr && sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) return failed(sql);
        int at = 0;
        for (const auto& value : values) {
            ++at;
            if (const auto* number = std::get_if<std::uint64_t>(&value))
                sqlite3_bind_int64(statement, at, static_cast<sqlite3_int64>(*number));
            else if (const auto* text = std::get_if<std::string_view>(&value))
                sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()), SQLITE_TRANSIENT);
        }
        std::optional<Row> row;
        int rc = SQLITE_ROW;
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
            if (!row) row = read_row(statement);
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        if (rc != SQLITE_DONE) return failed(sql);
        return row;
    }

    static Row read_row(sqlite3_stmt* statement) {
        Row row;
        for (int i = 0; i < sqlite3_column_count(statement); ++i) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
            row.emplace_back(text == nullptr ? ""
                                             : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, i))));
        }
        return row;
    }

    Result<std::uint64_t> number(const char* sql, std::initializer_list<Bound> values = {}) {
        auto row = run(sql, values);
        if (!row) return tl::unexpected(row.error());
        return *row ? std::stoull((**row)[0].empty() ? "0" : (**row)[0]) : 0;
    }

    Result<void> count(std::string_view total) {
        if (const auto done = run("UPDATE total SET n = n + 1 WHERE name = ?", {total}); !done)
            return tl::unexpected(done.error());
        return {};
    }

    Result<void> know(const Journal& journal) {
        const auto done = run("INSERT OR IGNORE INTO journal (gate, epoch) VALUES (?, ?)", {journal.gate, journal.epoch});
        if (!done) return tl::unexpected(done.error());
        return {};
    }

    Result<std::uint64_t> advance_records(const Journal& journal, std::uint64_t from);
    Result<std::uint64_t> advance_alerts(const Journal& journal, std::uint64_t from);

    std::string file;
    sqlite3* db = nullptr;
    std::map<const char*, sqlite3_stmt*> statements;  // by the address of the literal
};

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& file) {
    auto impl = std::make_unique<Impl>();
    impl->file = file;
    if (sqlite3_open_v2(file.c_str(), &impl->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK)
        return fail("{}: {}", file, sqlite3_errmsg(impl->db));
    char* problem = nullptr;
    if (sqlite3_exec(impl->db, kSchema, nullptr, nullptr, &problem) != SQLITE_OK) {
        const std::string words = problem == nullptr ? "unknown" : problem;
        sqlite3_free(problem);
        return fail("{}: {}", file, words);
    }
    return std::unique_ptr<Ledger>(new Ledger(std::move(impl)));
}

namespace {

template <class T>
Result<void> without_value(const T& result) {
    if (!result) return tl::unexpected(result.error());
    return {};
}

}  // namespace

Result<void> Ledger::begin() { return without_value(impl_->run("BEGIN IMMEDIATE")); }
Result<void> Ledger::commit() { return without_value(impl_->run("COMMIT")); }
Result<void> Ledger::rollback() {
    if (sqlite3_get_autocommit(impl_->db) != 0) return {};  // SQLite has done so itself after some errors
    return without_value(impl_->run("ROLLBACK"));
}
Result<void> Ledger::count_malformed() { return impl_->count("malformed"); }

Result<Entry> Ledger::put(const RecordMessage& record) {
    const auto& [gate, epoch] = record.journal;
    if (const auto known = impl_->know(record.journal); !known) return tl::unexpected(known.error());
    const auto held = impl_->run("SELECT bytes FROM record WHERE gate = ? AND epoch = ? AND seq = ?", {gate, epoch, record.seq});
    if (!held) return tl::unexpected(held.error());
    if (!*held) {
        const auto put = impl_->run("INSERT INTO record (gate, epoch, seq, kind, bytes) VALUES (?, ?, ?, ?, ?)",
                                    {gate, epoch, record.seq, record.kind, record.bytes});
        if (!put) return tl::unexpected(put.error());
        return Entry::first;
    }
    if ((**held)[0] != record.bytes) return Entry::conflict;
    const auto again =
        impl_->run("UPDATE record SET repeats = repeats + 1 WHERE gate = ? AND epoch = ? AND seq = ?", {gate, epoch, record.seq});
    if (!again) return tl::unexpected(again.error());
    if (const auto counted = impl_->count("repeats"); !counted) return tl::unexpected(counted.error());
    return Entry::repeat;
}

Result<Entry> Ledger::put(const AlertMessage& alert) {
    const auto& [gate, epoch] = alert.journal;
    if (const auto known = impl_->know(alert.journal); !known) return tl::unexpected(known.error());
    const auto step = impl_->run("INSERT OR IGNORE INTO lane_step (gate, epoch, lane, previous) VALUES (?, ?, ?, ?)",
                                 {gate, epoch, alert.lane, alert.previous});
    if (!step) return tl::unexpected(step.error());
    const auto held =
        impl_->run("SELECT lane FROM alert WHERE gate = ? AND epoch = ? AND recipient = ? AND alert = ? AND change = ?",
                   {gate, epoch, alert.to, alert.alert, alert.change});
    if (!held) return tl::unexpected(held.error());
    if (!*held) {
        const auto put = impl_->run(
            "INSERT INTO alert (gate, epoch, recipient, alert, change, lane, state, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            {gate, epoch, alert.to, alert.alert, alert.change, alert.lane, alert.state, alert.bytes});
        if (!put) return tl::unexpected(put.error());
        return Entry::first;
    }
    if (alert.retained) return Entry::repeat;
    const auto again = impl_->run(
        "UPDATE alert SET repeats = repeats + 1 WHERE gate = ? AND epoch = ? AND recipient = ? AND alert = ? AND change = ?",
        {gate, epoch, alert.to, alert.alert, alert.change});
    if (!again) return tl::unexpected(again.error());
    if (const auto counted = impl_->count("repeats"); !counted) return tl::unexpected(counted.error());
    return Entry::repeat;
}

Result<void> Ledger::put(const StateMessage& state) {
    const auto& [gate, epoch] = state.journal;
    if (auto known = impl_->know(state.journal); !known) return known;
    const auto current = impl_->run("UPDATE journal SET is_current = (epoch = ?) WHERE gate = ?", {epoch, gate});
    if (!current) return tl::unexpected(current.error());
    const auto floor = impl_->run(
        "UPDATE journal SET records_to = max(records_to, ?), alerts_to = max(alerts_to, ?) "
        "WHERE gate = ? AND epoch = ?",
        {state.records_from - 1, state.alerts_from - 1, gate, epoch});
    if (!floor) return tl::unexpected(floor.error());
    for (const auto& [first, last] : state.records_missing) {
        const auto put = impl_->run("INSERT OR IGNORE INTO record_missing VALUES (?, ?, ?, ?)", {gate, epoch, first, last});
        if (!put) return tl::unexpected(put.error());
    }
    for (const auto& [first, last] : state.alerts_missing) {
        const auto put = impl_->run("INSERT OR IGNORE INTO lane_step (gate, epoch, lane, previous) VALUES (?, ?, ?, ?)",
                                    {gate, epoch, last, first - 1});
        if (!put) return tl::unexpected(put.error());
    }
    return {};
}

Result<std::uint64_t> Ledger::Impl::advance_records(const Journal& journal, std::uint64_t from) {
    const auto& [gate, epoch] = journal;
    auto to = from;
    for (;;) {
        const auto next = number("SELECT seq FROM record WHERE gate = ? AND epoch = ? AND seq = ?", {gate, epoch, to + 1});
        if (!next) return next;
        if (*next != 0) {
            ++to;
            continue;
        }
        const auto over =
            number("SELECT max(last) FROM record_missing WHERE gate = ? AND epoch = ? AND first <= ?", {gate, epoch, to + 1});
        if (!over) return over;
        if (*over <= to) return to;
        to = *over;
    }
}

Result<std::uint64_t> Ledger::Impl::advance_alerts(const Journal& journal, std::uint64_t from) {
    const auto& [gate, epoch] = journal;
    auto to = from;
    for (;;) {
        const auto next = number("SELECT max(lane) FROM lane_step WHERE gate = ? AND epoch = ? AND lane > ? AND previous <= ?",
                                 {gate, epoch, to, to});
        if (!next) return next;
        if (*next <= to) return to;
        to = *next;
    }
}

Result<Reached> Ledger::advance(const Journal& journal) {
    const auto& [gate, epoch] = journal;
    const auto held = impl_->run("SELECT records_to, alerts_to FROM journal WHERE gate = ? AND epoch = ?", {gate, epoch});
    if (!held) return tl::unexpected(held.error());
    if (!*held) return Reached{};
    const auto records = impl_->advance_records(journal, std::stoull((**held)[0]));
    if (!records) return tl::unexpected(records.error());
    const auto alerts = impl_->advance_alerts(journal, std::stoull((**held)[1]));
    if (!alerts) return tl::unexpected(alerts.error());
    for (const auto& done :
         {impl_->run("UPDATE journal SET records_to = ?, alerts_to = ? WHERE gate = ? AND epoch = ?",
                     {*records, *alerts, gate, epoch}),
          impl_->run("DELETE FROM record_missing WHERE gate = ? AND epoch = ? AND last <= ?", {gate, epoch, *records}),
          impl_->run("DELETE FROM lane_step WHERE gate = ? AND epoch = ? AND lane <= ?", {gate, epoch, *alerts})})
        if (!done) return tl::unexpected(done.error());
    return Reached{*records, *alerts};
}

Result<std::string> Ledger::current_epoch(const std::string& gate) {
    const auto row = impl_->run("SELECT epoch FROM journal WHERE gate = ? AND is_current", {gate});
    if (!row) return tl::unexpected(row.error());
    return *row ? (**row)[0] : std::string();
}

Result<Totals> Ledger::totals() {
    const auto row = impl_->run(
        "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM alert), "
        "(SELECT n FROM total WHERE name = 'repeats'), (SELECT n FROM total WHERE name = 'malformed')");
    if (!row) return tl::unexpected(row.error());
    const auto& r = **row;
    return Totals{std::stoull(r[0]), std::stoull(r[1]), std::stoull(r[2]), std::stoull(r[3])};
}

Result<std::string> Ledger::kept(std::string_view key) {
    const auto row = impl_->run("SELECT value FROM kept WHERE key = ?", {key});
    if (!row) return tl::unexpected(row.error());
    return *row ? (**row)[0] : std::string();
}

Result<void> Ledger::keep(std::string_view key, std::string_view value) {
    return without_value(impl_->run("INSERT OR REPLACE INTO kept VALUES (?, ?)", {key, value}));
}

}  // namespace menshen::platform
