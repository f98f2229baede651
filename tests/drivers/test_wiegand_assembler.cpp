#include <vector>

#include "drivers/wiegand/assembler.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers::wiegand;
using namespace std::chrono_literals;

namespace {

/// Wires, and a reader of them that keeps the rules.
struct Wires {
    Assembler assembler;
    std::uint32_t number = 0;
    Nanos time = 1s;
    std::vector<WireFrame> frames;

    void edge(bool one) { keep(assembler.add({one, time, number++})); }
    void send(std::string_view bits, Nanos interval = 1ms) {
        for (const char bit : bits) {
            time += interval;
            edge(bit == '1');
        }
    }
    void silence(Nanos length) {
        time += length;
        keep(assembler.on_time(time));
    }
    void keep(std::optional<WireFrame> frame) {
        if (frame) frames.push_back(*frame);
    }
};

const std::string kCard = "10111101100010001110101110";

}  // namespace

TEST_CASE("edges become a frame when the wires fall silent", "[unit]") {
    Wires wires;
    const auto interval = GENERATE(200us, 1000us, 2000us, 20'000us);
    wires.send(kCard, interval);
    CHECK(wires.assembler.deadline() == wires.time + 40ms);
    wires.silence(40ms);
    CHECK(wires.frames.empty());
    wires.silence(1ns);
    REQUIRE(wires.frames.size() == 1);
    CHECK(wires.frames[0].bits.zeros_and_ones() == kCard);
    CHECK(wires.frames[0].fault == FrameFault::none);
    CHECK_FALSE(wires.frames[0].noisy);
    CHECK_FALSE(wires.assembler.deadline());
}

TEST_CASE("a late wake-up neither joins nor splits frames", "[unit]") {
    Wires wires;
    wires.send(kCard);
    wires.time += 41ms;  // The timer is late: the next frame is in the queue already.
    wires.send("0000");
    wires.silence(500ms);
    REQUIRE(wires.frames.size() == 2);
    CHECK(wires.frames[0].bits.zeros_and_ones() == kCard);
    CHECK(wires.frames[1].bits.zeros_and_ones() == "0000");
    CHECK(wires.frames[1].fault == FrameFault::none);

    // Bits up to the gap apart are one frame, however late they are read.
    wires.send("1");
    wires.send("0", 40ms);
    wires.silence(500ms);
    REQUIRE(wires.frames.size() == 3);
    CHECK(wires.frames[2].bits.zeros_and_ones() == "10");
}

TEST_CASE("the rest of a frame that was closed too early is no card", "[unit]") {
    Wires wires;
    wires.send("1011");
    wires.keep(wires.assembler.on_time(wires.time + 41ms));  // The queue was not read before.
    wires.send("0000");
    wires.silence(1s);
    REQUIRE(wires.frames.size() == 2);
    CHECK(wires.frames[1].fault == FrameFault::torn);
}

TEST_CASE("contact noise on the same wire is taken out", "[unit]") {
    Wires wires;
    for (const char bit : kCard) {
        wires.send({&bit, 1});
        for (int bounce = 0; bounce < 3; ++bounce) {
            wires.time += 40us;
            wires.edge(bit == '1');
        }
    }
    wires.silence(1s);
    REQUIRE(wires.frames.size() == 1);
    CHECK(wires.frames[0].bits.zeros_and_ones() == kCard);
    CHECK(wires.frames[0].noisy);
    CHECK(wires.frames[0].fault == FrameFault::none);
    CHECK(wires.assembler.counters().noise_edges == 3 * kCard.size());
}

TEST_CASE("both wires at once spoil the frame", "[unit]") {
    Wires wires;
    wires.send("1011");
    wires.time += 50us;
    wires.edge(false);
    wires.send(kCard);
    wires.silence(1s);
    REQUIRE(wires.frames.size() == 1);
    CHECK(wires.frames[0].fault == FrameFault::corrupt);
    // And only that frame.
    wires.send(kCard);
    wires.silence(1s);
    CHECK(wires.frames.at(1).fault == FrameFault::none);
}

TEST_CASE("lost edges spoil the frame they were lost from", "[unit]") {
    Wires wires;
    wires.send("10111");
    wires.number += 3;
    wires.send("10001");
    wires.silence(1s);
    CHECK(wires.frames.at(0).fault == FrameFault::lost);
    CHECK(wires.assembler.counters().lost_edges == 3);

    // Between two frames nobody knows which of them lost them.
    wires.send(kCard);
    wires.time += 60ms;
    wires.number += 1;
    wires.send(kCard);
    wires.silence(1s);
    REQUIRE(wires.frames.size() == 3);
    CHECK(wires.frames[1].fault == FrameFault::lost);
    CHECK(wires.frames[2].fault == FrameFault::lost);

    wires.number = 0xFFFFFFFF;  // A jump, and then the number wraps, which is none.
    wires.send("1");
    wires.silence(1s);
    wires.send(kCard);
    wires.silence(1s);
    REQUIRE(wires.frames.size() == 5);
    CHECK(wires.frames[4].fault == FrameFault::none);
}

TEST_CASE("a frame has 128 bits at most", "[unit]") {
    Wires wires;
    wires.send(std::string(128, '1'));
    wires.silence(1s);
    CHECK(wires.frames.at(0).fault == FrameFault::none);
    wires.send(std::string(5000, '1'));
    wires.silence(1s);
    CHECK(wires.frames.at(1).fault == FrameFault::too_long);
    CHECK(wires.frames.at(1).bits.size() == 128);
}

TEST_CASE("stamps that go back spoil the frame", "[unit]") {
    Wires wires;
    wires.send("1011");
    wires.time -= 2ms;
    wires.edge(true);
    wires.silence(1s);
    REQUIRE(wires.frames.size() == 1);
    CHECK(wires.frames[0].fault == FrameFault::corrupt);
    CHECK(name_of(FrameFault::corrupt) == "corrupt");
}
