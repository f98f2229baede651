/// Figures of the store, one JSON object a line. The peer is SQLite as it is commonly used: the same settings, one transaction
/// for each record, no chain, no outbox.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "daemon/store/sqlite.hpp"
#include "tests/daemon/store/store_fixture.hpp"

namespace {

using namespace menshen;
using namespace menshen::store;
using testing::record_at;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kTime = 2s;

double per_second(std::uint64_t count, Clock::time_point start) {
    return static_cast<double>(count) / std::chrono::duration<double>(Clock::now() - start).count();
}

/// A reading and its decision in each batch, as the gate commits them, with up to 256 batches waiting.
double records_per_second() {
    const testing::TempFolder folder;
    testing::Gate gate(folder.path());
    std::uint64_t done = 0;
    std::size_t in_flight = 0;
    const auto start = Clock::now();
    for (int i = 0; Clock::now() - start < kTime; ++i) {
        Batch batch;
        batch.records = {record_at(i), record_at(i, Kind::granted)};
        ++in_flight;
        std::ignore = gate.store().commit(std::move(batch), [&](const Committed& committed) {
            --in_flight;
            done += committed.records.size();
        });
        if (!gate.loop.run_until([&] { return in_flight < 256; })) return 0;
    }
    const double result = per_second(done, start);
    return result;
}

double plain_per_second() {
    const testing::TempFolder folder;
    Connection db(folder.path() / "plain.db", Connection::Mode::write, {});
    db.run("PRAGMA journal_mode = WAL");
    db.script("PRAGMA synchronous = FULL; CREATE TABLE journal (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL)");
    std::uint64_t done = 0;
    const auto start = Clock::now();
    while (Clock::now() - start < kTime) {
        const std::string payload = to_json(record_at(static_cast<int>(done)));
        db.run("INSERT INTO journal (payload) VALUES (?)", Blob{payload});
        ++done;
    }
    return per_second(done, start);
}

/// The time from commit() to `done`, one batch at a time: what a door with `audit: strict` waits for.
std::vector<double> commit_millis() {
    const testing::TempFolder folder;
    testing::Gate gate(folder.path());
    std::vector<double> out;
    const auto start = Clock::now();
    for (int i = 0; Clock::now() - start < kTime; ++i) {
        const auto one = Clock::now();
        gate.commit({record_at(i), record_at(i, Kind::granted)});
        out.push_back(std::chrono::duration<double, std::milli>(Clock::now() - one).count());
    }
    std::sort(out.begin(), out.end());
    return out;
}

void print(const char* figure, double value, const char* unit) {
    std::puts(fmt::format(R"({{"figure": "{}", "value": {:.3f}, "unit": "{}"}})", figure, value, unit).c_str());
}

}  // namespace

int main() {
    const double grouped = records_per_second();
    const double plain = plain_per_second();
    const auto millis = commit_millis();
    print("store.records_per_s", grouped, "1/s");
    print("store.plain_inserts_per_s", plain, "1/s");
    print("store.group_commit_gain", grouped / plain, "x");
    print("store.commit.p50", millis[millis.size() / 2], "ms");
    print("store.commit.p99", millis[millis.size() * 99 / 100], "ms");
    return 0;
}
