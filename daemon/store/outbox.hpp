#pragma once
/// What waits for the platform: two lanes, each with its own numbers (design: "MQTT contract"). Store's thread only; throws
/// SqlError.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/record.hpp"
#include "daemon/store/keys.hpp"
#include "daemon/store/rows.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace menshen::store {

/// The records lane is every record above `confirmed_seq`, so that a delivery is one small write, whatever its length.
struct Lanes {
    std::uint64_t confirmed_seq = 0;
    std::uint64_t alert_n = 0;
    std::uint64_t first_kept = 0;   ///< Of what stayed below `confirmed_seq`; 0: nothing did.
    std::uint64_t first_alert = 0;  ///< 0: the lane is empty.
    std::uint64_t records = 0;
    std::uint64_t record_bytes = 0;
    std::uint64_t alerts = 0;
    std::uint64_t alert_bytes = 0;  ///< As sealed.
    [[nodiscard]] std::uint64_t bytes() const { return record_bytes + alert_bytes; }
};

/// What was taken out of the records lane undelivered. Numbers are of the journal, where the records stay.
struct Evicted {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t count = 0;
};

class Outbox {
public:
    Outbox(Connection& db, const KeyRing& keys);

    [[nodiscard]] const Lanes& lanes() const { return lanes_; }
    /// After a rollback.
    void set_lanes(const Lanes& lanes) { lanes_ = lanes; }

    /// A record was appended.
    void on_record(std::size_t bytes);
    /// An alert changed: its row is now the newest of the lane, an older one is gone from it.
    void put(const AlertRow& row);
    /// Lets go of what was delivered. Numbers below what is already gone change nothing.
    void deliver(std::uint64_t records, std::uint64_t alerts);
    /// Deletes alerts that are closed, delivered, and older than `before`; a stamp before 2020 is not taken at its word.
    void forget_closed(WallTime before);
    /// When the lanes hold more than `limit` bytes, plain records make room until a tenth is free, oldest first; `alert` and
    /// `gap` records only when no plain one is left; the alert lane never.
    [[nodiscard]] std::optional<Evicted> make_room(std::uint64_t limit, std::uint64_t last_seq);
    /// Writes the numbers that changed; once, at the end of a transaction.
    void save(const Lanes& before);

    [[nodiscard]] std::vector<StoredRecord> records(std::uint64_t after, std::size_t limit, std::size_t max_bytes);
    [[nodiscard]] std::vector<AlertRow> alerts(std::uint64_t after_n, std::size_t limit);
    /// Newest change first.
    [[nodiscard]] std::vector<AlertRow> states(Store::Which which, std::size_t limit);

private:
    void count_lanes();
    void find_first_kept();
    void find_first_alert();
    [[nodiscard]] AlertRow alert_row(const Query& row) const;
    void evict_plain(std::uint64_t target, std::uint64_t last_seq, Evicted& out);
    void evict_kept(std::uint64_t target, Evicted& out);

    Connection& db_;
    const KeyRing& keys_;
    Lanes lanes_;
};

}  // namespace menshen::store
