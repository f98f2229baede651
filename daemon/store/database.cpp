#include "daemon/store/database.hpp"

#include <algorithm>
#include <tuple>

#include "daemon/store/meta.hpp"

namespace menshen::store {

namespace {

constexpr std::size_t kMaxTail = 1000;
constexpr std::uint64_t kTailLooks = 100'000;
constexpr std::uint64_t kSliceLooks = 2000;
constexpr std::size_t kEraseStep = 1000;

/// A record of the store's own making, of the moment of another one.
Record at_moment_of(const Record& other, Kind kind) {
    Record record;
    record.kind = kind;
    record.at = other.at;
    record.wall_is_trusted = other.wall_is_trusted;
    record.mono = other.mono;
    record.boot = other.boot;
    return record;
}

Record gap_record(const Loss& loss) {
    Record gap = at_moment_of(loss.last, Kind::gap);
    gap.reason = "buffer_full";
    gap.more["count"] = static_cast<std::int64_t>(loss.count);
    gap.more["from"] = to_text(loss.from);
    gap.more["to"] = to_text(loss.last.at);
    return gap;
}

Record gap_record(const Evicted& evicted, const Record& moment) {
    Record gap = at_moment_of(moment, Kind::gap);
    gap.reason = "outbox_full";
    gap.more["count"] = static_cast<std::int64_t>(evicted.count);
    gap.more["from"] = static_cast<std::int64_t>(evicted.from);
    gap.more["to"] = static_cast<std::int64_t>(evicted.to);
    return gap;
}

Record erase_record(WallTime before, const Now& now) {
    Record record = make_record(Kind::command, now);
    record.reason = "retention";
    record.more["command"] = std::string("erase");
    record.more["erased_before"] = to_text(Stamp{before, now.wall.offset});
    return record;
}

/// True: what it deletes or replaces is of somebody who may want it gone for good.
bool withdraws(const Batch& batch) {
    const auto of_person = [](const RosterChange& change) {
        return std::holds_alternative<RemoveFace>(change) || std::holds_alternative<RemovePerson>(change) ||
               std::holds_alternative<PutFace>(change);
    };
    const auto of_stranger = [](const StrangerChange& change) { return std::holds_alternative<RemoveStranger>(change); };
    return std::any_of(batch.roster.begin(), batch.roster.end(), of_person) ||
           std::any_of(batch.strangers.begin(), batch.strangers.end(), of_stranger);
}

Record late_record(const LateNote& note) {
    Record record = make_record(Kind::command, note.now);
    record.late = true;
    record.more["command"] = std::string("late");
    record.more["of"] = note.record;
    return record;
}

}  // namespace

bool Group::empty() const {
    return confirms.empty() && delivered_records == 0 && delivered_alerts == 0 && late_notes.empty() && entries.empty() &&
           rescued.empty() && !loss && !checkpoint && !alive;
}

Database::Database(std::unique_ptr<Connection> db, const KeyRing& keys, std::uint64_t outbox_bytes)
    : db_(std::move(db)),
      keys_(keys),
      outbox_bytes_(outbox_bytes),
      roster_version_(read_number(*db_, "roster_version")),
      journal_(*db_, read_meta(*db_, "epoch").value_or("")),
      outbox_(*db_, keys),
      roster_(*db_, keys) {}

Head Database::head() const {
    const Lanes& lanes = outbox_.lanes();
    Head out;
    out.epoch = journal_.epoch();
    out.seq = journal_.tip().seq;
    out.link = to_hex(journal_.tip().link);
    out.alert_n = lanes.alert_n;
    out.confirmed_seq = lanes.confirmed_seq;
    out.first_record = lanes.first_kept != 0 ? lanes.first_kept : lanes.confirmed_seq + 1;
    out.first_alert = lanes.first_alert != 0 ? lanes.first_alert : lanes.alert_n + 1;
    out.waiting_records = lanes.records;
    out.waiting_alerts = lanes.alerts;
    out.waiting_bytes = lanes.bytes();
    return out;
}

void Database::write(Group& group) {
    const Tip tip = journal_.tip();
    const Lanes lanes = outbox_.lanes();
    const std::uint64_t roster_version = roster_version_;
    group.own_before.clear();
    group.own_after.clear();
    group.roster_changed = false;
    group.withdraws = false;
    try {
        Transaction transaction(*db_);
        write_all(group);
        outbox_.save(lanes);
        if (roster_version_ != roster_version) write_meta(*db_, "roster_version", roster_version_);
        transaction.commit();
    } catch (...) {
        journal_.set_tip(tip);
        outbox_.set_lanes(lanes);
        roster_version_ = roster_version;
        throw;
    }
    log_is_to_be_cut_ |= group.withdraws;
}

void Database::write_all(Group& group) {
    answer_confirms(group);
    outbox_.deliver(std::min(group.delivered_records, journal_.tip().seq), group.delivered_alerts);
    for (const auto& note : group.late_notes) append(group.own_before.emplace_back(late_record(note)));
    for (auto& entry : group.entries) write_entry(entry, group);
    for (const auto& row : group.rescued) put_alert(row, {});
    if (group.loss) append(group.own_after.emplace_back(gap_record(*group.loss)));
    if (group.checkpoint) save(*group.checkpoint);
    if (group.alive) save(*group.alive);
    make_room(group);
}

void Database::answer_confirms(Group& group) {
    for (auto& request : group.confirms) {
        const auto& confirm = request.confirm;
        const auto& lanes = outbox_.lanes();
        request.refused.reset();
        const auto refuse = [&](std::string why) { request.refused = Error{std::move(why)}; };
        if (confirm.epoch != journal_.epoch()) {
            refuse(fmt::format("confirm is of epoch {}, this journal's is {}", confirm.epoch, journal_.epoch()));
        } else if (confirm.records > journal_.tip().seq) {
            refuse(fmt::format("confirm of record {}, the last one committed is {}", confirm.records, journal_.tip().seq));
        } else if (confirm.alerts > lanes.alert_n) {
            refuse(fmt::format("confirm of alert state {}, the last one is {}", confirm.alerts, lanes.alert_n));
        } else {
            outbox_.deliver(confirm.records, confirm.alerts);
        }
    }
}

void Database::append(Record& record) {
    outbox_.on_record(journal_.append(record));
    newest_ = at_moment_of(record, record.kind);
}

void Database::write_entry(Entry& entry, Group& group) {
    auto& batch = entry.batch;
    entry.committed.refused.clear();
    if (!change_roster(entry)) return;
    group.roster_changed |= !batch.roster.empty();
    group.withdraws |= withdraws(batch);
    const auto decides = [](const Record& r) { return r.kind == Kind::granted || r.kind == Kind::denied; };
    const bool any_decision = std::any_of(batch.records.begin(), batch.records.end(), decides);
    for (auto& record : batch.records) {
        if (entry.late && (!any_decision || decides(record))) record.late = true;
        append(record);
    }
    for (const auto& row : batch.alerts) put_alert(row, batch.records);
    entry.committed.roster_version = roster_version_;
}

/// False: a change was refused, and nothing of this batch stays.
bool Database::change_roster(Entry& entry) {
    const auto& batch = entry.batch;
    if (batch.roster.empty() && batch.strangers.empty()) return true;
    db_->run("SAVEPOINT change");
    try {
        for (const auto& change : batch.roster) roster_.write(change);
        for (const auto& change : batch.strangers) roster_.write(change);
        db_->run("RELEASE change");
        roster_version_ += batch.roster.size();
        return true;
    } catch (const RefusedChange& refused) {
        entry.committed.refused = refused.what();
    } catch (const SqlError& error) {
        if (!error.is_about_values()) throw;
        entry.committed.refused = error.what();
    }
    db_->run("ROLLBACK TO change");
    db_->run("RELEASE change");
    return false;
}

void Database::put_alert(const AlertRow& row, const std::vector<Record>& records) {
    AlertRow stamped = row;
    if (!records.empty()) stamped.changed_at = records.back().at.time;
    outbox_.put(stamped);
}

void Database::make_room(Group& group) {
    const auto evicted = outbox_.make_room(outbox_bytes_, journal_.tip().seq);
    if (evicted) append(group.own_after.emplace_back(gap_record(*evicted, newest_)));
}

void Database::save(const Checkpoint& checkpoint) {
    db_->run(
        "INSERT INTO checkpoint (id, epoch, seq, rules_hash, sealed) VALUES (1, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "epoch = excluded.epoch, seq = excluded.seq, rules_hash = excluded.rules_hash, sealed = excluded.sealed",
        std::string_view(checkpoint.epoch), checkpoint.seq, std::string_view(checkpoint.rules_hash),
        Blob{keys_.seal(checkpoint.bytes, "checkpoint")});
}

void Database::save(const Alive& alive) {
    db_->run(
        "INSERT INTO alive (id, at_ms, offset_minutes, wall_is_trusted, mono_ms, boot) VALUES (1, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms, offset_minutes = excluded.offset_minutes, "
        "wall_is_trusted = excluded.wall_is_trusted, mono_ms = excluded.mono_ms, boot = excluded.boot",
        alive.at.time.since_epoch.count(), alive.at.offset.count(), alive.wall_is_trusted, alive.mono.since_boot.count(),
        alive.boot);
}

std::optional<Alive> Database::alive() {
    auto row = db_->query("SELECT at_ms, offset_minutes, wall_is_trusted, mono_ms, boot FROM alive");
    if (!row.step()) return std::nullopt;
    Alive out;
    out.at = {WallTime{Millis{row.integer(0)}}, std::chrono::minutes{row.integer(1)}};
    out.wall_is_trusted = row.integer(2) != 0;
    out.mono = MonoTime{Millis{row.integer(3)}};
    out.boot = static_cast<std::uint32_t>(row.integer(4));
    return out;
}

std::optional<Checkpoint> Database::checkpoint() {
    auto row = db_->query("SELECT epoch, seq, rules_hash, sealed FROM checkpoint");
    if (!row.step()) return std::nullopt;
    // Of another journal it would be folded on with the wrong records.
    if (row.bytes(0) != journal_.epoch() || row.count(1) > journal_.tip().seq) return std::nullopt;
    auto bytes = keys_.unseal(row.bytes(3), "checkpoint");
    if (!bytes) return std::nullopt;  // a full fold gives the same state
    return Checkpoint{row.text(0), row.count(1), row.text(2), std::move(*bytes)};
}

std::string Database::restore(const RosterImage& image) {
    Group group;
    group.entries.emplace_back().batch.roster = image.changes;
    write(group);
    if (group.entries.front().committed.refused.empty()) {
        write_meta(*db_, "roster_version", image.version);
        roster_version_ = image.version;
    }
    return group.entries.front().committed.refused;
}

std::vector<StoredRecord> Database::tail(const Store::Tail& query) {
    const std::size_t limit = std::min(query.limit, kMaxTail);
    const bool forward = query.after_seq.has_value();
    std::vector<StoredRecord> out;
    const auto take = [&](Query rows) {
        while (out.size() < limit && rows.step()) {
            const auto kind = parse_kind(rows.bytes(1));
            if (!query.kinds.empty() && (!kind || !query.kinds.contains(*kind))) continue;
            out.push_back({rows.count(0), rows.text(2)});
        }
    };
    const auto last = journal_.tip().seq;
    if (forward) {
        const auto after = *query.after_seq;
        take(db_->query("SELECT seq, kind, payload FROM journal WHERE seq > ? AND seq <= ? AND payload IS NOT NULL ORDER BY seq",
                        after, after > last ? after : after + std::min(kTailLooks, last - after)));
    } else {
        take(db_->query("SELECT seq, kind, payload FROM journal WHERE seq > ? AND payload IS NOT NULL ORDER BY seq DESC",
                        last > kTailLooks ? last - kTailLooks : 0));
        std::reverse(out.begin(), out.end());
    }
    return out;
}

Store::SliceRead Database::slice(const Store::Slice& query) {
    const auto last = std::min(query.to_seq, journal_.tip().seq);
    Store::SliceRead out;
    out.up_to = query.after_seq >= last ? last : std::min(last, query.after_seq + kSliceLooks);
    auto rows = db_->query("SELECT seq, kind, at_ms, payload FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq",
                           query.after_seq, out.up_to);
    std::size_t bytes = 0;
    while (rows.step()) {
        const WallTime at{Millis{rows.integer(2)}};
        if (rows.is_null(3) || (query.from && at < *query.from) || (query.before && at >= *query.before)) continue;
        const auto kind = parse_kind(rows.bytes(1));
        if (!query.kinds.empty() && (!kind || !query.kinds.contains(*kind))) continue;
        out.records.push_back({rows.count(0), rows.text(3)});
        bytes += out.records.back().payload.size();
        if (out.records.size() >= query.limit || bytes >= query.bytes) {
            out.up_to = out.records.back().seq;
            break;
        }
    }
    return out;
}

Database::ErasureStep Database::erase(WallTime before, const Now& now, Erasing& erasing) {
    ErasureStep out;
    const Tip tip = journal_.tip();
    const Lanes lanes = outbox_.lanes();
    if (erasing.by == 0) {
        // Only what was delivered: what waits for the platform is bounded by the outbox's own limit.
        erasing.up_to = std::min(lanes.confirmed_seq, last_older_than(*db_, before));
        if (!anything_to_erase(*db_, before, erasing.up_to)) return out;
    }
    std::uint64_t by = erasing.by;
    try {
        Transaction transaction(*db_);
        if (by == 0) {
            append(out.own.emplace_back(erase_record(before, now)));
            by = out.own.front().seq;
        }
        out.erased = erase_payloads(*db_, {before, erasing.up_to, by, kEraseStep});
        outbox_.forget_closed(before);
        outbox_.save(lanes);
        transaction.commit();
        erasing.by = by;
    } catch (...) {
        journal_.set_tip(tip);
        outbox_.set_lanes(lanes);
        throw;
    }
    out.more = out.erased == kEraseStep;
    if (!out.more) {
        log_is_to_be_cut_ = true;
        std::ignore = cut_log();
    }
    return out;
}

bool Database::cut_log() {
    // A reader of long breath must not hold up the commits.
    db_->script("PRAGMA busy_timeout = 0");
    bool is_cut = false;
    try {
        auto result = db_->query("PRAGMA wal_checkpoint(TRUNCATE)");
        is_cut = result.step() && result.integer(0) == 0;  // the column "busy"
    } catch (const SqlError&) {
        // A disk that takes nothing shows at the next commit, and health tells of it; the log waits like everything else.
    }
    db_->script("PRAGMA busy_timeout = 5000");
    if (is_cut) log_is_to_be_cut_ = false;
    return is_cut;
}

}  // namespace menshen::store
