#include "daemon/store/journal.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "daemon/store/meta.hpp"

namespace menshen::store {

namespace {

constexpr std::size_t kSalt = 16;
constexpr std::size_t kMaxErasedRanges = 10'000;

std::string_view view_of(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

void append_big_endian(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

std::string new_salt() {
    std::string salt(kSalt, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), kSalt) != 1)
        throw std::runtime_error("libcrypto: no randomness");
    return salt;
}

Digest digest_from(std::string_view bytes) {
    Digest out{};
    if (bytes.size() == out.size()) std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.data()));
    return out;
}

}  // namespace

Digest first_link(std::string_view epoch) { return sha256(fmt::format("menshen journal v1 {}", epoch)); }

Digest payload_digest(std::string_view salt, std::string_view payload) {
    std::string bytes;
    bytes.reserve(salt.size() + payload.size());
    bytes.append(salt).append(payload);
    return sha256(bytes);
}

Digest next_link(const Digest& previous, const LinkParts& parts) {
    std::string bytes;
    bytes.reserve(previous.size() + 8 + 1 + parts.kind.size() + 8 + parts.payload.size());
    bytes.append(view_of(previous));
    append_big_endian(bytes, parts.seq);
    bytes += static_cast<char>(parts.kind.size());
    bytes.append(parts.kind);
    append_big_endian(bytes, static_cast<std::uint64_t>(parts.at_ms));
    bytes.append(view_of(parts.payload));
    return sha256(bytes);
}

Journal::Journal(Connection& db, std::string epoch) : db_(db), epoch_(std::move(epoch)) {
    tip_.link = first_link(epoch_);
    auto last = db.query("SELECT seq, link FROM journal ORDER BY seq DESC LIMIT 1");
    if (!last.step()) return;
    tip_ = {last.count(0), digest_from(last.bytes(1))};
}

std::size_t Journal::append(Record& record) {
    record.epoch = epoch_;
    record.seq = tip_.seq + 1;
    const std::string payload = to_json(record);
    const std::string salt = new_salt();
    const std::string_view kind = to_text(record.kind);
    const std::int64_t at_ms = record.at.time.since_epoch.count();
    const Digest link = next_link(tip_.link, {record.seq, kind, at_ms, payload_digest(salt, payload)});
    db_.run("INSERT INTO journal (seq, kind, at_ms, payload, salt, link) VALUES (?, ?, ?, ?, ?, ?)", record.seq, kind, at_ms,
            Blob{payload}, Blob{salt}, Blob{view_of(link)});
    tip_ = {record.seq, link};
    return payload.size();
}

std::uint64_t last_older_than(Connection& db, WallTime before) {
    return static_cast<std::uint64_t>(
        db.number("SELECT seq FROM journal WHERE at_ms >= ? AND at_ms < ? ORDER BY seq DESC LIMIT 1", kFirstPlausible.count(),
                  before.since_epoch.count()));
}

bool anything_to_erase(Connection& db, WallTime before, std::uint64_t up_to) {
    return db.number(
               "SELECT EXISTS (SELECT 1 FROM journal WHERE seq <= ? AND at_ms < ? AND erased_by IS NULL "
               "AND seq NOT IN (SELECT seq FROM outbox_kept))",
               up_to, before.since_epoch.count()) != 0;
}

std::size_t erase_payloads(Connection& db, const Erasure& erasure) {
    struct Found {
        std::uint64_t seq;
        Digest digest;
    };
    std::vector<Found> found;
    {
        auto rows = db.query(
            "SELECT seq, salt, payload FROM journal WHERE seq <= ? AND at_ms < ? AND erased_by IS NULL "
            "AND seq NOT IN (SELECT seq FROM outbox_kept) ORDER BY seq LIMIT ?",
            erasure.up_to, erasure.before.since_epoch.count(), erasure.limit);
        while (rows.step()) found.push_back({rows.count(0), payload_digest(rows.bytes(1), rows.bytes(2))});
    }
    for (const auto& row : found) {
        db.run("UPDATE journal SET payload = NULL, salt = NULL, digest = ?, erased_by = ? WHERE seq = ?",
               Blob{view_of(row.digest)}, erasure.by, row.seq);
    }
    return found.size();
}

struct ChainWalk::Row {
    std::uint64_t seq;
    std::string kind;
    std::int64_t at_ms;
    bool erased;
    std::string payload;
    std::string salt;
    Digest link;
    Digest digest;
    std::uint64_t erased_by;
};

ChainWalk::ChainWalk(Connection& db, std::optional<KnownHead> known) : db_(db), known_(std::move(known)) {
    auto epoch = db.query("SELECT value FROM meta WHERE key = 'epoch'");
    if (epoch.step()) epoch_ = epoch.text(0);
    tip_.link = first_link(epoch_);
    end_ = static_cast<std::uint64_t>(db.number("SELECT coalesce(max(seq), 0) FROM journal"));
}

/// Why a row does not continue the chain.
std::optional<std::string> ChainWalk::fault(const Row& row) {
    if (row.seq != tip_.seq + 1) return fmt::format("records {} to {} are missing", tip_.seq + 1, row.seq - 1);
    const Digest digest = row.erased ? row.digest : payload_digest(row.salt, row.payload);
    if (next_link(tip_.link, {row.seq, row.kind, row.at_ms, digest}) != row.link)
        return fmt::format("record {} was changed: its link does not fit it and the record before", row.seq);
    if (row.erased) return fault_of_erasure(row);
    // What is published must say the same as the columns that queries use.
    const auto record = parse_record(row.payload);
    if (!record) return fmt::format("record {} cannot be read: {}", row.seq, record.error().message);
    if (record->epoch != epoch_ || record->seq != row.seq || to_text(record->kind) != row.kind)
        return fmt::format("record {} carries the bytes of record {}", row.seq, record->id());
    return std::nullopt;
}

/// The link of an erased record holds for whoever took the bytes away; that it was Menshen, another record of the chain must say.
std::optional<std::string> ChainWalk::fault_of_erasure(const Row& row) {
    const auto by = row.erased_by;
    if (by <= row.seq) return fmt::format("record {} was erased, and no later record tells of it", row.seq);
    if (by == teller_) return std::nullopt;
    auto teller = db_.query("SELECT kind, payload FROM journal WHERE seq = ?", by);
    if (!teller.step())
        return fmt::format("record {} was erased, and record {}, which should tell of it, is not there", row.seq, by);
    bool tells = teller.bytes(0) == to_text(Kind::command);
    if (tells && !teller.is_null(1)) {  // one that was erased in its turn keeps its kind
        const auto record = parse_record(teller.bytes(1));
        tells = record && field(*record, "command") == std::vector<std::string>{"erase"};
    }
    if (!tells) return fmt::format("record {} was erased, and record {} does not tell of it", row.seq, by);
    teller_ = by;
    return std::nullopt;
}

bool ChainWalk::step(std::size_t rows) {
    auto query = db_.query(
        "SELECT seq, kind, at_ms, payload, salt, link, digest, erased_by FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq "
        "LIMIT ?",
        tip_.seq, end_, rows);
    bool any = false;
    while (query.step()) {
        any = true;
        const Row row{query.count(0),
                      query.text(1),
                      query.integer(2),
                      query.is_null(3),
                      query.text(3),
                      query.text(4),
                      digest_from(query.bytes(5)),
                      digest_from(query.bytes(6)),
                      query.count(7)};
        if (auto reason = fault(row)) {
            audit_.first_break = Audit::Break{row.seq, std::move(*reason)};
            break;
        }
        if (row.erased) note_erased(row.seq, row.erased_by);
        tip_ = {row.seq, row.link};
        ++audit_.checked;
        if (known_ && known_->seq == row.seq) known_seen_ = known_->link == to_hex(row.link);
    }
    if (any && !audit_.first_break) return true;
    finish();
    return false;
}

void ChainWalk::note_erased(std::uint64_t seq, std::uint64_t by) {
    auto& ranges = audit_.erased;
    if (!ranges.empty() && ranges.back().by == by && ranges.back().to + 1 == seq) {
        ranges.back().to = seq;
    } else if (ranges.size() < kMaxErasedRanges) {
        ranges.push_back({seq, seq, by});
    }
}

void ChainWalk::finish() {
    audit_.last_seq = tip_.seq;
    audit_.last_link = to_hex(tip_.link);
    if (audit_.first_break || !known_ || known_seen_) return;
    const auto reason =
        known_->seq > tip_.seq
            ? fmt::format("records {} to {} were cut off: the head known from outside is {}", tip_.seq + 1, known_->seq,
                          known_->seq)
            : fmt::format("the history was written anew: record {} has another link than the one known from outside",
                          known_->seq);
    audit_.first_break = Audit::Break{std::min(known_->seq, tip_.seq + 1), reason};
}

Result<Audit> audit_file(const std::filesystem::path& file, const std::optional<KnownHead>& known) {
    try {
        Connection db(file, Connection::Mode::read, {});
        ChainWalk walk(db, known);
        while (walk.step(10'000)) {
        }
        return walk.take();
    } catch (const SqlError& error) {
        return fail("{}: {}", file.native(), error.what());
    }
}

}  // namespace menshen::store
