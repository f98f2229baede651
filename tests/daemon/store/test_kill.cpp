#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <string>
#include <thread>

#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;

namespace {

/// A running menshen-store-writer and what it acknowledged.
class Writer {
public:
    Writer(const std::filesystem::path& folder, const std::string& writes_to_live) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::close(ends[1]);
            const char* program = MENSHEN_BIN_DIR "/menshen-store-writer";
            ::execl(program, program, folder.c_str(), writes_to_live.empty() ? nullptr : writes_to_live.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        out_ = ::fdopen(ends[0], "r");
    }
    ~Writer() {
        kill();
        std::fclose(out_);
    }
    /// The next line; empty at the end.
    std::string line() {
        char buffer[64];
        if (std::fgets(buffer, sizeof buffer, out_) == nullptr) return {};
        std::string text(buffer);
        // A line cut by the kill was not said.
        if (text.empty() || text.back() != '\n') return {};
        text.pop_back();
        return text;
    }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = 0;
        killed_ = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    [[nodiscard]] bool was_killed() const { return killed_; }

private:
    pid_t pid_ = 0;
    FILE* out_ = nullptr;
    bool killed_ = false;
};

/// The highest seq of what is left to read.
std::uint64_t last_acknowledged(Writer& writer, std::uint64_t acknowledged) {
    for (std::string text = writer.line(); !text.empty(); text = writer.line()) acknowledged = std::stoull(text);
    return acknowledged;
}

void check_whole(const std::filesystem::path& folder, const std::string& epoch, std::uint64_t acknowledged) {
    Gate gate(folder);
    INFO(gate.refused);
    REQUIRE(gate.opened.store);
    CHECK(gate.opened.set_aside.empty());
    if (!epoch.empty()) CHECK(gate.opened.epoch == epoch);
    CHECK(gate.opened.last_seq >= acknowledged);
    const Audit audit = gate.verify();
    CHECK_FALSE(audit.first_break);
    CHECK(audit.checked == gate.opened.last_seq);
    // No record is in the lane that is not in the journal, and the counts are those of the rows.
    const Head head = gate.store().head();
    std::uint64_t rows = 0;
    for (std::uint64_t after = 0;;) {
        const auto step = gate.lane(after);
        if (step.empty()) break;
        rows += step.size();
        after = step.back().seq;
        REQUIRE(after <= head.seq);
    }
    CHECK(rows == head.waiting_records);
    CHECK(rows == head.seq - head.confirmed_seq);
    CHECK(gate.alert_lane().size() == head.waiting_alerts);
    CHECK(gate.commit({record_at(0)}).records[0].seq == head.seq + 1);
}

}  // namespace

TEST_CASE("kill -9 at any moment loses no acknowledged record", "[store]") {
    const auto seed = GENERATE(range<unsigned>(1, 16));
    CAPTURE(seed);
    std::mt19937 random(seed);
    const TempFolder folder;
    std::uint64_t acknowledged = 0;
    std::string epoch;
    // Killed, restarted and killed again: the second life stands on what the first left.
    for (int life = 0; life < 3; ++life) {
        Writer writer(folder.path(), {});
        const std::string first = writer.line();
        REQUIRE(first.rfind("epoch ", 0) == 0);
        if (epoch.empty()) epoch = first.substr(6);
        CHECK(first.substr(6) == epoch);
        const auto lines = random() % 40;
        for (unsigned i = 0; i < lines; ++i) acknowledged = std::stoull(writer.line());
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 8000));
        writer.kill();
        REQUIRE(writer.was_killed());
        acknowledged = last_acknowledged(writer, acknowledged);
    }
    check_whole(folder.path(), epoch, acknowledged);
}

TEST_CASE("a process that dies in the middle of a write to the disk loses no acknowledged record", "[store]") {
    const auto seed = GENERATE(range<unsigned>(1, 31));
    CAPTURE(seed);
    std::mt19937 random(seed);
    // The first ones die while the database is made.
    const auto writes = seed <= 10 ? seed * 3 : random() % 600;
    CAPTURE(writes);
    const TempFolder folder;
    Writer writer(folder.path(), std::to_string(writes));
    const std::string first = writer.line();
    const std::uint64_t acknowledged = first.empty() ? 0 : last_acknowledged(writer, 0);
    writer.kill();
    REQUIRE(writer.was_killed());
    check_whole(folder.path(), first.empty() ? "" : first.substr(6), acknowledged);
}
