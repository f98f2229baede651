#pragma once
/// The chained journal (docs/records.md, "The chain"). Store's thread only; throws SqlError.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "core/record.hpp"
#include "daemon/store/rows.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace menshen::store {

/// The end of the chain.
struct Tip {
    std::uint64_t seq = 0;
    Digest link{};
};

/// The link before the first record: it binds the chain to its epoch.
[[nodiscard]] Digest first_link(std::string_view epoch);
/// SHA-256(salt, payload): all that stays of an erased record.
[[nodiscard]] Digest payload_digest(std::string_view salt, std::string_view payload);

struct LinkParts {
    std::uint64_t seq = 0;
    std::string_view kind;
    std::int64_t at_ms = 0;
    Digest payload;
};
[[nodiscard]] Digest next_link(const Digest& previous, const LinkParts& parts);

class Journal {
public:
    /// Reads the tip.
    Journal(Connection& db, std::string epoch);

    /// Gives the record its epoch and seq, writes it, and returns the size of its canonical bytes.
    std::size_t append(Record& record);
    [[nodiscard]] const std::string& epoch() const { return epoch_; }
    [[nodiscard]] const Tip& tip() const { return tip_; }
    /// After a rollback.
    void set_tip(const Tip& tip) { tip_ = tip; }

private:
    Connection& db_;
    std::string epoch_;
    Tip tip_;
};

struct Erasure {
    WallTime before;
    std::uint64_t up_to = 0;  ///< Highest seq that may be erased.
    std::uint64_t by = 0;     ///< The record that tells of it.
    std::size_t limit = 0;    ///< Rows in this step.
};
/// Puts the digest in the place of payload and salt. Returns how many records were erased.
[[nodiscard]] std::size_t erase_payloads(Connection& db, const Erasure& erasure);
/// The last record that is older than `before`, 0 when there is none. One stamped before 2020 is not taken at its word: the clock
/// was not set yet, and the record is as old as its neighbours.
[[nodiscard]] std::uint64_t last_older_than(Connection& db, WallTime before);
/// True when there is something for erase_payloads().
[[nodiscard]] bool anything_to_erase(Connection& db, WallTime before, std::uint64_t up_to);

/// Walks the chain in steps.
class ChainWalk {
public:
    explicit ChainWalk(Connection& db, std::optional<KnownHead> known = std::nullopt);
    /// Looks at up to `rows` more records. True: there is more to do.
    [[nodiscard]] bool step(std::size_t rows);
    [[nodiscard]] Audit take() { return std::move(audit_); }

private:
    struct Row;
    [[nodiscard]] std::optional<std::string> fault(const Row& row);
    [[nodiscard]] std::optional<std::string> fault_of_erasure(const Row& row);
    void note_erased(std::uint64_t seq, std::uint64_t by);
    void finish();

    Connection& db_;
    std::optional<KnownHead> known_;
    bool known_seen_ = false;
    Tip tip_;
    std::uint64_t end_ = 0;  ///< The tip when the walk began; later records are the next walk's.
    std::string epoch_;
    std::uint64_t teller_ = 0;  ///< The last record that was found to tell of an erasure.
    Audit audit_;
};

}  // namespace menshen::store
