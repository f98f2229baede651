#pragma once
/// The secure channel of OSDP (SIA OSDP 2.2, annex D): AES-128, session keys from a base key and the random numbers of both ends,
/// a chain of MACs through all packets of a session. Pure but for AES, which is OpenSSL's; random numbers are given. One object a
/// session, one thread at a time. Comparisons take the same time whatever they find.

#include <array>
#include <cstdint>
#include <span>

#include "core/result.hpp"
#include "drivers/osdp/packet.hpp"

namespace menshen::drivers::osdp {

using Block = std::array<std::uint8_t, 16>;
using Random = std::array<std::uint8_t, 8>;  ///< RND.A of the panel, RND.B of the reader; new for each attempt.

/// The key that every reader knows before it was given one of its own. Public: it proves nothing.
inline constexpr Block kDefaultKey{0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37,
                                   0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F};

/// Of one session. Wiped when it goes.
class SessionKeys {
public:
    SessionKeys(const Block& base_key, const Random& panel);
    SessionKeys(const SessionKeys&) = default;
    SessionKeys& operator=(const SessionKeys&) = default;
    ~SessionKeys();

    /// What the reader proves with CCRYPT that it has the base key, and the panel with SCRYPT.
    [[nodiscard]] Block reader_cryptogram(const Random& panel, const Random& reader) const;
    [[nodiscard]] Block panel_cryptogram(const Random& panel, const Random& reader) const;
    /// The first link of the chain, RMAC_I.
    [[nodiscard]] Block initial_mac(const Block& panel_cryptogram) const;

private:
    friend class SecureSession;
    Block encrypt_, mac_all_, mac_last_;
};

[[nodiscard]] bool is_same(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

/// After the handshake: either end's view of the packets that go to and fro. A packet that is sent again is sent as it was, and
/// sealed or opened once.
class SecureSession {
public:
    SecureSession(const SessionKeys& keys, const Block& initial_mac) : keys_(keys), chain_(initial_mac) {}

    /// The packet with its data encrypted and its MAC; the chain moves on. `plain` has neither a security block nor a MAC and
    /// checks by CRC. Fails, and the chain stays, when it would become too long.
    [[nodiscard]] Result<Packet> seal(const Packet& plain);

    struct Opened {
        Packet packet;               ///< In clear, without security block and MAC.
        bool came_in_clear = false;  ///< Data under a MAC alone, as some readers send states.
    };
    /// Fails on a packet outside of the session, a wrong MAC or wrong padding. Then the chain stays: the session has to be made
    /// anew, and nothing that the packet says may be believed.
    [[nodiscard]] Result<Opened> open(const Packet& sealed);

private:
    [[nodiscard]] Block mac_of(std::span<const std::uint8_t> before_mac) const;

    SessionKeys keys_;
    Block chain_;  ///< The whole MAC of the last packet, of either direction.
};

}  // namespace menshen::drivers::osdp
