// Gate, broker and reference consumer together: what is committed at one end is stored at the other, whoever is killed.
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/daemon/mqtt/gate.hpp"
#include "tests/support/broker.hpp"

extern char** environ;

using namespace menshen;
using namespace menshen::mqtt;
using namespace menshen::test;
using nlohmann::json;

namespace {

const std::string kRoot = "menshen/v1/tianlin-12/east/";

/// `menshen platform consume` as a process of its own.
class ConsumerProcess {
public:
    explicit ConsumerProcess(std::uint16_t port) : port_(std::to_string(port)) { start(); }
    ~ConsumerProcess() {
        if (pid_ > 0) kill9();
    }
    ConsumerProcess(const ConsumerProcess&) = delete;
    ConsumerProcess& operator=(const ConsumerProcess&) = delete;

    void start() {
        const auto program = std::string(MENSHEN_BIN_DIR) + "/menshen_test_consumer";
        auto db = database();
        std::string every = "20";
        char* argv[] = {const_cast<char*>(program.c_str()), port_.data(), db.data(), every.data(), nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        const auto out = (folder_.path() / "out").string();
        const auto err = (folder_.path() / "err").string();
        posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        REQUIRE(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ) == 0);
        posix_spawn_file_actions_destroy(&actions);
    }
    void kill9() { (void)end(SIGKILL); }
    /// SIGTERM; returns the exit code.
    int terminate() { return end(SIGTERM); }
    /// For one that ends by itself.
    int wait() { return end(0); }
    [[nodiscard]] json last_line() const {
        std::ifstream in(folder_.path() / "out");
        std::string line;
        for (std::string next; std::getline(in, next);) line = next;
        return json::parse(line, nullptr, false);
    }
    [[nodiscard]] std::string complaints() const {
        std::ifstream in(folder_.path() / "err");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    [[nodiscard]] std::string database() const { return (folder_.path() / "account.db").string(); }

    /// First column of every row.
    [[nodiscard]] std::vector<std::string> ask(const std::string& sql) const {
        sqlite3* db = nullptr;
        REQUIRE(sqlite3_open_v2(database().c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
        sqlite3_busy_timeout(db, 5000);
        sqlite3_stmt* statement = nullptr;
        REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
        std::vector<std::string> out;
        while (sqlite3_step(statement) == SQLITE_ROW)
            out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
        sqlite3_finalize(statement);
        sqlite3_close(db);
        return out;
    }

private:
    int end(int signal) {
        ::kill(pid_, signal);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    TempFolder folder_;
    std::string port_;
    pid_t pid_ = -1;
};

std::vector<std::string> committed_records(const Gate& gate) {
    std::vector<std::string> out;
    for (const auto& [seq, bytes] : gate.outbox.all_records()) out.push_back(bytes);
    return out;
}

}  // namespace

TEST_CASE("the account is exact, and the end is clean", "[mqtt]") {
    const auto protocol = GENERATE(Protocol::v311, Protocol::v5);
    CAPTURE(static_cast<int>(protocol));
    const Broker broker;
    ConsumerProcess consumer(broker.port());
    Gate gate(broker.port(), protocol);
    gate.start();
    for (int i = 0; i < 100; ++i) {
        gate.outbox.add_record();
        if (i % 10 == 0) gate.outbox.add_alert("a" + std::to_string(i), 1);
        gate.changed();
    }
    gate.outbox.add_alert("a0", 2, "grid-3", true);
    gate.changed();
    REQUIRE(gate.settles(Settled::empty));
    CHECK(consumer.terminate() == 0);
    const auto line = consumer.last_line();
    CHECK(line["records"] == 100);
    CHECK(line["malformed"] == 0);
    CHECK(consumer.ask("SELECT bytes FROM record ORDER BY seq") == committed_records(gate));
    CHECK(consumer.ask("SELECT state FROM alert WHERE alert = 'a0' AND change = 2") == std::vector<std::string>{"resolved"});
}

// Killed with kill -9: the broker, with and without a memory of its own, and the consumer. `delivery: platform` is what this is
// for.
TEST_CASE("no loss across kill -9 of broker and consumer", "[mqtt][seeded]") {
    const bool persistence = GENERATE(true, false);
    const auto seed = GENERATE(range(1u, 3u));
    CAPTURE(persistence, seed);
    std::mt19937 random(seed);
    Broker broker({.persistence = persistence});
    ConsumerProcess consumer(broker.port());
    Gate gate(broker.port());
    gate.start();
    int changes = 0;
    for (int step = 0; step < 60; ++step) {
        for (auto n = random() % 8; n > 0; --n) gate.outbox.add_record();
        if (random() % 3 == 0) gate.outbox.add_alert("a" + std::to_string(random() % 5), static_cast<std::uint32_t>(++changes));
        gate.changed();
        gate.loop.run_for(Millis{static_cast<long long>(random() % 40)});
        if (step % 15 == 7) {
            broker.kill9();
            gate.outbox.add_record();
            gate.changed();
            gate.loop.run_for(Millis{100});
            broker.start();
        }
        if (step % 15 == 12) {
            consumer.kill9();
            gate.loop.run_for(Millis{30});
            consumer.start();
        }
    }
    REQUIRE(gate.settles(Settled::empty, Millis{40'000}));
    CHECK(consumer.terminate() == 0);
    CHECK(consumer.ask("SELECT bytes FROM record ORDER BY seq") == committed_records(gate));
    // Of each alert at least its newest state, and nothing that was never committed.
    const auto& all = gate.outbox.all_alerts();
    std::map<std::string, std::string> newest;
    for (const auto& name : all) newest[name.substr(0, name.rfind('/'))] = name;
    const auto stored = consumer.ask("SELECT recipient || '/' || alert || '/' || change FROM alert");
    for (const auto& [alert, name] : newest) CHECK(std::count(stored.begin(), stored.end(), name) == 1);
    for (const auto& name : stored) CHECK(std::count(all.begin(), all.end(), name) == 1);
    for (const auto& trouble : gate.troubles) CHECK(trouble.reason == "");
}

TEST_CASE("a consumer that begins in the middle, and rows that made room", "[mqtt]") {
    const Broker broker;
    Gate gate(broker.port());
    for (int i = 0; i < 10; ++i) gate.outbox.add_record();
    gate.outbox.evict_records(4);
    gate.settings.pump.payload_limit = 1000;
    gate.start();
    REQUIRE(gate.connects());
    gate.loop.run_for(Millis{200});
    ConsumerProcess consumer(broker.port());
    REQUIRE(gate.settles(Settled::empty));
    (void)gate.outbox.add_record(std::string(1001, 'x'));  // too large ever to be sent
    (void)gate.outbox.add_record();
    gate.changed();
    REQUIRE(gate.settles(Settled::empty));
    CHECK(consumer.terminate() == 0);
    CHECK(consumer.ask("SELECT seq FROM record ORDER BY seq") == std::vector<std::string>{"5", "6", "7", "8", "9", "10", "12"});
}

TEST_CASE("a new epoch starts a new account", "[mqtt]") {
    const Broker broker;
    ConsumerProcess consumer(broker.port());
    Gate gate(broker.port());
    gate.outbox.add_record();
    gate.start();
    REQUIRE(gate.connects());
    REQUIRE(gate.settles(Settled::empty));
    gate.outbox.begin_epoch("11111111");
    gate.outbox.add_record();
    gate.outbox.add_record();
    gate.changed();
    REQUIRE(gate.settles(Settled::empty));
    CHECK(gate.troubles.empty());  // it did not confirm the old one again
    CHECK(consumer.terminate() == 0);
    CHECK(consumer.ask("SELECT count(*) FROM record WHERE epoch = '0123abcd'") == std::vector<std::string>{"1"});
    CHECK(consumer.ask("SELECT count(*) FROM record WHERE epoch = '11111111'") == std::vector<std::string>{"2"});
    CHECK(consumer.ask("SELECT epoch FROM journal WHERE is_current") == std::vector<std::string>{"11111111"});
}

TEST_CASE("malformed payloads are refused, said and counted, and the account goes on", "[mqtt]") {
    const Broker broker;
    ConsumerProcess consumer(broker.port());
    Gate gate(broker.port());
    gate.start();
    gate.outbox.add_record();
    gate.changed();
    REQUIRE(gate.connects());
    REQUIRE(gate.settles(Settled::empty));
    Listener stranger(broker.port(), "nothing");
    stranger.say(kRoot + "records", "{\"seq\":");
    stranger.say(kRoot + "records", R"({"epoch":"0123abcd","seq":-4,"at":"x","kind":"passage"})");
    stranger.say(kRoot + "records",
                 R"({"epoch":"0123abcd","seq":1,"at":"x","kind":"passage"})");  // not the record 1 that we have
    stranger.say(kRoot + "alerts/grid-3/zz", std::string("\0\1\2", 3));
    stranger.say(kRoot + "state", "[]");
    gate.loop.run_for(Millis{300});
    gate.outbox.add_record();
    gate.changed();
    REQUIRE(gate.settles(Settled::empty));
    CHECK(consumer.terminate() == 0);
    CHECK(consumer.last_line()["malformed"] == 5);
    CHECK(consumer.last_line()["records"] == 2);
    CHECK(consumer.ask("SELECT bytes FROM record ORDER BY seq") == committed_records(gate));
    CHECK(consumer.complaints().find("came again with other bytes") != std::string::npos);
}

TEST_CASE("a store that fails ends the consumer, and its last line counts what is on the disk", "[mqtt]") {
    const Broker broker;
    ConsumerProcess consumer(broker.port());
    Gate gate(broker.port());
    gate.start();
    gate.outbox.add_record();
    gate.changed();
    REQUIRE(gate.connects());
    REQUIRE(gate.settles(Settled::empty));
    (void)consumer.ask(
        "CREATE TRIGGER full BEFORE INSERT ON record WHEN NEW.seq = 12 BEGIN SELECT RAISE(FAIL, 'disk full'); END");
    for (int i = 0; i < 20; ++i) gate.outbox.add_record();
    gate.changed();
    const auto says = [&] { return consumer.complaints().find("disk full") != std::string::npos; };
    REQUIRE(gate.loop.run_until(says));
    CHECK(consumer.wait() == 1);
    CHECK(consumer.ask("SELECT count(*) FROM record") == std::vector<std::string>{consumer.last_line()["records"].dump()});
}

TEST_CASE("a consumer without a broker waits for one, and ends when told", "[mqtt]") {
    Broker broker;
    broker.kill9();
    ConsumerProcess consumer(broker.port());
    const auto says = [&] { return consumer.complaints().find("Connection refused") != std::string::npos; };
    for (int i = 0; i < 1000 && !says(); ++i) std::this_thread::sleep_for(Millis{10});
    CHECK(says());
    CHECK(consumer.terminate() == 0);
    CHECK(consumer.last_line()["records"] == 0);
}
