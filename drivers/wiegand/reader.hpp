#pragma once
/// What a reader makes of its frames: a card, a malformed frame, or nothing. Pure; event time only.

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/event.hpp"
#include "core/time.hpp"
#include "drivers/presence.hpp"
#include "drivers/wiegand/assembler.hpp"
#include "drivers/wiegand/format.hpp"

namespace menshen::drivers::wiegand {

/// A card was presented.
struct Card {
    CardNumber number;
    const Format* format = nullptr;
};
/// A frame that is no card.
struct Malformed {
    std::string raw;     ///< "26:2F623AF"
    std::string reason;  ///< "H10301: leading parity is odd, must be even"
};
/// Nothing to say: a repeat, stray noise, a key, a frame the wire spoiled, or more malformed frames than are worth a record.
/// Counted.
using Reading = std::variant<std::monostate, Card, Malformed>;

class Reader {
public:
    /// More malformed frames in a minute are counted only: a loose wire must not fill the journal.
    static constexpr std::uint32_t kMalformedPerMinute = 30;
    /// So many failures one after another whose complements are all valid: the two wires are swapped.
    static constexpr std::uint32_t kSwapEvidence = 4;

    /// `formats` are of different lengths.
    Reader(std::vector<const Format*> formats, Millis hold) : formats_(std::move(formats)), presence_(hold) {}

    [[nodiscard]] Reading on_frame(const WireFrame& frame, MonoTime now);
    /// The event of the last card was refused: its next frame counts as a new presentation.
    void forget() { presence_.forget(); }

    [[nodiscard]] std::map<std::string, std::uint64_t> counters() const;

private:
    [[nodiscard]] const Format* format_of(unsigned bits) const;
    [[nodiscard]] std::string wrong_length(const Bits& frame) const;
    [[nodiscard]] std::string wrong_parity(const Format& format, const Bits& frame);
    [[nodiscard]] Reading malformed(const Bits& frame, std::string reason, MonoTime now);

    std::vector<const Format*> formats_;
    Presence presence_;
    std::uint32_t swap_evidence_ = 0;
    MonoTime minute_;
    std::uint32_t malformed_in_minute_ = 0;
    std::uint64_t frames_ = 0, reads_ = 0, bad_reads_ = 0, unreported_ = 0, spoiled_ = 0, noisy_ = 0, stray_ = 0, keys_ = 0;
};

}  // namespace menshen::drivers::wiegand
