#include "drivers/osdp/secure_channel.hpp"

#include "tests/drivers/osdp_bytes.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers::osdp;
using menshen::drivers::osdp::test::bytes_of;
using menshen::drivers::osdp::test::packet_of;

namespace {

template <std::size_t N>
std::array<std::uint8_t, N> array_of(std::string_view hex) {
    const auto bytes = bytes_of(hex);
    REQUIRE(bytes.size() == N);
    std::array<std::uint8_t, N> out;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

// Annex E of the standard, as published with libosdp.
const Random kPanel{0xB0, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7};
const Random kReader{0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7};

struct Ends {
    SessionKeys keys{kDefaultKey, kPanel};
    Block initial = keys.initial_mac(keys.panel_cryptogram(kPanel, kReader));
    SecureSession panel{keys, initial};
    SecureSession reader{keys, initial};
};

Packet command(std::uint8_t code, Bytes data, std::uint8_t sequence = 2) {
    Packet out;
    out.sequence = sequence;
    out.code = code;
    out.data = std::move(data);
    return out;
}

}  // namespace

TEST_CASE("the handshake is that of annex E", "[unit][osdp]") {
    const SessionKeys keys(kDefaultKey, kPanel);
    CHECK(keys.reader_cryptogram(kPanel, kReader) == array_of<16>("FDE5D2F428EC16312471EA3C02BD7796"));
    const auto panel = keys.panel_cryptogram(kPanel, kReader);
    CHECK(panel == array_of<16>("26D3356E07762D262801FC8E6665A891"));
    CHECK(keys.initial_mac(panel) == array_of<16>("B2A30057EB98BA2229EC1F875662B524"));
}

TEST_CASE("a session is sealed and opened byte for byte as others do", "[unit][osdp]") {
    struct Step {
        const char* frame;
        const char* data;
    };
    // Computed on from annex E: POLL, ACK, LED, ACK, POLL, a card of 26 bits.
    const std::vector<Step> steps{
        {"53000E000E02156074DD15A53277", ""},
        {"53800E000E021640438EDA790D4E", ""},
        {"53001E000F021769B45E36BB9DAC9C07EDB97EFE27BC6BC9C1039370E9A8", "0000020202020132000101000100"},
        {"53800E000F0216404C540AE0D278", ""},
        {"53000E000D021560C6B4DE4FCE30", ""},
        {"53801E000D02185093BDEECF01E49B891C7724338E13A7CCC1433D495910", "00011A00BD88EB80"}};
    Ends ends;
    for (const auto& step : steps) {
        CAPTURE(step.frame);
        const auto sealed = packet_of(step.frame);
        auto& receiving = sealed.direction == Direction::command ? ends.reader : ends.panel;
        auto& sending = sealed.direction == Direction::command ? ends.panel : ends.reader;
        const auto opened = receiving.open(sealed);
        REQUIRE(opened);
        CHECK(opened->packet.data == bytes_of(step.data));
        CHECK(opened->packet.code == sealed.code);
        CHECK_FALSE(opened->came_in_clear);
        const auto again = sending.seal(opened->packet);
        REQUIRE(again);
        CHECK(*again == sealed);
    }
}

TEST_CASE("data of any length comes through", "[unit][osdp]") {
    Ends ends;
    for (std::size_t length = 0; length < 70; ++length) {
        CAPTURE(length);
        const auto plain = command(0x80, Bytes(length, 0x80));
        const auto sealed = ends.panel.seal(plain);
        REQUIRE(sealed);
        if (length > 0) CHECK(sealed->data.size() == length / 16 * 16 + 16);
        const auto opened = ends.reader.open(*sealed);
        REQUIRE(opened);
        CHECK(opened->packet == plain);
    }
}

TEST_CASE("whatever was changed on the way is not opened, and the chain stays", "[unit][osdp]") {
    Ends ends;
    const auto sealed = ends.panel.seal(command(0x69, Bytes(14, 3)));
    REQUIRE(sealed);
    const auto is_refused = [&](Packet packet) { return !ends.reader.open(packet).has_value(); };

    for (std::size_t bit = 0; bit < sealed->data.size() * 8; ++bit) {
        auto changed = *sealed;
        changed.data[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
        CHECK(is_refused(changed));
    }
    for (std::size_t bit = 0; bit < 32; ++bit) {
        auto changed = *sealed;
        (*changed.mac)[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
        CHECK(is_refused(changed));
    }
    auto changed = *sealed;
    changed.code = 0x6A;
    CHECK(is_refused(changed));
    changed = *sealed;
    changed.address = 3;
    CHECK(is_refused(changed));
    changed = *sealed;
    changed.security->type = Security::command_mac;  // As if its data were in clear.
    CHECK(is_refused(changed));
    changed = *sealed;
    changed.direction = Direction::reply;
    CHECK(is_refused(changed));
    CHECK(is_refused(command(0x60, {})));  // In clear.

    CHECK(ends.reader.open(*sealed));
    CHECK(is_refused(*sealed));  // Not a second time.
}

TEST_CASE("another base key opens nothing", "[unit][osdp]") {
    Ends ends;
    const auto sealed = ends.panel.seal(command(0x60, {}));
    REQUIRE(sealed);
    const SessionKeys others(array_of<16>("112233445566778899AABBCCDDEEF00F"), kPanel);
    SecureSession other(others, others.initial_mac(others.panel_cryptogram(kPanel, kReader)));
    CHECK_FALSE(other.open(*sealed));
    CHECK(others.reader_cryptogram(kPanel, kReader) != ends.keys.reader_cryptogram(kPanel, kReader));
}

TEST_CASE("states that come in clear under the panel's type are taken when their MAC is right", "[unit][osdp]") {
    // Recorded from libosdp's own reader.
    const SessionKeys keys(array_of<16>("112233445566778899AABBCCDDEEF00F"), array_of<8>("B0204E3154DA8940"));
    SecureSession panel(keys, array_of<16>("C4BC10CFC85C979961A00B27791AEFF9"));
    auto sealed = packet_of("538510000D0215490000F898ABDE8825");
    sealed.data[1] = 1;
    CHECK_FALSE(panel.open(sealed));
    sealed.data[1] = 0;
    const auto opened = panel.open(sealed);
    REQUIRE(opened);
    CHECK(opened->came_in_clear);
    CHECK(opened->packet.code == 0x49);
    CHECK(opened->packet.data == Bytes{0, 0});
}
