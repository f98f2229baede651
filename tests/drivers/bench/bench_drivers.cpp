// Figures of drivers/, one JSON object a line. Stable names: see docs/drivers.md.

#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

#include "core/event_queue.hpp"
#include "drivers/wiegand/reader.hpp"

using namespace menshen;
using namespace menshen::drivers::wiegand;
using Clock = std::chrono::steady_clock;

namespace {

void print(const char* figure, double per_second) {
    std::printf("{\"figure\": \"%s\", \"value\": %.0f, \"unit\": \"1/s\"}\n", figure, per_second);
}

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// A thousand cards and a bad one in ten, as edges, through assembler, parity, presence and the text of the number.
void frames_per_second() {
    std::mt19937_64 random(1);
    const Format& format = *find_format("H10301");
    std::vector<Bits> frames;
    for (int i = 0; i < 1000; ++i) {
        auto frame = encode(format, {{"facility", random() % 256}, {"card", random() % 65536}}).value();
        if (i % 10 == 0) frame.set(3, !frame[3]);
        frames.push_back(frame);
    }
    Assembler assembler;
    Reader reader({&format, find_format("UID34")}, 200ms);
    Nanos time{};
    std::uint32_t number = 0;
    std::size_t cards = 0, done = 0;
    const auto begin = Clock::now();
    for (; done < 200'000; ++done) {
        const Bits& bits = frames[done % frames.size()];
        for (unsigned bit = 0; bit < bits.size(); ++bit) {
            time += 1ms;
            (void)assembler.add({bits[bit], time, ++number});
        }
        time += 60ms;
        const auto frame = assembler.on_time(time);
        const auto reading = reader.on_frame(*frame, {std::chrono::duration_cast<Millis>(time)});
        cards += std::holds_alternative<Card>(reading) ? 1 : 0;
    }
    const double took = seconds_since(begin);
    if (cards != done / 10 * 9) std::fprintf(stderr, "%zu cards of %zu frames\n", cards, done);
    print("drivers.wiegand.frames_per_s", static_cast<double>(done) / took);
}

void events_per_second() {
    EventQueue queue;
    const CardRead read{DeviceId("front"), {26, "2F623AE"}, "H10301"};
    std::size_t done = 0;
    const auto begin = Clock::now();
    for (; done < 1'000'000; ++done) {
        queue.offer(read);
        (void)queue.take();
    }
    print("core.event_queue.events_per_s", static_cast<double>(done) / seconds_since(begin));
}

}  // namespace

int main() {
    frames_per_second();
    events_per_second();
    return 0;
}
