#pragma once
/// SHA-256, HMAC-SHA256 and HKDF-SHA256 (FIPS 180-4, RFC 2104, RFC 5869), by OpenSSL's libcrypto. Pure; any thread.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace menshen {

using Digest = std::array<std::uint8_t, 32>;
using Key = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest sha256(std::string_view data);
[[nodiscard]] Digest hmac_sha256(const Key& key, std::string_view data);
/// The key for one purpose, derived from the master key; `purpose` is HKDF's info.
[[nodiscard]] Key derive_key(const Key& master, std::string_view purpose);
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
/// Empty when `hex` has an odd length or another character; accepts either case.
[[nodiscard]] std::vector<std::uint8_t> from_hex(std::string_view hex);
/// Compares in constant time.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace menshen
