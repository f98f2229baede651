#include "tests/daemon/store/store_fixture.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <tuple>

namespace menshen::store::testing {

namespace {

void require(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(what);
}

}  // namespace

Post Loop::post() {
    return [this](std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        work_.push_back(std::move(work));
        posted_.notify_one();
    };
}

void Loop::run_posted() {
    std::deque<std::function<void()>> work;
    {
        const std::lock_guard lock(mutex_);
        work.swap(work_);
    }
    for (auto& one : work) one();
}

bool Loop::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (true) {
        run_posted();
        if (done()) return true;
        std::unique_lock lock(mutex_);
        if (!posted_.wait_until(lock, until, [this] { return !work_.empty(); })) return false;
    }
}

TempFolder::TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "menshen-store-XXXXXX").native();
    require(::mkdtemp(name.data()) != nullptr, "no temporary folder");
    path_ = name;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Key key_of(std::uint8_t byte) {
    Key key;
    key.fill(byte);
    return key;
}

Now at(int seconds) {
    const auto start = parse_stamp("2026-11-01T08:00:00.000+08:00");
    Now now;
    now.mono = MonoTime{std::chrono::seconds(100 + seconds)};
    now.wall = {start->time + std::chrono::seconds(seconds), start->offset};
    return now;
}

Record record_at(int seconds, Kind kind) {
    Record record = make_record(kind, at(seconds));
    record.door = DoorId("front");
    record.person = PersonId("p-17");
    return record;
}

AlertRow alert_row(const std::string& alert, const std::string& to, const std::string& payload) {
    AlertRow row;
    row.alert = AlertId(alert);
    row.to = RecipientId(to);
    row.payload = payload;
    return row;
}

std::string raw_bytes(const std::filesystem::path& folder) {
    // By another process: closing a descriptor here would drop the locks that SQLite holds in this one.
    const std::string command = "cat " + folder.native() + "/menshen.db* " + folder.native() + "/roster.backup 2>/dev/null";
    FILE* pipe = ::popen(command.c_str(), "r");
    require(pipe != nullptr, "no pipe");
    std::string out;
    std::array<char, 65536> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), got);
    ::pclose(pipe);
    return out;
}

Settings settings_in(const std::filesystem::path& folder) {
    Settings settings;
    settings.file = folder / "menshen.db";
    settings.opened_at = at(0).wall;
    return settings;
}

Gate::Gate(const std::filesystem::path& folder) : Gate(settings_in(folder)) {}

Gate::Gate(Settings settings, const Key& key) {
    Hooks hooks;
    hooks.post = loop.post();
    hooks.on_health = [this](bool ok, const std::string& reason) { health.emplace_back(ok, reason); };
    hooks.on_own_records = [this](const std::vector<Record>& records) { own.insert(own.end(), records.begin(), records.end()); };
    hooks.on_head = [this](const Head& head) { last_head = head; };
    auto result = Store::open(settings, key, std::move(hooks));
    if (result) {
        opened = std::move(*result);
    } else {
        refused = result.error().message;
    }
}

Gate::~Gate() { close(); }

void Gate::close() {
    if (!opened.store) return;
    std::ignore = opened.store->close(std::chrono::seconds(5));
    loop.run_posted();
    opened.store.reset();
}

Committed Gate::commit(std::vector<Record> records) {
    Batch batch;
    batch.records = std::move(records);
    return commit(std::move(batch));
}

Committed Gate::commit(Batch batch) {
    require(opened.store != nullptr, refused.c_str());
    std::optional<Committed> out;
    const auto ticket = store().commit(std::move(batch), [&](const Committed& committed) { out = committed; });
    require(ticket.taken, "the batch was not taken");
    require(loop.run_until([&] { return out.has_value(); }), "no commit");
    return *out;
}

std::vector<StoredRecord> Gate::lane(std::uint64_t after, std::size_t limit, std::size_t max_bytes) {
    return answer_of<std::vector<StoredRecord>>(
               [&](auto answer) { store().read_records_lane(after, limit, max_bytes, std::move(answer)); })
        .value();
}

std::vector<AlertRow> Gate::alert_lane(std::uint64_t after) {
    return answer_of<std::vector<AlertRow>>([&](auto answer) { store().read_alert_lane(after, 1000, std::move(answer)); })
        .value();
}

Result<Head> Gate::confirm(Store::Confirm confirm) {
    return answer_of<Head>([&](auto answer) { store().confirm(confirm, std::move(answer)); });
}

Audit Gate::verify() {
    return answer_of<Audit>([&](auto answer) { store().verify(std::move(answer)); }).value();
}

std::vector<StoredRecord> Gate::tail(Store::Tail query) {
    return answer_of<std::vector<StoredRecord>>([&](auto answer) { store().tail(query, std::move(answer)); }).value();
}

}  // namespace menshen::store::testing
