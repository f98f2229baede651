#pragma once
/// All tables behind one connection, and the one transaction that writes to them. Store's thread only, once it runs; throws
/// SqlError.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/store/journal.hpp"
#include "daemon/store/keys.hpp"
#include "daemon/store/outbox.hpp"
#include "daemon/store/roster_table.hpp"
#include "daemon/store/rows.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace menshen::store {

/// A batch on its way.
struct Entry {
    std::uint64_t ticket = 0;
    Batch batch;
    std::function<void(const Committed&)> done;
    bool late = false;      ///< Its decisions are to say so.
    Committed committed{};  ///< Set by write().
};

/// Records that found the buffer full.
struct Loss {
    std::uint64_t count = 0;
    Stamp from;   ///< Of the first.
    Record last;  ///< Gives the gap record its time.
};

struct LateNote {
    std::string record;  ///< Its id.
    Now now;
};

struct ConfirmRequest {
    Store::Confirm confirm;
    std::function<void(const Result<Head>&)> answer;
    std::optional<Error> refused{};  ///< Set by write().
};

/// What one transaction writes, in this order. write() may be tried again with the same group until it succeeds.
struct Group {
    std::vector<ConfirmRequest> confirms;
    std::uint64_t delivered_records = 0;
    std::uint64_t delivered_alerts = 0;
    std::vector<LateNote> late_notes;
    std::vector<Entry> entries;
    std::vector<AlertRow> rescued;  ///< Of batches that were refused: newer than those of `entries`.
    std::optional<Loss> loss;       ///< Later than `entries`.
    std::optional<Checkpoint> checkpoint;
    std::optional<Alive> alive;

    // Set by write().
    std::vector<Record> own_before;
    std::vector<Record> own_after;
    bool roster_changed = false;
    bool withdraws = false;  ///< The log is to be cut: see Database::cut_log().

    [[nodiscard]] bool empty() const;
};

class Database {
public:
    /// The tables must be there and in order: see open_database().
    Database(std::unique_ptr<Connection> db, const KeyRing& keys, std::uint64_t outbox_bytes);

    /// All of it or, by an exception, nothing; then everything in memory is as before.
    void write(Group& group);
    /// Writes a whole roster under its own version, into a new journal. Returns why it was refused, or nothing.
    [[nodiscard]] std::string restore(const RosterImage& image);
    /// An erasure goes in steps; the first writes the record that tells of it.
    struct Erasing {
        std::uint64_t by = 0;     ///< That record; 0: not begun.
        std::uint64_t up_to = 0;  ///< Highest seq that may be erased.
    };
    struct ErasureStep {
        std::vector<Record> own;
        std::size_t erased = 0;
        bool more = false;
    };
    [[nodiscard]] ErasureStep erase(WallTime before, const Now& now, Erasing& erasing);

    /// Pages as they were before something was withdrawn or erased stay in the write-ahead log until it is cut. False: a reader
    /// still uses it, or the disk takes nothing; try again later. Does not wait for readers.
    [[nodiscard]] bool cut_log();
    [[nodiscard]] bool log_is_to_be_cut() const { return log_is_to_be_cut_; }

    [[nodiscard]] Head head() const;
    [[nodiscard]] Outbox& outbox() { return outbox_; }
    [[nodiscard]] RosterTable& roster() { return roster_; }
    [[nodiscard]] Connection& connection() { return *db_; }
    [[nodiscard]] std::uint64_t roster_version() const { return roster_version_; }
    [[nodiscard]] std::vector<StoredRecord> tail(const Store::Tail& query);
    [[nodiscard]] Store::SliceRead slice(const Store::Slice& query);
    [[nodiscard]] std::optional<Alive> alive();
    [[nodiscard]] std::optional<Checkpoint> checkpoint();

private:
    void write_all(Group& group);
    void answer_confirms(Group& group);
    void write_entry(Entry& entry, Group& group);
    [[nodiscard]] bool change_roster(Entry& entry);
    void put_alert(const AlertRow& row, const std::vector<Record>& records);
    void append(Record& record);
    void make_room(Group& group);
    void save(const Checkpoint& checkpoint);
    void save(const Alive& alive);

    std::unique_ptr<Connection> db_;
    const KeyRing& keys_;
    std::uint64_t outbox_bytes_;
    std::uint64_t roster_version_ = 0;
    bool log_is_to_be_cut_ = true;  ///< At first: the run before may have been killed in between.
    Journal journal_;
    Outbox outbox_;
    RosterTable roster_;
    Record newest_;  ///< Gives records of the store's own making their time.
};

}  // namespace menshen::store
