#pragma once
/// One presentation of a card is one event, however often the reader repeats it. Pure; event time only.

#include <cstdint>
#include <optional>

#include "core/event.hpp"
#include "core/time.hpp"

namespace menshen::drivers {

class Presence {
public:
    static constexpr Millis kDefaultHold{1500};
    static constexpr Millis kShortestHold{200};
    static constexpr Millis kLongestHold{10'000};

    explicit Presence(Millis hold = kDefaultHold) : hold_(hold) {}

    /// True when this frame begins a presentation: another card, or the same one more than `hold` after its last frame. False
    /// while it rests on the reader; each repeat makes it stay for another `hold`.
    bool on_read(const CardNumber& card, MonoTime now);
    /// The reader says that the card left, or its event was lost: the next frame is a new presentation.
    void forget() { card_.reset(); }

    [[nodiscard]] std::uint64_t repeats() const { return repeats_; }

private:
    Millis hold_;
    std::optional<CardNumber> card_;
    MonoTime last_;
    std::uint64_t repeats_ = 0;
};

}  // namespace menshen::drivers
