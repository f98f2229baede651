#pragma once
/// Card formats as data, and what a frame says when it is read with one. Pure; any thread.
///
/// A frame does not say its format: formats are configured per reader, and two of the same length cannot be told apart.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "drivers/wiegand/bits.hpp"

namespace menshen::drivers::wiegand {

/// Bits `first` to `last`, inclusive, most significant first.
struct Field {
    std::string_view name;  ///< "facility", "card", "issue", "oem", "uid"
    unsigned first = 0;
    unsigned last = 0;
};

enum class Sense : std::uint8_t { even, odd };

/// Bit `bit` makes the ones of itself and of `set` even or odd.
struct Parity {
    unsigned bit = 0;
    Sense sense = Sense::even;
    Bits set;  ///< A mask.
};

struct Fixed {
    unsigned bit = 0;
    bool value = false;
};

struct Format {
    std::string_view name;
    unsigned bits = 0;
    std::vector<Field> fields;
    std::vector<Parity> parity;  ///< In the order in which they must be set; later ones may cover earlier ones.
    std::vector<Fixed> fixed;
    std::string_view note;

    /// Every single inverted bit is noticed.
    [[nodiscard]] bool is_checked() const { return !parity.empty(); }
};

/// All formats, by length, then in the order of the documentation.
[[nodiscard]] std::span<const Format> formats();
/// Null when there is none of this name; names are compared without regard to case.
[[nodiscard]] const Format* find_format(std::string_view name);
/// The names of all formats: for "one of" in messages.
[[nodiscard]] std::span<const std::string_view> format_names();

/// Fails with the format, the length or which parity or fixed bit is wrong: "H10301: leading parity is odd, must be even".
[[nodiscard]] Result<void> check(const Format& format, const Bits& frame);
/// The same without words, for speed.
[[nodiscard]] bool is_valid(const Format& format, const Bits& frame);

/// Facility, card and so on; `frame` must have the format's length.
[[nodiscard]] std::map<std::string, std::uint64_t> read_fields(const Format& format, const Bits& frame);
/// The frame of a card. A field that is not named is 0; fails when a name is not of this format or a value is too large.
[[nodiscard]] Result<Bits> encode(const Format& format, const std::map<std::string, std::uint64_t>& fields);

/// A key of a keypad: 0-9, `*`, `#`, from a 4-bit burst or an 8-bit one whose high half is the complement of the low one.
/// Empty for anything else.
[[nodiscard]] std::optional<char> decode_key(const Bits& frame);

}  // namespace menshen::drivers::wiegand
