#pragma once
/// OSDP packets as hexadecimal text.

#include <string>
#include <string_view>

#include "drivers/osdp/packet.hpp"
#include "tests/support/catch.hpp"

namespace menshen::drivers::osdp::test {

inline Bytes bytes_of(std::string_view hex) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    return out;
}

/// The one packet in these bytes.
inline Packet packet_of(std::string_view hex) {
    Receiver receiver;
    auto packets = receiver.feed(bytes_of(hex));
    REQUIRE(packets.size() == 1);
    CHECK(receiver.counters().skipped == 0);
    return packets.front();
}

}  // namespace menshen::drivers::osdp::test
