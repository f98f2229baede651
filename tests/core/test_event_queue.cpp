#include <random>
#include <set>

#include "core/event_queue.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;

namespace {

CardRead read_of(const std::string& device) { return CardRead{DeviceId(device), {26, "2F623AE"}, "H10301"}; }
LineChanged line_of(const std::string& device, Line line, bool active) { return {DeviceId(device), line, active}; }

}  // namespace

TEST_CASE("an empty queue gives nothing", "[unit]") {
    EventQueue queue;
    CHECK(queue.empty());
    CHECK_FALSE(queue.take());
}

TEST_CASE("reads keep their order, levels go first", "[unit]") {
    EventQueue queue;
    REQUIRE(queue.offer(read_of("a")));
    REQUIRE(queue.offer(read_of("b")));
    REQUIRE(queue.offer(line_of("door", Line::fire, true)));
    REQUIRE(queue.offer(DeviceChanged{DeviceId("a"), false, "unplugged"}));

    CHECK(std::get<LineChanged>(*queue.take()).line == Line::fire);
    CHECK(std::get<DeviceChanged>(*queue.take()).reason == "unplugged");
    CHECK(std::get<CardRead>(*queue.take()).device.str() == "a");
    CHECK(std::get<CardRead>(*queue.take()).device.str() == "b");
    CHECK(queue.empty());
}

TEST_CASE("the latest of a level wins, and each line of each device has its own slot", "[unit]") {
    EventQueue queue;
    for (const bool active : {true, false, true, false}) queue.offer(line_of("door", Line::contact, active));
    queue.offer(line_of("door", Line::exit_button, true));
    queue.offer(line_of("other", Line::contact, true));
    CHECK(queue.levels_waiting() == 3);

    const auto contact = std::get<LineChanged>(*queue.take());
    CHECK(contact.line == Line::contact);
    CHECK_FALSE(contact.active);
    CHECK(std::get<LineChanged>(*queue.take()).line == Line::exit_button);
    CHECK(std::get<LineChanged>(*queue.take()).device.str() == "other");
    CHECK_FALSE(queue.take());
}

TEST_CASE("clock steps that wait add up", "[unit]") {
    EventQueue queue;
    queue.offer(ClockStepped{500, true});
    queue.offer(ClockStepped{-200, false});
    const auto step = std::get<ClockStepped>(*queue.take());
    CHECK(step.by_ms == 300);
    CHECK(step.became_trusted);
    CHECK(queue.empty());
}

TEST_CASE("a source cannot use the share of another", "[unit]") {
    EventQueue queue({.share = 2, .sources = 8});
    CHECK(queue.offer(read_of("loud")));
    CHECK(queue.offer(read_of("loud")));
    CHECK_FALSE(queue.offer(read_of("loud")));
    CHECK(queue.offer(read_of("quiet")));
    CHECK(queue.refused() == 1);

    // A taken read gives its place back.
    REQUIRE(queue.take());
    CHECK(queue.offer(read_of("loud")));
}

TEST_CASE("more sources than the limit have one share in common", "[unit]") {
    EventQueue queue({.share = 1, .sources = 2});
    CHECK(queue.offer(read_of("a")));
    CHECK(queue.offer(read_of("b")));
    CHECK(queue.offer(read_of("c")));
    CHECK_FALSE(queue.offer(read_of("d")));
    CHECK_FALSE(queue.offer(read_of("e")));
    CHECK(queue.reads_waiting() == 3);
}

TEST_CASE("refusals are reported by source, once a minute at most", "[unit]") {
    EventQueue queue({.share = 1, .sources = 8});
    CHECK(queue.report_refusals({0s}).empty());
    for (int i = 0; i < 5; ++i) queue.offer(read_of("loud"));
    const auto report = queue.report_refusals({1s});
    REQUIRE(report.size() == 1);
    CHECK(report[0].source == "loud");
    CHECK(report[0].count == 4);

    queue.offer(read_of("loud"));
    CHECK(queue.report_refusals({60s}).empty());
    REQUIRE(queue.report_refusals({61s}).size() == 1);
    CHECK(queue.report_refusals({200s}).empty());

    // Event time went back with a new boot: still reported.
    queue.offer(read_of("loud"));
    CHECK(queue.report_refusals({5s}).size() == 1);
    CHECK(queue.refused() == 6);
}

TEST_CASE("a storm of a million reads never costs a level", "[unit]") {
    EventQueue queue;
    std::mt19937 random(7);
    std::map<std::string, bool> sent, seen;
    std::size_t accepted = 0, taken = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        accepted += queue.offer(read_of("reader-" + std::to_string(i % 3))) ? 1 : 0;
        if (i % 1000 == 0) {
            const auto device = "door-" + std::to_string(random() % 5);
            const bool active = random() % 2 == 0;
            REQUIRE(queue.offer(line_of(device, Line::fire, active)));
            sent[device] = active;
        }
        if (i % 5000 == 0) {  // The core takes one now and then, far too slowly.
            const auto event = queue.take();
            REQUIRE(event);
            if (const auto* line = std::get_if<LineChanged>(&*event))
                seen[line->device.str()] = line->active;
            else
                ++taken;
        }
    }
    CHECK(queue.reads_waiting() <= 3 * EventQueue::Limits{}.share);
    CHECK(queue.refused() == 1'000'000 - accepted);
    CHECK(accepted == taken + queue.reads_waiting());
    bool read_before_level = false, reads_began = false;
    while (const auto event = queue.take()) {
        if (const auto* line = std::get_if<LineChanged>(&*event)) {
            read_before_level |= reads_began;
            seen[line->device.str()] = line->active;
        } else {
            reads_began = true;
        }
    }
    CHECK_FALSE(read_before_level);
    CHECK(seen == sent);
}

TEST_CASE("a short press of the exit button is not lost behind its release", "[unit][queue]") {
    EventQueue queue;
    queue.offer(line_of("exit", Line::exit_button, true));
    queue.offer(line_of("exit", Line::exit_button, false));
    const auto press = queue.take();
    REQUIRE(press);
    CHECK(std::get<LineChanged>(*press).active);
    const auto release = queue.take();
    REQUIRE(release);
    CHECK_FALSE(std::get<LineChanged>(*release).active);
    CHECK(queue.empty());
}

TEST_CASE("bouncing leaves the exit button as it stands", "[unit][queue]") {
    EventQueue queue;
    for (const bool pressed : {false, true, false}) queue.offer(line_of("exit", Line::exit_button, pressed));
    CHECK(std::get<LineChanged>(*queue.take()).active);
    CHECK_FALSE(std::get<LineChanged>(*queue.take()).active);
}
