#pragma once
/// OSDP packets as they lie on the wire (SIA OSDP 2.2, IEC 60839-11-5): bytes to packets and back. Pure, no encryption: MAC and
/// ciphertext are bytes like others. Any thread, one object by one at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/result.hpp"

namespace menshen::drivers::osdp {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::uint8_t kMark = 0xFF;      ///< May precede a packet; belongs to none.
inline constexpr std::uint8_t kStart = 0x53;     ///< SOM.
inline constexpr std::uint8_t kBroadcast = 127;  ///< For a line with a single reader.
inline constexpr std::size_t kLongest = 1440;    ///< Bytes of a packet; what claims to be longer is none.

enum class Direction : std::uint8_t { command, reply };
enum class Check : std::uint8_t { checksum, crc };

/// Types of the security block: the steps of the handshake, and what a session's packets carry.
enum class Security : std::uint8_t {
    challenge = 0x11,
    client_cryptogram = 0x12,
    server_cryptogram = 0x13,
    initial_mac = 0x14,
    command_mac = 0x15,
    reply_mac = 0x16,
    command_encrypted = 0x17,
    reply_encrypted = 0x18,
};

struct SecurityBlock {
    Security type = Security::challenge;
    Bytes data = {};
    bool operator==(const SecurityBlock&) const = default;
};

struct Packet {
    std::uint8_t address = 0;  ///< 0 to 127.
    Direction direction = Direction::command;
    std::uint8_t sequence = 0;  ///< 0 to 3.
    Check check = Check::crc;
    std::optional<SecurityBlock> security = std::nullopt;
    std::uint8_t code = 0;
    Bytes data = {};
    std::optional<std::array<std::uint8_t, 4>> mac = std::nullopt;  ///< With the four types of a session, and only with these.
    bool operator==(const Packet&) const = default;
};

/// CRC-16 of OSDP: polynomial 0x1021, begins with 0x1D0F, not reflected.
[[nodiscard]] std::uint16_t crc16(std::span<const std::uint8_t> bytes);
/// What makes the sum of all bytes a multiple of 256.
[[nodiscard]] std::uint8_t checksum(std::span<const std::uint8_t> bytes);
[[nodiscard]] bool carries_mac(Security type);

/// The packet from its start byte to its check, without a mark. Fails on an address or sequence out of range, on a MAC without
/// its security block or the other way round, and on a packet longer than kLongest.
[[nodiscard]] Result<Bytes> encode(const Packet& packet);
/// What goes before the check, of which a session makes its MAC: all up to `data`, with the length the whole will have.
[[nodiscard]] Result<Bytes> encode_before_mac(const Packet& packet);

/// Finds packets in what comes over a line: noise, marks, parts and packets of others.
class Receiver {
public:
    struct Counters {
        std::uint64_t packets = 0;
        std::uint64_t skipped = 0;    ///< Bytes that belonged to no packet; marks are not counted.
        std::uint64_t bad_check = 0;  ///< What looked like a packet and was none.
    };

    /// Takes bytes as they come and returns the packets that end in them, in order. After a packet that fails its check the
    /// search goes on behind its first byte.
    [[nodiscard]] std::vector<Packet> feed(std::span<const std::uint8_t> bytes);
    /// The line was silent for longer than a packet may pause (20 ms): what is not whole will never be. Returns packets that a
    /// false start had hidden.
    [[nodiscard]] std::vector<Packet> pause();

    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// Bytes that wait for the rest of their packet; below kLongest.
    [[nodiscard]] std::size_t waiting() const { return buffer_.size(); }

private:
    enum class Found : std::uint8_t { nothing, more_needed, packet, false_start };
    [[nodiscard]] Found look(Packet& packet, std::size_t& length);
    void search(std::vector<Packet>& out);
    void skip_one();

    Bytes buffer_;
    Counters counters_;
};

}  // namespace menshen::drivers::osdp
