#include <random>

#include "drivers/osdp/packet.hpp"
#include "tests/drivers/osdp_bytes.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers::osdp;
using menshen::drivers::osdp::test::bytes_of;
using menshen::drivers::osdp::test::packet_of;

namespace {

struct Case {
    const char* hex;
    std::uint8_t address;
    Direction direction;
    std::uint8_t sequence;
    Check check;
    std::optional<Security> security;
    std::uint8_t code;
    const char* data;
};

/// Packets that others published or recorded: annex E of the standard, the conformance suite, other makers' libraries.
const std::vector<Case>& published() {
    static const std::vector<Case> cases{
        {"537F0D00046E00802500006E38", 127, Direction::command, 0, Check::crc, {}, 0x6E, "0080250000"},
        {"537F0C00006E00802500000F", 127, Direction::command, 0, Check::checksum, {}, 0x6E, "0080250000"},
        {"530008000460EBAA", 0, Direction::command, 0, Check::crc, {}, 0x60, ""},
        {"53050900046100C125", 5, Direction::command, 0, Check::crc, {}, 0x61, "00"},
        {"53000D00066A00020202015992", 0, Direction::command, 2, Check::crc, {}, 0x6A, "0002020201"},
        {"53000E000E02156074DD15A53277", 0, Direction::command, 2, Check::crc, Security::command_mac, 0x60, ""},
    };
    return cases;
}

}  // namespace

TEST_CASE("published packets are read, and written as they were", "[unit][osdp]") {
    for (const auto& known : published()) {
        CAPTURE(known.hex);
        const auto packet = packet_of(known.hex);
        CHECK(packet.address == known.address);
        CHECK(packet.direction == known.direction);
        CHECK(packet.sequence == known.sequence);
        CHECK(packet.check == known.check);
        CHECK(packet.security.has_value() == known.security.has_value());
        if (packet.security && known.security) CHECK(packet.security->type == *known.security);
        CHECK(packet.mac.has_value() == (known.security && carries_mac(*known.security)));
        CHECK(packet.code == known.code);
        CHECK(packet.data == bytes_of(known.data));
        const auto again = encode(packet);
        REQUIRE(again);
        CHECK(*again == bytes_of(known.hex));
    }
}

TEST_CASE("no packet with one wrong bit is taken for one", "[unit][osdp]") {
    for (const auto& known : published()) {
        const auto good = bytes_of(known.hex);
        const auto meant = packet_of(known.hex);
        for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
            CAPTURE(known.hex, bit);
            auto bad = good;
            bad[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
            Receiver receiver;
            auto packets = receiver.feed(bad);
            const auto late = receiver.pause();
            packets.insert(packets.end(), late.begin(), late.end());
            CHECK(packets.empty());
            // And the line is not deaf: what comes next is heard.
            const auto next = receiver.feed(good);
            REQUIRE(next.size() == 1);
            CHECK(next.front() == meant);
        }
    }
}

TEST_CASE("packets are found in pieces, between marks, in noise and behind false starts", "[unit][osdp]") {
    const auto good = bytes_of("53000D00066A00020202015992");
    const auto meant = packet_of("53000D00066A00020202015992");

    SECTION("byte by byte") {
        Receiver receiver;
        std::size_t found = 0;
        for (int round = 0; round < 3; ++round)
            for (const auto byte : good) found += receiver.feed(std::span(&byte, 1)).size();
        CHECK(found == 3);
        CHECK(receiver.waiting() == 0);
    }
    SECTION("marks count as nothing") {
        Bytes line{kMark, kMark};
        line.insert(line.end(), good.begin(), good.end());
        line.push_back(kMark);
        Receiver receiver;
        CHECK(receiver.feed(line) == std::vector{meant});
        CHECK(receiver.counters().skipped == 0);
    }
    SECTION("behind a start byte that begins nothing") {
        Bytes line{0x01, kStart, 0x02, 0xFF, 0xFF, 0x03};
        line.insert(line.end(), good.begin(), good.end());
        Receiver receiver;
        CHECK(receiver.feed(line) == std::vector{meant});
        CHECK(receiver.counters().skipped > 0);
    }
    SECTION("inside what a false start claims, once the line is silent") {
        Bytes line{kStart, 0x00, 0x40, 0x00, 0x04};  // 64 bytes are announced
        line.insert(line.end(), good.begin(), good.end());
        Receiver receiver;
        CHECK(receiver.feed(line).empty());
        CHECK(receiver.pause() == std::vector{meant});
        CHECK(receiver.waiting() == 0);
    }
    SECTION("a packet that was cut, and then a whole one") {
        Receiver receiver;
        CHECK(receiver.feed(std::span(good).first(7)).empty());
        CHECK(receiver.pause().empty());
        CHECK(receiver.feed(good) == std::vector{meant});
    }
}

TEST_CASE("whatever is written is read back", "[unit][osdp]") {
    std::mt19937 random(20261124);
    const auto some = [&](std::size_t most) {
        Bytes out(random() % (most + 1));
        for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
        return out;
    };
    Receiver receiver;
    for (int i = 0; i < 2000; ++i) {
        Packet packet;
        packet.address = static_cast<std::uint8_t>(random() % 128);
        packet.direction = random() % 2 == 0 ? Direction::command : Direction::reply;
        packet.sequence = static_cast<std::uint8_t>(random() % 4);
        packet.check = random() % 2 == 0 ? Check::crc : Check::checksum;
        packet.code = static_cast<std::uint8_t>(random());
        packet.data = some(200);
        if (random() % 2 == 0) {
            packet.security = SecurityBlock{static_cast<Security>(0x11 + random() % 8), some(20)};
            if (carries_mac(packet.security->type)) packet.mac = {1, 2, 3, static_cast<std::uint8_t>(random())};
        }
        const auto bytes = encode(packet);
        REQUIRE(bytes);
        const auto read = receiver.feed(*bytes);
        REQUIRE(read.size() == 1);
        CHECK(read.front() == packet);
    }
    CHECK(receiver.counters().skipped == 0);
    CHECK(receiver.counters().packets == 2000);
}

TEST_CASE("noise takes no memory and ends no listening", "[unit][osdp]") {
    std::mt19937 random(7);
    Receiver receiver;
    Bytes noise(64 * 1024);
    for (auto& byte : noise) byte = random() % 4 == 0 ? kStart : static_cast<std::uint8_t>(random());
    static_cast<void>(receiver.feed(noise));
    CHECK(receiver.waiting() <= kLongest);
    static_cast<void>(receiver.pause());
    CHECK(receiver.waiting() == 0);
    CHECK(receiver.feed(bytes_of("530008000460EBAA")).size() == 1);
}

TEST_CASE("what cannot be said is refused", "[unit][osdp]") {
    const auto refusal = [](const Packet& packet) {
        const auto bytes = encode(packet);
        REQUIRE_FALSE(bytes);
        return bytes.error().message;
    };
    Packet packet;
    packet.address = 128;
    CHECK(refusal(packet).find("0 to 127") != std::string::npos);
    packet = {};
    packet.sequence = 4;
    CHECK(refusal(packet).find("0 to 3") != std::string::npos);
    packet = {};
    packet.mac = {1, 2, 3, 4};
    CHECK(refusal(packet).find("MAC") != std::string::npos);
    packet = {};
    packet.security = SecurityBlock{Security::command_mac};
    CHECK(refusal(packet).find("MAC") != std::string::npos);
    packet = {};
    packet.data.resize(kLongest);
    CHECK(refusal(packet).find("longer") != std::string::npos);
}
