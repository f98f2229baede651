#include "drivers/wiegand/reader.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers;
using namespace menshen::drivers::wiegand;

namespace {

WireFrame frame_of(std::string_view bits) { return {Bits::parse(bits).value(), FrameFault::none, false}; }
Reader a_reader() { return Reader({find_format("H10301"), find_format("UID34")}, 1500ms); }

const std::string kCard = "10111101100010001110101110";
const std::string kOther = "11110000000000101001110011";
const std::string kBadParity = "10111101100010001110101111";

bool is_card(const Reading& reading) { return std::holds_alternative<Card>(reading); }
bool is_nothing(const Reading& reading) { return std::holds_alternative<std::monostate>(reading); }

}  // namespace

TEST_CASE("a frame of a configured format is a card", "[unit]") {
    auto reader = a_reader();
    const auto reading = reader.on_frame(frame_of(kCard), {1s});
    REQUIRE(is_card(reading));
    CHECK(std::get<Card>(reading).number.text() == "26:2F623AE");
    CHECK(std::get<Card>(reading).format->name == "H10301");
    const auto uid = reader.on_frame({encode(*find_format("UID34"), {{"uid", 0x04A1B2C3}}).value()}, {2s});
    REQUIRE(is_card(uid));
    CHECK(std::get<Card>(uid).format->name == "UID34");
}

TEST_CASE("duplicate reads while a card rests on the reader are one presentation", "[unit]") {
    auto reader = a_reader();
    int cards = 0;
    for (int i = 0; i < 100; ++i) cards += is_card(reader.on_frame(frame_of(kCard), {Millis(1000 + 300 * i)})) ? 1 : 0;
    CHECK(cards == 1);
    CHECK(reader.counters().at("repeats") == 99);
    CHECK(reader.counters().at("reads") == 1);
    // Away for longer than the hold: a new presentation.
    CHECK(is_card(reader.on_frame(frame_of(kCard), {Millis(1000 + 300 * 99 + 1501)})));
}

TEST_CASE("a refused event makes the next repeat count", "[unit]") {
    auto reader = a_reader();
    CHECK(is_card(reader.on_frame(frame_of(kCard), {1s})));
    reader.forget();
    CHECK(is_card(reader.on_frame(frame_of(kCard), {1s})));
}

TEST_CASE("a malformed frame is told with its bits and the reason", "[unit]") {
    auto reader = a_reader();
    auto reading = reader.on_frame(frame_of(kBadParity), {1s});
    REQUIRE(std::holds_alternative<Malformed>(reading));
    CHECK(std::get<Malformed>(reading).raw == "26:2F623AF");
    CHECK(std::get<Malformed>(reading).reason == "H10301: trailing parity is even, must be odd");

    reading = reader.on_frame(frame_of(kCard.substr(1)), {1s});
    REQUIRE(std::holds_alternative<Malformed>(reading));
    CHECK(std::get<Malformed>(reading).raw == "25:0F623AE");
    CHECK(std::get<Malformed>(reading).reason == "25 bits, but this reader takes H10301 (26), UID34 (34); a bit was lost");
    reading = reader.on_frame(frame_of(kCard + "0"), {1s});
    CHECK_THAT(std::get<Malformed>(reading).reason, Catch::EndsWith("; a bit too many"));
    reading = reader.on_frame(frame_of("10101"), {1s});
    CHECK(std::get<Malformed>(reading).raw == "5:15");
}

TEST_CASE("stray noise, keys and spoiled frames are counted, not told", "[unit]") {
    auto reader = a_reader();
    for (const auto* bits : {"1", "10", "101"}) CHECK(is_nothing(reader.on_frame(frame_of(bits), {1s})));
    for (const auto* bits : {"1010", "101010", "01011010", "11111111"}) CHECK(is_nothing(reader.on_frame(frame_of(bits), {1s})));
    auto spoiled = frame_of(kCard);
    spoiled.fault = FrameFault::corrupt;
    CHECK(is_nothing(reader.on_frame(spoiled, {1s})));
    auto noisy = frame_of(kCard);
    noisy.noisy = true;
    CHECK(is_card(reader.on_frame(noisy, {1s})));
    const auto counters = reader.counters();
    CHECK(counters.at("stray_frames") == 3);
    CHECK(counters.at("keys") == 4);
    CHECK(counters.at("spoiled_frames") == 1);
    CHECK(counters.at("noisy_frames") == 1);
    CHECK(counters.at("frames") == 9);
}

TEST_CASE("a loose wire does not fill the journal", "[unit]") {
    auto reader = a_reader();
    std::uint32_t told = 0;
    for (int i = 0; i < 1000; ++i) told += is_nothing(reader.on_frame(frame_of(kBadParity), {Millis(i)})) ? 0 : 1;
    CHECK(told == Reader::kMalformedPerMinute);
    CHECK(reader.counters().at("bad_reads") == 1000);
    CHECK(reader.counters().at("bad_reads_unreported") == 1000 - Reader::kMalformedPerMinute);
    CHECK_FALSE(is_nothing(reader.on_frame(frame_of(kBadParity), {61s})));
    // A good card goes through meanwhile.
    CHECK(is_card(reader.on_frame(frame_of(kCard), {500ms})));
}

TEST_CASE("swapped wires are named after several frames, not after one", "[unit]") {
    auto reader = a_reader();
    const auto swapped = [&](const std::string& bits, MonoTime at) {
        const auto reading = reader.on_frame({Bits::parse(bits).value().inverted()}, at);
        return std::get<Malformed>(reading).reason.find("swapped") != std::string::npos;
    };
    CHECK_FALSE(swapped(kCard, {1s}));
    CHECK_FALSE(swapped(kOther, {2s}));
    CHECK_FALSE(swapped(kCard, {3s}));
    CHECK(swapped(kOther, {4s}));
    CHECK(swapped(kCard, {5s}));
    CHECK(is_card(reader.on_frame(frame_of(kCard), {6s})));
    CHECK_FALSE(swapped(kCard, {7s}));
}

TEST_CASE("presence: one presentation, one event", "[unit]") {
    Presence presence(1500ms);
    const CardNumber x{26, "2F623AE"}, y{26, "3C00A73"};
    CHECK(presence.on_read(x, {0s}));
    CHECK_FALSE(presence.on_read(x, {1500ms}));
    CHECK_FALSE(presence.on_read(x, {3000ms}));
    CHECK(presence.on_read(x, {4501ms}));
    // Another card at once is another presentation, and so is the first one after it.
    CHECK(presence.on_read(y, {4600ms}));
    CHECK(presence.on_read(x, {4700ms}));
    CHECK(presence.repeats() == 2);
    presence.forget();
    CHECK(presence.on_read(x, {4700ms}));
    // The same digits in a longer frame are another card.
    CHECK(presence.on_read({28, "2F623AE"}, {4700ms}));
    // Event time went back: another boot.
    CHECK(presence.on_read({28, "2F623AE"}, {100ms}));
}
