// Card frame in, unlock command out, while the vision thread looks at pictures without a pause.
//
//   door.decision.*           through driver, codec, queue and gate, carried out at once
//   door.decision_commit.*    the same with the commit in between, as a door with `audit: prompt` works
//
// The disk's own time for one record is measured in the same run, as the ratio that a commit cannot beat.

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "drivers/supervisor.hpp"
#include "models/load_face_engine.hpp"
#include "tests/daemon/app/flow_world.hpp"

namespace {

using namespace menshen;
using app::testing::FlowWorld;
using app::testing::test_door;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 1000;
// H10301, facility 123, card 4567.
constexpr const char* kFrame = "10111101100010001110101110";
constexpr const char* kNumber = "26:2F623AE";

double micros(Clock::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

double percentile(std::vector<double> values, double p) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

void print(const std::string& figure, double value, const char* unit) {
    fmt::print("{{\"figure\": \"{}\", \"value\": {:.4g}, \"unit\": \"{}\"}}\n", figure, value, unit);
}

/// Keeps one thread looking at a picture, as the vision worker does on a busy evening.
class BusyVision {
public:
    BusyVision() {
        auto engine = models::load_face_engine({});
        if (!engine) {
            fmt::print(stderr, "vision is idle in this run: {}\n", engine.error().message);
            return;
        }
        engine_ = std::move(*engine);
        // Noise keeps the detector as busy as a street does.
        auto pixels = std::make_shared<std::vector<std::uint8_t>>(640 * 480 * 3);
        std::uint32_t state = 1;
        for (auto& byte : *pixels) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
        frame_ = {DeviceId("camera"), FrameFormat::bgr24, 640, 480, pixels};
        thread_ = std::thread([this] {
            while (!stop_) {
                (void)engine_->look(frame_, {}, models::StrangersWanted::no);
                ++frames_;
            }
        });
    }
    ~BusyVision() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] int frames() const { return frames_; }

private:
    std::unique_ptr<models::FaceEngine> engine_;
    Frame frame_;
    std::thread thread_;
    std::atomic<bool> stop_{false};
    std::atomic<int> frames_{0};
};

/// What the reader hands over goes to the flow, or straight to the gate.
class Sink : public drivers::EventSink {
public:
    std::function<void(Event)> take;
    bool offer(Event event) override {
        take(std::move(event));
        return true;
    }
    bool offer(Frame) override { return false; }
};

/// A simulated reader with the real codec in front of a world with one resident's card.
class Bench {
public:
    explicit Bench(const std::filesystem::path& folder)
        : world(folder, {.door = test_door(), .rules = {}, .vfs = {}}, parse_stamp("2026-11-01T08:00:00+08:00")->time),
          readers(*world.loop, sink, [this] { return world.clock->now(); }) {
        Problems problems;
        const auto node =
            parse_document("bench", "{driver: wiegand, source: simulated, formats: [H10301], hold: 200ms}", problems);
        const auto device = drivers::read_device(DeviceId("in"), *node, "bench", "in", problems);
        sink.take = [this](Event event) { world.flow->offer(std::move(event)); };
        if (!device || !readers.add(*device)) std::abort();
        readers.start();
        const store::PutCard card{.card = {.id = CardId("c9"), .person = PersonId("p1")}, .number = kNumber};
        world.flow->commit({.roster = {card}});
        store::apply(card, world.opened.store->keys(), world.gate->roster());
        (void)world.settle();
        if (!world.run_until([this] { return readers.status().front().online; })) std::abort();
    }

    /// From the injection to the first command to unlock.
    double decision_alone() {
        prepare();
        bool unlocked = false;
        sink.take = [&](Event event) {
            const auto now = world.clock->now();
            for (const auto& grant : world.gate->on_event(event, now).grants) {
                for (const auto& command : world.gate->carry_out(grant, now).commands) {
                    const auto* lock = std::get_if<SetLock>(&command);
                    unlocked = unlocked || (lock != nullptr && lock->unlocked);
                }
            }
        };
        const auto begun = Clock::now();
        show_card();
        const auto took = Clock::now() - begun;
        if (!unlocked) std::abort();
        return micros(took);
    }

    double decision_with_commit() {
        prepare();
        sink.take = [this](Event event) { world.flow->offer(std::move(event)); };
        const auto begun = Clock::now();
        show_card();
        while (!world.unlocked) {
            world.loop->restart();
            world.loop->run_one_for(std::chrono::milliseconds(200));
        }
        const auto took = Clock::now() - begun;
        (void)world.settle();
        return micros(took);
    }

private:
    /// The door locked again and the card long gone from the reader.
    void prepare() {
        (void)world.advance(10s);
        world.unlocked = false;
    }
    void show_card() {
        const auto bits = drivers::parse_injection(DeviceId("in"), "bits", kFrame);
        if (!bits || !readers.inject(*bits)) std::abort();
    }

    FlowWorld world;
    Sink sink;
    drivers::Supervisor readers;
};

/// One record inserted and synced by plain SQLite on the same disk.
double plain_commit(const std::filesystem::path& folder) {
    sqlite3* db = nullptr;
    sqlite3_open((folder / "plain.db").c_str(), &db);
    sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(x)", nullptr, nullptr, nullptr);
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
        const auto begun = Clock::now();
        sqlite3_exec(db, "INSERT INTO t VALUES('a record of some three hundred bytes stands here, or nearly')", nullptr, nullptr,
                     nullptr);
        times.push_back(micros(Clock::now() - begun));
    }
    sqlite3_close(db);
    return percentile(times, 0.5);
}

}  // namespace

int main() {
    const store::testing::TempFolder folder;
    Bench bench(folder.path());
    const BusyVision vision;
    std::vector<double> alone;
    std::vector<double> committed;
    for (int i = 0; i < kRounds; ++i) alone.push_back(bench.decision_alone());
    for (int i = 0; i < kRounds; ++i) committed.push_back(bench.decision_with_commit());
    const auto plain = plain_commit(folder.path());
    print("door.decision.p50", percentile(alone, 0.5) / 1000, "ms");
    print("door.decision.p99", percentile(alone, 0.99) / 1000, "ms");
    print("door.decision_commit.p50", percentile(committed, 0.5) / 1000, "ms");
    print("door.decision_commit.p99", percentile(committed, 0.99) / 1000, "ms");
    print("door.decision_commit.p50_over_plain_sqlite_commit", percentile(committed, 0.5) / plain, "x");
    print("door.decision.vision_frames_meanwhile", vision.frames(), "frames");
    return 0;
}
