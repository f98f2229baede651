#pragma once
/// Up to 128 bits in the order of arrival. Pure; any thread.

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/event.hpp"
#include "core/result.hpp"

namespace menshen::drivers::wiegand {

/// Bit 0 is the first that arrived. It is kept at the top of the first word, so a mask for "bits 1 to 12" is the same for every
/// length.
class Bits {
public:
    static constexpr unsigned kLimit = 128;

    constexpr Bits() = default;

    /// "1011..."; fails on any other character, and when it is empty or longer than the limit.
    [[nodiscard]] static Result<Bits> parse(std::string_view zeros_and_ones);
    /// "26:2F623AE" as text() writes it; the digits may be of either case but must be exactly ceil(bits / 4).
    [[nodiscard]] static Result<Bits> parse_number(std::string_view text);

    [[nodiscard]] constexpr unsigned size() const { return size_; }
    [[nodiscard]] constexpr bool operator[](unsigned bit) const { return (words_[bit / 64] >> (63 - bit % 64) & 1u) != 0; }
    /// False, and nothing changes, when full.
    constexpr bool append(bool bit) {
        if (size_ == kLimit) return false;
        ++size_;
        set(size_ - 1, bit);
        return true;
    }
    /// `bit` must be below size().
    constexpr void set(unsigned bit, bool value) {
        const std::uint64_t mask = std::uint64_t{1} << (63 - bit % 64);
        words_[bit / 64] = value ? words_[bit / 64] | mask : words_[bit / 64] & ~mask;
    }
    /// Bits `first` to `last`, inclusive, most significant first; at most 64.
    [[nodiscard]] std::uint64_t field(unsigned first, unsigned last) const;
    /// Every bit inverted: what arrives when DATA0 and DATA1 are swapped.
    [[nodiscard]] Bits inverted() const;
    /// How many bits are one both here and in `mask`.
    [[nodiscard]] constexpr int ones(const Bits& mask) const {
        return std::popcount(words_[0] & mask.words_[0]) + std::popcount(words_[1] & mask.words_[1]);
    }

    /// The identity of a card: the whole frame, parity included.
    [[nodiscard]] CardNumber number() const;
    /// "26:2F623AE".
    [[nodiscard]] std::string text() const { return number().text(); }
    /// "10111101..."
    [[nodiscard]] std::string zeros_and_ones() const;

    bool operator==(const Bits&) const = default;

private:
    std::array<std::uint64_t, 2> words_{};
    std::uint8_t size_ = 0;
};

}  // namespace menshen::drivers::wiegand
