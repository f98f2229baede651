#include "daemon/store/opening.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sqlite3.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "daemon/store/meta.hpp"
#include "daemon/store/roster_backup.hpp"
#include "daemon/store/schema.hpp"

namespace menshen::store {

namespace {

constexpr std::size_t kMaxOpenAlerts = 10'000;
constexpr std::string_view kCanary = "Menshen";
constexpr std::string_view kCanaryPlace = "meta:canary";

/// The operator's to mend: the database itself may be good and is left where it is.
class Refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Contents that cannot be right: the file is to be set aside.
bool is_damage(const SqlError& error) {
    if (error.code == SQLITE_NOTADB || error.code == SQLITE_CORRUPT) return true;
    return error.code == SQLITE_ERROR && std::string_view(error.what()).starts_with("no such ");  // table or column
}

std::filesystem::path with_suffix(const std::filesystem::path& file, std::string_view suffix) {
    auto out = file;
    out += suffix;
    return out;
}

Result<FileDescriptor> lock_folder(const std::filesystem::path& file) {
    const auto path = file.parent_path() / "menshen.lock";
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) {
        return fail("{}: cannot be written: {}; the folder must exist and belong to the user that runs menshend", path.native(),
                    std::strerror(errno));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return fail("{}: another menshend uses this database", file.native());
    return lock;
}

/// A pragma answers with what it did, which may not be what was asked for.
void configure(Connection& db) {
    auto mode = db.query("PRAGMA journal_mode = WAL");
    if (!mode.step() || mode.bytes(0) != "wal") throw Refused("the file system does not support SQLite's write-ahead log");
    db.script(
        "PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = ON;"
        "PRAGMA secure_delete = ON;"  // what is forgotten must not stay on free pages
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA journal_size_limit = 16777216;");
}

bool is_empty(Connection& db) { return db.number("SELECT count(*) FROM sqlite_master") == 0; }

/// Checks what is there and brings the schema up to date.
void prepare_schema(Connection& db) {
    if (is_empty(db)) return create_schema(db);
    if (db.number("PRAGMA application_id") != kApplicationId) throw SqlError::corrupt("a database of another program");
    if (schema_version(db) > newest_schema()) {
        throw Refused(
            fmt::format("made by a newer Menshen (schema {}, this one knows {}); install that version again, or move the file "
                        "away to begin anew",
                        schema_version(db), newest_schema()));
    }
    auto check = db.query("PRAGMA quick_check(1)");
    if (!check.step() || check.bytes(0) != "ok") throw SqlError::corrupt(fmt::format("integrity check: {}", check.text(0)));
    migrate(db, newest_schema());
}

std::string new_epoch() {
    std::array<std::uint8_t, 4> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("libcrypto: no randomness");
    return to_hex(bytes);
}

void begin_journal(Connection& db, const KeyRing& keys) {
    Transaction transaction(db);
    write_meta(db, "epoch", std::string_view(new_epoch()));
    write_meta(db, "canary", Blob{keys.seal(kCanary, kCanaryPlace)});
    transaction.commit();
}

void check_key(Connection& db, const KeyRing& keys) {
    const auto canary = read_meta(db, "canary");
    if (!canary) throw SqlError::corrupt("meta has no canary");
    if (!keys.unseal(*canary, kCanaryPlace)) {
        throw Refused(
            "sealed with another master key; give the key file it was made with, or move the database and roster.backup away to "
            "begin "
            "anew");
    }
}

/// What the app needs of it. A roster that cannot be unsealed is damage like any other: the backup is better.
void load(OpenedDatabase& opened, const KeyRing& keys) {
    auto& database = *opened.database;
    opened.roster = {};
    opened.faces.clear();
    for (const auto& change : database.roster().image(0).changes) {
        apply(change, keys, opened.roster);
        if (const auto* face = std::get_if<PutFace>(&change))
            opened.faces.insert(opened.faces.end(), face->templates.begin(), face->templates.end());
    }
    opened.roster.version = database.roster_version();
    opened.strangers = database.roster().strangers();
    opened.open_alerts = database.outbox().states(Store::Which::open, kMaxOpenAlerts);
}

/// Opens what is there. Throws SqlError for damage and trouble, Refused.
OpenedDatabase open_file(const Settings& settings, const KeyRing& keys) {
    OpenedDatabase out;
    auto db = std::make_unique<Connection>(settings.file, Connection::Mode::write, settings.vfs);
    configure(*db);
    prepare_schema(*db);
    if (!read_meta(*db, "epoch")) begin_journal(*db, keys);
    check_key(*db, keys);
    out.new_epoch = !read_meta(*db, "begun");
    out.boot = static_cast<std::uint32_t>(read_number(*db, "boots")) + 1;
    write_meta(*db, "boots", out.boot);
    out.database = std::make_unique<Database>(std::move(db), keys, settings.outbox_bytes);
    load(out, keys);
    return out;
}

/// "menshen.db.broken-20261101T080000", numbered when the name is taken.
std::filesystem::path broken_name(const Settings& settings) {
    std::string stamp;
    for (const char c : to_text(settings.opened_at).substr(0, 19))
        if (c != '-' && c != ':') stamp += c;
    const auto name = with_suffix(settings.file, ".broken-" + stamp);
    auto free = name;
    for (int i = 2; std::filesystem::exists(free); ++i) free = with_suffix(name, fmt::format("-{}", i));
    return free;
}

Result<std::filesystem::path> set_aside(const Settings& settings) {
    const auto target = broken_name(settings);
    for (const std::string_view suffix : {"", "-wal", "-shm"}) {
        const auto from = with_suffix(settings.file, suffix);
        std::error_code error;
        if (!std::filesystem::exists(from, error)) continue;
        std::filesystem::rename(from, with_suffix(target, suffix), error);
        if (error) return fail("{}: is damaged and cannot be set aside: {}", from.native(), error.message());
    }
    return target;
}

/// What a new journal knows of the roster: the last good backup.
void restore_roster(OpenedDatabase& opened, const Settings& settings, const KeyRing& keys) {
    const auto path = backup_path(settings.file);
    const bool expected = !opened.set_aside.empty() || std::filesystem::exists(path);
    if (!expected) return;
    const auto image = read_backup(path, keys);
    if (!image) {
        opened.roster_from = fmt::format("the roster is empty: {}", image.error().message);
        return;
    }
    const std::string refused = opened.database->restore(*image);
    opened.roster_from = refused.empty() ? fmt::format("the roster is version {} of {}", image->version, path.native())
                                         : fmt::format("the roster is empty: {}: {}", path.native(), refused);
    load(opened, keys);
}

/// A new journal is only begun when its roster is in it: a process killed in between does it again.
void finish_new(OpenedDatabase& opened, const Settings& settings, const KeyRing& keys) {
    if (!opened.new_epoch) return;
    restore_roster(opened, settings, keys);
    write_meta(opened.database->connection(), "begun", 1);
}

Result<OpenedDatabase> open_or_set_aside(const Settings& settings, const KeyRing& keys) {
    try {
        return open_file(settings, keys);
    } catch (const SqlError& error) {
        if (!is_damage(error)) throw;
    }
    auto aside = set_aside(settings);
    if (!aside) return tl::unexpected(aside.error());
    auto opened = open_file(settings, keys);
    opened.set_aside = aside->native();
    return opened;
}

}  // namespace

Result<OpenedDatabase> open_database(const Settings& settings, const KeyRing& keys) {
    auto lock = lock_folder(settings.file);
    if (!lock) return tl::unexpected(lock.error());
    try {
        auto opened = open_or_set_aside(settings, keys);
        if (!opened) return opened;
        finish_new(*opened, settings, keys);
        opened->lock = std::move(*lock);
        // The names of the new files, too, must survive a power cut.
        if (auto synced = sync_folder(settings.file.parent_path()); !synced) return tl::unexpected(synced.error());
        return opened;
    } catch (const std::exception& error) {
        return fail("{}: {}", settings.file.native(), error.what());
    }
}

}  // namespace menshen::store
