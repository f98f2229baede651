#pragma once
/// The journal, the outbox, the roster and what else must outlive the process (design: "Records", "Store").
///
/// One thread of its own owns the database. Everything the loop calls here returns at once; answers come back through `Post`.
/// What is queued goes into one transaction (group commit), and a transaction that fails is tried again until it succeeds:
/// nothing is lost until the buffer is full, and then a `gap` record counts it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "core/record.hpp"
#include "core/result.hpp"
#include "core/roster.hpp"
#include "core/time.hpp"
#include "daemon/store/keys.hpp"
#include "daemon/store/rows.hpp"

namespace menshen::store {

/// Runs a function on the loop; called from the store's thread. Must keep the order and must not throw.
using Post = std::function<void(std::function<void()>)>;

struct Settings {
    std::filesystem::path file;  ///< "/var/lib/menshen/menshen.db"; `roster.backup` and `menshen.lock` stand beside it.
    Stamp opened_at;             ///< Event time; names a broken database that is set aside.
    std::size_t buffer = 4096;   ///< Records waiting for a commit; see Store::commit().
    std::uint64_t outbox_bytes = 64u << 20;  ///< Payload bytes of both lanes before plain records make room.
    std::string vfs;                         ///< SQLite's VFS; empty: the default one. Tests put failing disks here.
};

/// What the store tells the loop. Each runs on the loop, by `post`; only `post` is required.
struct Hooks {
    Post post;
    /// The disk stopped taking commits (once, with the reason), and takes them again.
    std::function<void(bool ok, const std::string& reason)> on_health;
    /// Records that the store wrote itself (`gap`, late `command`, erasures): rules must see them as a replay will. In the order
    /// of `seq` with the callbacks of commit().
    std::function<void(const std::vector<Record>&)> on_own_records;
    /// After each transaction, after its callbacks: there may be something to publish.
    std::function<void(const Head&)> on_head;
};

/// Committed together, in one transaction, in this order.
struct Batch {
    std::vector<Record> records;  ///< `epoch` and `seq` are given at commit.
    std::vector<AlertRow> alerts;
    std::vector<RosterChange> roster;
    std::vector<StrangerChange> strangers;
    std::optional<Checkpoint> checkpoint;  ///< Only the newest one waiting is written.
};

struct Committed {
    std::vector<Record> records;  ///< As stored: with epoch, seq and, when it was marked in time, `late`.
    std::uint64_t roster_version = 0;
    std::string refused;  ///< Not empty: a roster change does not fit, and nothing of the batch was committed.
};

/// Names a batch for mark_late().
struct Ticket {
    std::uint64_t number = 0;
    bool taken = false;  ///< False: the buffer is full; `done` will not be called and the records are counted in a `gap` record.
};

class Store {
public:
    struct Opened;

    /// Opens or makes the database, brings it to this program's schema, checks it, and starts the store's thread. Blocks; call it
    /// before the loop runs. A file that is missing makes a new journal; one that is damaged is set aside, and a new journal
    /// begins with the roster of the last good backup. Refused in words: a newer schema, another master key, a folder that cannot
    /// be written, a database that another process holds.
    [[nodiscard]] static Result<Opened> open(const Settings& settings, const Key& master, Hooks hooks);

    /// Closes with a limit of 5 s when close() was not called.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Queues a batch; `done` runs on the loop after its COMMIT, in the order of the calls. Loop thread; never blocks on the
    /// disk. A batch of plain records is refused when `Settings::buffer` records wait. One with alerts, roster or strangers may
    /// use a reserve of a quarter more; past that its records are counted too, but its alert rows are kept (the newest of each
    /// alert and recipient). Times of the store's own records are those of the records around them.
    [[nodiscard]] Ticket commit(Batch batch, std::function<void(const Committed&)> done);

    /// The loop ran the commands of this batch before `done` came. If it is still waiting its decisions (`granted`, `denied`; all
    /// its records when it has neither) are stored with `late: true`; if its transaction is under way, the next one adds for each
    /// a `command` record with `late: true` and `of`, the record's id. After `done` it has no effect. See docs/decisions/0003.
    void mark_late(const Ticket& ticket, const Now& now);

    /// The 60 s sign of life; the newest one waiting is written, with the next transaction.
    void stamp_alive(const Now& now);

    // --- The outbox. Callbacks run on the loop. ---

    /// Undelivered records after `after_seq` in order, until `limit` rows or `max_bytes` (at least one row).
    void read_records_lane(std::uint64_t after_seq, std::size_t limit, std::size_t max_bytes,
                           std::function<void(const Result<std::vector<StoredRecord>>&)> answer);
    /// Undelivered alert states with a number above `after_n`, in order. An older state of the same alert and recipient is gone.
    void read_alert_lane(std::uint64_t after_n, std::size_t limit,
                         std::function<void(const Result<std::vector<AlertRow>>&)> answer);
    /// The platform stored everything up to here; the lanes let go of it. Refused with the reason when `epoch` is another one or
    /// a number lies beyond the committed head. Below what is already confirmed it changes nothing.
    struct Confirm {
        std::string epoch;
        std::uint64_t records = 0;
        std::uint64_t alerts = 0;
    };
    void confirm(Confirm confirm, std::function<void(const Result<Head>&)> answer);
    /// For `delivery: broker`: the broker took everything up to here. 0: nothing of that lane.
    void delivered(std::uint64_t records, std::uint64_t alerts);

    // --- Questions of the control socket. Callbacks run on the loop; those still open at close() are not answered. ---

    struct Tail {
        std::optional<std::uint64_t> after_seq;  ///< The first `limit` after this one; absent: the last `limit`.
        std::size_t limit = 100;                 ///< At most 1,000 are given.
        std::set<Kind> kinds;                    ///< Empty: all. Looks at no more than 100,000 records.
    };
    /// Oldest first. Erased records are left out.
    void tail(Tail query, std::function<void(const Result<std::vector<StoredRecord>>&)> answer);
    /// A piece of the journal for whoever reads all of it, one after the other.
    struct Slice {
        std::uint64_t after_seq = 0;
        std::uint64_t to_seq = 0;        ///< Inclusive.
        std::optional<WallTime> from;    ///< By `at`, inclusive.
        std::optional<WallTime> before;  ///< By `at`, exclusive.
        std::set<Kind> kinds;            ///< Empty: all.
        std::size_t limit = 500;         ///< Records.
        std::size_t bytes = 256 * 1024;  ///< Of payload, but one record at least.
    };
    struct SliceRead {
        std::vector<StoredRecord> records;
        std::uint64_t up_to = 0;  ///< Looked at up to here; `to_seq` when that was all.
    };
    /// Looks at no more than 2,000 records at a time, between two transactions. Erased records are left out.
    void slice(Slice query, std::function<void(const Result<SliceRead>&)> answer);
    /// As they now stand, newest change first, one for each recipient; at most `limit` and 1,000.
    enum class Which : std::uint8_t { open, all };
    void alerts(Which which, std::size_t limit, std::function<void(const Result<std::vector<AlertRow>>&)> answer);
    /// The number of every card, unsealed.
    struct CardNumberRow {
        CardId card;
        std::string number;
    };
    void card_numbers(std::function<void(const Result<std::vector<CardNumberRow>>&)> answer);
    /// Walks the whole chain in steps; commits go on meanwhile.
    void verify(std::function<void(const Result<Audit>&)> answer);
    /// Deletes payload and salt of delivered records older than `before`, leaving the links, and writes a `command` record that
    /// says so (`reason: retention`). Answers with how many.
    void erase_before(WallTime before, const Now& now, std::function<void(const Result<std::uint64_t>&)> answer);

    // --- Any thread. ---

    /// Every record after `seq`, in order, through a connection of its own; blocks the caller. `take` returns false to stop.
    [[nodiscard]] Result<void> records_after(std::uint64_t seq, const std::function<bool(const StoredRecord&)>& take) const;
    /// As of the last transaction.
    [[nodiscard]] Head head() const;
    [[nodiscard]] const KeyRing& keys() const;
    /// Records waiting for a commit.
    [[nodiscard]] std::size_t waiting() const;

    /// Commits what is queued and stops. Callbacks of what was committed are still posted. After `limit` it gives up and the
    /// error says how many records were not written. Later calls to commit() are refused.
    [[nodiscard]] Result<void> close(std::chrono::milliseconds limit);

private:
    class Impl;
    explicit Store(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

struct Store::Opened {
    std::unique_ptr<Store> store;
    std::string epoch;
    bool new_epoch = false;
    std::string set_aside;  ///< Where a damaged database went; empty: none was.
    std::string
        roster_from;  ///< Not empty: the roster is not the journal's own: where it came from, or why it is empty, in words.
    std::optional<Alive> last_alive;
    std::uint32_t boot = 1;  ///< Of this opening: one more than the one before.
    std::uint64_t last_seq = 0;
    Roster roster;
    std::vector<FaceTemplateRow> faces;
    std::vector<StrangerRow> strangers;
    std::optional<Checkpoint> checkpoint;  ///< Of this epoch.
    std::vector<AlertRow> open_alerts;
};

/// Makes the same change to a held copy; `version` grows by one. For the app, when its commit is done, and for the store itself.
/// A card whose index is empty gets it from its number.
void apply(const RosterChange& change, const KeyRing& keys, Roster& roster);

/// A head that was published earlier.
struct KnownHead {
    std::uint64_t seq = 0;
    std::string link;  ///< 64 hex digits.
};
/// Walks the chain of a database file through a connection of its own; blocks the caller. With `known`, that link must be in the
/// chain: so a tail that was cut shows, and a history that was written anew.
[[nodiscard]] Result<Audit> audit_file(const std::filesystem::path& file, const std::optional<KnownHead>& known = std::nullopt);

}  // namespace menshen::store
