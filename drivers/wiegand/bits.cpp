#include "drivers/wiegand/bits.hpp"

#include <charconv>

namespace menshen::drivers::wiegand {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

Result<Bits> Bits::parse(std::string_view zeros_and_ones) {
    if (zeros_and_ones.empty()) return fail("a frame has at least one bit");
    if (zeros_and_ones.size() > kLimit) return fail("a frame has at most {} bits, got {}", kLimit, zeros_and_ones.size());
    Bits bits;
    for (const char c : zeros_and_ones) {
        if (c != '0' && c != '1') return fail("bits are written with 0 and 1, got \"{}\"", zeros_and_ones);
        bits.append(c == '1');
    }
    return bits;
}

Result<Bits> Bits::parse_number(std::string_view text) {
    const auto colon = text.find(':');
    unsigned count = 0;
    const char* const end = text.data() + (colon == text.npos ? 0 : colon);
    const auto [read_to, error] = std::from_chars(text.data(), end, count);
    if (colon == text.npos || colon == 0 || error != std::errc{} || read_to != end)
        return fail("a card number is written bits:hex, like 26:2F623AE, got \"{}\"", text);
    if (count < 1 || count > kLimit) return fail("a card number has 1 to {} bits, got \"{}\"", kLimit, text);
    const auto hex = text.substr(colon + 1);
    const unsigned digits = (count + 3) / 4;
    if (hex.size() != digits)
        return fail("{} bits are written with {} hex digits, leading zeros included, got \"{}\"", count, digits, text);
    Bits bits;
    for (unsigned i = 0; i < digits; ++i) {
        const int value = hex_value(hex[i]);
        if (value < 0) return fail("a card number is written bits:hex, like 26:2F623AE, got \"{}\"", text);
        // The first digit stands for what is left over when the others take four bits each.
        const unsigned width = i == 0 ? count - 4 * (digits - 1) : 4;
        if (value >> width != 0) return fail("\"{}\" has more than {} bits", text, count);
        for (unsigned bit = width; bit-- > 0;) bits.append((value >> bit & 1) != 0);
    }
    return bits;
}

std::uint64_t Bits::field(unsigned first, unsigned last) const {
    std::uint64_t value = 0;
    for (unsigned bit = first; bit <= last; ++bit) value = value << 1 | ((*this)[bit] ? 1u : 0u);
    return value;
}

Bits Bits::inverted() const {
    Bits other;
    for (unsigned bit = 0; bit < size_; ++bit) other.append(!(*this)[bit]);
    return other;
}

CardNumber Bits::number() const {
    CardNumber number;
    number.bits = size_;
    const unsigned digits = (size_ + 3u) / 4;
    number.hex.resize(digits);
    unsigned next = 0;
    for (unsigned i = 0; i < digits; ++i) {
        const unsigned width = i == 0 ? size_ - 4 * (digits - 1) : 4;
        number.hex[i] = kDigits[field(next, next + width - 1)];
        next += width;
    }
    return number;
}

std::string Bits::zeros_and_ones() const {
    std::string text(size_, '0');
    for (unsigned bit = 0; bit < size_; ++bit)
        if ((*this)[bit]) text[bit] = '1';
    return text;
}

}  // namespace menshen::drivers::wiegand
