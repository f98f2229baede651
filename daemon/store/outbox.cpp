#include "daemon/store/outbox.hpp"

#include <algorithm>

#include "daemon/store/meta.hpp"

namespace menshen::store {

namespace {

std::string place_of(std::string_view alert, std::string_view to) { return fmt::format("alerts:{}:{}", alert, to); }

bool is_plain(std::string_view kind) { return kind != to_text(Kind::alert) && kind != to_text(Kind::gap); }

}  // namespace

Outbox::Outbox(Connection& db, const KeyRing& keys) : db_(db), keys_(keys) {
    lanes_.confirmed_seq = read_number(db, "confirmed_seq");
    lanes_.alert_n = read_number(db, "alert_n");
    count_lanes();
}

void Outbox::count_lanes() {
    auto above = db_.query("SELECT count(*), coalesce(sum(length(payload)), 0) FROM journal WHERE seq > ?", lanes_.confirmed_seq);
    if (above.step()) {
        lanes_.records = above.count(0);
        lanes_.record_bytes = above.count(1);
    }
    auto kept = db_.query("SELECT count(*), coalesce(sum(length(payload)), 0) FROM outbox_kept JOIN journal USING (seq)");
    if (kept.step()) {
        lanes_.records += kept.count(0);
        lanes_.record_bytes += kept.count(1);
    }
    auto alerts = db_.query("SELECT count(*), coalesce(sum(length(sealed)), 0) FROM alerts WHERE waiting = 1");
    if (alerts.step()) {
        lanes_.alerts = alerts.count(0);
        lanes_.alert_bytes = alerts.count(1);
    }
    find_first_kept();
    find_first_alert();
}

void Outbox::find_first_kept() {
    lanes_.first_kept = static_cast<std::uint64_t>(db_.number("SELECT coalesce(min(seq), 0) FROM outbox_kept"));
}

void Outbox::find_first_alert() {
    lanes_.first_alert = static_cast<std::uint64_t>(db_.number("SELECT coalesce(min(n), 0) FROM alerts WHERE waiting = 1"));
}

void Outbox::on_record(std::size_t bytes) {
    ++lanes_.records;
    lanes_.record_bytes += bytes;
}

void Outbox::put(const AlertRow& row) {
    const std::string sealed = keys_.seal(row.payload, place_of(row.alert.str(), row.to.str()));
    {
        auto held = db_.query("SELECT length(sealed) FROM alerts WHERE alert = ? AND recipient = ? AND waiting = 1",
                              std::string_view(row.alert.str()), std::string_view(row.to.str()));
        if (held.step()) {
            --lanes_.alerts;
            lanes_.alert_bytes -= held.count(0);
        }
    }
    ++lanes_.alert_n;
    db_.run(
        "INSERT INTO alerts (alert, recipient, n, sealed, open, changed_ms, waiting) VALUES (?, ?, ?, ?, ?, ?, 1) "
        "ON CONFLICT (alert, recipient) DO UPDATE SET n = excluded.n, sealed = excluded.sealed, open = excluded.open, "
        "changed_ms = excluded.changed_ms, waiting = 1",
        std::string_view(row.alert.str()), std::string_view(row.to.str()), lanes_.alert_n, Blob{sealed}, row.open,
        row.changed_at.since_epoch.count());
    ++lanes_.alerts;
    lanes_.alert_bytes += sealed.size();
    find_first_alert();
}

void Outbox::deliver(std::uint64_t records, std::uint64_t alerts) {
    // Counted before it is deleted: the sums walk only what is let go of.
    const auto release = [&](Query gone) {
        if (!gone.step()) return;
        lanes_.records -= gone.count(0);
        lanes_.record_bytes -= gone.count(1);
    };
    if (records > 0) {
        release(db_.query(
            "SELECT count(*), coalesce(sum(length(payload)), 0) FROM outbox_kept JOIN journal USING (seq) WHERE seq <= ?",
            records));
        db_.run("DELETE FROM outbox_kept WHERE seq <= ?", records);
        find_first_kept();
    }
    if (records > lanes_.confirmed_seq) {
        release(db_.query("SELECT count(*), coalesce(sum(length(payload)), 0) FROM journal WHERE seq > ? AND seq <= ?",
                          lanes_.confirmed_seq, records));
        lanes_.confirmed_seq = records;
    }
    if (alerts == 0) return;
    {
        auto gone =
            db_.query("SELECT count(*), coalesce(sum(length(sealed)), 0) FROM alerts WHERE waiting = 1 AND n <= ?", alerts);
        if (gone.step()) {
            lanes_.alerts -= gone.count(0);
            lanes_.alert_bytes -= gone.count(1);
        }
    }
    db_.run("UPDATE alerts SET waiting = 0 WHERE waiting = 1 AND n <= ?", alerts);
    find_first_alert();
}

void Outbox::forget_closed(WallTime before) {
    // Numbers follow the order of the changes: one stamped before the clock was set is as old as its neighbours.
    db_.run(
        "DELETE FROM alerts WHERE open = 0 AND waiting = 0 AND changed_ms < ? AND n <= "
        "(SELECT coalesce(max(n), 0) FROM alerts WHERE changed_ms >= ? AND changed_ms < ?)",
        before.since_epoch.count(), kFirstPlausible.count(), before.since_epoch.count());
}

std::optional<Evicted> Outbox::make_room(std::uint64_t limit, std::uint64_t last_seq) {
    if (lanes_.bytes() <= limit) return std::nullopt;
    // More than is needed now, so that a full outbox does not write a gap record with every transaction.
    const std::uint64_t target = limit / 10 * 9;
    Evicted out;
    evict_plain(target, last_seq, out);
    if (lanes_.bytes() > limit) evict_kept(target, out);
    find_first_kept();
    if (out.count == 0) return std::nullopt;
    return out;
}

void Outbox::evict_plain(std::uint64_t target, std::uint64_t last_seq, Evicted& out) {
    std::vector<std::uint64_t> kept;
    std::uint64_t end = lanes_.confirmed_seq;
    {
        auto rows =
            db_.query("SELECT seq, kind, coalesce(length(payload), 0) FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq",
                      lanes_.confirmed_seq, last_seq);
        while (lanes_.bytes() > target && rows.step()) {
            end = rows.count(0);
            if (!is_plain(rows.bytes(1))) {
                kept.push_back(end);
                continue;
            }
            if (out.count++ == 0) out.from = end;
            out.to = end;
            --lanes_.records;
            lanes_.record_bytes -= rows.count(2);
        }
    }
    for (const auto seq : kept) db_.run("INSERT INTO outbox_kept (seq) VALUES (?)", seq);
    lanes_.confirmed_seq = end;
}

void Outbox::evict_kept(std::uint64_t target, Evicted& out) {
    std::vector<std::uint64_t> gone;
    {
        auto rows = db_.query("SELECT seq, coalesce(length(payload), 0) FROM outbox_kept JOIN journal USING (seq) ORDER BY seq");
        while (lanes_.bytes() > target && rows.step()) {
            gone.push_back(rows.count(0));
            --lanes_.records;
            lanes_.record_bytes -= rows.count(1);
        }
    }
    for (const auto seq : gone) {
        db_.run("DELETE FROM outbox_kept WHERE seq = ?", seq);
        out.from = out.count == 0 ? seq : std::min(out.from, seq);
        out.to = std::max(out.to, seq);
        ++out.count;
    }
}

void Outbox::save(const Lanes& before) {
    if (lanes_.confirmed_seq != before.confirmed_seq) write_meta(db_, "confirmed_seq", lanes_.confirmed_seq);
    if (lanes_.alert_n != before.alert_n) write_meta(db_, "alert_n", lanes_.alert_n);
}

std::vector<StoredRecord> Outbox::records(std::uint64_t after, std::size_t limit, std::size_t max_bytes) {
    std::vector<StoredRecord> out;
    std::size_t bytes = 0;
    const auto take = [&](Query rows) {
        while (out.size() < limit && rows.step()) {
            if (rows.is_null(1)) continue;  // erased: there is nothing left to send
            bytes += rows.bytes(1).size();
            if (!out.empty() && bytes > max_bytes) {
                limit = out.size();
                return;
            }
            out.push_back({rows.count(0), rows.text(1)});
        }
    };
    take(db_.query("SELECT seq, payload FROM outbox_kept JOIN journal USING (seq) WHERE seq > ? ORDER BY seq", after));
    take(db_.query("SELECT seq, payload FROM journal WHERE seq > ? ORDER BY seq", std::max(after, lanes_.confirmed_seq)));
    return out;
}

AlertRow Outbox::alert_row(const Query& row) const {
    AlertRow out;
    out.alert = AlertId(row.text(0));
    out.to = RecipientId(row.text(1));
    out.n = row.count(2);
    out.open = row.integer(4) != 0;
    out.changed_at = WallTime{Millis{row.integer(5)}};
    auto payload = keys_.unseal(row.bytes(3), place_of(out.alert.str(), out.to.str()));
    // Damaged on the disk or exchanged by hand: an empty payload is worse than the loud failure of one answer.
    if (!payload) throw SqlError::corrupt(payload.error().message);
    out.payload = std::move(*payload);
    return out;
}

std::vector<AlertRow> Outbox::alerts(std::uint64_t after_n, std::size_t limit) {
    std::vector<AlertRow> out;
    auto rows = db_.query(
        "SELECT alert, recipient, n, sealed, open, changed_ms FROM alerts WHERE waiting = 1 AND n > ? ORDER BY n LIMIT ?",
        after_n, limit);
    while (rows.step()) out.push_back(alert_row(rows));
    return out;
}

std::vector<AlertRow> Outbox::states(Store::Which which, std::size_t limit) {
    std::vector<AlertRow> out;
    auto rows =
        which == Store::Which::open
            ? db_.query("SELECT alert, recipient, n, sealed, open, changed_ms FROM alerts WHERE open = 1 ORDER BY n DESC LIMIT ?",
                        limit)
            : db_.query("SELECT alert, recipient, n, sealed, open, changed_ms FROM alerts ORDER BY n DESC LIMIT ?", limit);
    while (rows.step()) out.push_back(alert_row(rows));
    return out;
}

}  // namespace menshen::store
