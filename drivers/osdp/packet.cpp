#include "drivers/osdp/packet.hpp"

#include <algorithm>
#include <numeric>

namespace menshen::drivers::osdp {

namespace {

constexpr std::size_t kHeader = 5;  ///< SOM, address, length, control.
constexpr std::size_t kMac = 4;
constexpr std::uint8_t kReplyBit = 0x80;
constexpr std::uint8_t kSequence = 0x03, kCrc = 0x04, kSecurityBlock = 0x08;  // of the control byte

std::size_t check_size(Check check) { return check == Check::crc ? 2 : 1; }

std::size_t length_of(const Packet& packet) {
    const auto block = packet.security ? 2 + packet.security->data.size() : 0;
    return kHeader + block + 1 + packet.data.size() + (packet.mac ? kMac : 0) + check_size(packet.check);
}

bool is_check_right(std::span<const std::uint8_t> whole, Check check) {
    const auto body = whole.first(whole.size() - check_size(check));
    const auto tail = whole.subspan(body.size());
    if (check == Check::checksum) return checksum(body) == tail[0];
    return crc16(body) == (tail[0] | tail[1] << 8);
}

bool is_security(std::uint8_t type) {
    return type >= static_cast<std::uint8_t>(Security::challenge) && type <= static_cast<std::uint8_t>(Security::reply_encrypted);
}

/// Of bytes whose length and check are right. Nothing when the parts do not fit in.
std::optional<Packet> parse(std::span<const std::uint8_t> whole) {
    const auto control = whole[4];
    Packet out;
    out.address = whole[1] & 0x7F;
    out.direction = (whole[1] & kReplyBit) != 0 ? Direction::reply : Direction::command;
    out.sequence = control & kSequence;
    out.check = (control & kCrc) != 0 ? Check::crc : Check::checksum;
    auto rest = whole.subspan(kHeader, whole.size() - kHeader - check_size(out.check));
    if ((control & kSecurityBlock) != 0) {
        if (rest.size() < 2 || rest[0] < 2 || rest[0] > rest.size() || !is_security(rest[1])) return std::nullopt;
        const auto data = rest.subspan(2, rest[0] - 2u);
        out.security = {static_cast<Security>(rest[1]), Bytes(data.begin(), data.end())};
        rest = rest.subspan(rest[0]);
        if (carries_mac(out.security->type)) {
            if (rest.size() < 1 + kMac) return std::nullopt;
            out.mac.emplace();
            std::copy_n(rest.end() - kMac, kMac, out.mac->begin());
            rest = rest.first(rest.size() - kMac);
        }
    }
    if (rest.empty()) return std::nullopt;
    out.code = rest[0];
    out.data.assign(rest.begin() + 1, rest.end());
    return out;
}

}  // namespace

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
    std::uint16_t crc = 0x1D0F;
    for (const auto byte : bytes) {
        crc = static_cast<std::uint16_t>(crc ^ byte << 8);
        for (int bit = 0; bit < 8; ++bit) crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

std::uint8_t checksum(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint8_t>(-std::accumulate(bytes.begin(), bytes.end(), 0));
}

bool carries_mac(Security type) { return type >= Security::command_mac; }

Result<Bytes> encode_before_mac(const Packet& packet) {
    if (packet.address > kBroadcast) return fail("an OSDP address is 0 to 127, not {}", packet.address);
    if (packet.sequence > kSequence) return fail("an OSDP sequence number is 0 to 3, not {}", packet.sequence);
    const bool needs_mac = packet.security && carries_mac(packet.security->type);
    if (needs_mac != packet.mac.has_value()) return fail("an OSDP packet carries a MAC in a session, and only there");
    const auto length = length_of(packet);
    if (length > kLongest) return fail("an OSDP packet of {} bytes is longer than {}", length, kLongest);
    if (packet.security && packet.security->data.size() > 253) return fail("an OSDP security block is at most 255 bytes long");

    const auto number = [](auto value) { return static_cast<std::uint8_t>(value); };
    Bytes out{kStart, number(packet.address | (packet.direction == Direction::reply ? kReplyBit : 0)), number(length & 0xFF),
              number(length >> 8),
              number(packet.sequence | (packet.check == Check::crc ? kCrc : 0) | (packet.security ? kSecurityBlock : 0))};
    if (packet.security) {
        out.push_back(number(2 + packet.security->data.size()));
        out.push_back(number(packet.security->type));
        out.insert(out.end(), packet.security->data.begin(), packet.security->data.end());
    }
    out.push_back(packet.code);
    out.insert(out.end(), packet.data.begin(), packet.data.end());
    return out;
}

Result<Bytes> encode(const Packet& packet) {
    auto out = encode_before_mac(packet);
    if (!out) return out;
    if (packet.mac) out->insert(out->end(), packet.mac->begin(), packet.mac->end());
    if (packet.check == Check::checksum) {
        out->push_back(checksum(*out));
    } else {
        const auto crc = crc16(*out);
        out->push_back(static_cast<std::uint8_t>(crc & 0xFF));
        out->push_back(static_cast<std::uint8_t>(crc >> 8));
    }
    return out;
}

std::vector<Packet> Receiver::feed(std::span<const std::uint8_t> bytes) {
    std::vector<Packet> out;
    // In pieces: what waits stays short, however much comes at once.
    while (!bytes.empty()) {
        const auto some = bytes.first(std::min(bytes.size(), kLongest));
        buffer_.insert(buffer_.end(), some.begin(), some.end());
        bytes = bytes.subspan(some.size());
        search(out);
    }
    return out;
}

std::vector<Packet> Receiver::pause() {
    std::vector<Packet> out;
    while (!buffer_.empty()) {
        skip_one();
        search(out);
    }
    return out;
}

void Receiver::search(std::vector<Packet>& out) {
    for (;;) {
        Packet packet;
        std::size_t length = 0;
        switch (look(packet, length)) {
            case Found::nothing:
            case Found::more_needed:
                return;
            case Found::false_start:
                skip_one();
                break;
            case Found::packet:
                ++counters_.packets;
                buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(length));
                out.push_back(std::move(packet));
                break;
        }
    }
}

void Receiver::skip_one() {
    if (buffer_.front() != kMark) ++counters_.skipped;
    buffer_.erase(buffer_.begin());
}

/// At the front of the buffer, after everything that cannot begin a packet was skipped.
Receiver::Found Receiver::look(Packet& packet, std::size_t& length) {
    const auto start = std::find(buffer_.begin(), buffer_.end(), kStart);
    counters_.skipped += static_cast<std::uint64_t>((start - buffer_.begin()) - std::count(buffer_.begin(), start, kMark));
    buffer_.erase(buffer_.begin(), start);
    if (buffer_.empty()) return Found::nothing;
    if (buffer_.size() < kHeader) return Found::more_needed;
    length = static_cast<std::size_t>(buffer_[2] | buffer_[3] << 8);
    const auto check = (buffer_[4] & kCrc) != 0 ? Check::crc : Check::checksum;
    // A wrong length must not make the line deaf for as long as it claims.
    if (length > kLongest || length < kHeader + 1 + check_size(check)) return Found::false_start;
    if (buffer_.size() < length) return Found::more_needed;
    const auto whole = std::span(buffer_).first(length);
    auto parsed = is_check_right(whole, check) ? parse(whole) : std::nullopt;
    if (!parsed) {
        ++counters_.bad_check;
        return Found::false_start;
    }
    packet = std::move(*parsed);
    return Found::packet;
}

}  // namespace menshen::drivers::osdp
