#pragma once
/// From edges on two wires to frames. Pure: it knows only the kernel's time stamps, never the time of reading. One thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "drivers/wiegand/bits.hpp"

namespace menshen::drivers::wiegand {

using Nanos = std::chrono::nanoseconds;

/// A falling edge, as the kernel reports it.
struct Edge {
    bool one = false;          ///< On DATA1; else on DATA0.
    Nanos stamp{};             ///< The kernel's.
    std::uint32_t number = 0;  ///< The kernel's `seqno` of the request: grows by one, wraps; a jump means that events were lost.
};

enum class FrameFault : std::uint8_t {
    none,
    corrupt,   ///< Both wires at once, or stamps that go back.
    lost,      ///< The kernel lost edges within it.
    too_long,  ///< More than 128 bits.
    torn,      ///< The rest of a frame that was closed too early.
};
[[nodiscard]] std::string_view name_of(FrameFault fault);

struct WireFrame {
    Bits bits;
    FrameFault fault = FrameFault::none;  ///< Anything but none: the bits are not to be used.
    bool noisy = false;                   ///< Contact noise was taken out.
};

/// Feed it every edge that waits, then call on_time() with the kernel clock read *before* the queue was found empty; a late
/// wake-up then neither splits nor joins frames.
class Assembler {
public:
    struct Times {
        std::chrono::microseconds gap{40'000};  ///< A longer silence ends a frame.
        std::chrono::microseconds noise{
            100};  ///< Edges that follow another within this are no bits: a pulse is 200 us apart at least.
    };

    Assembler() : Assembler(Times{}) {}
    explicit Assembler(Times times) : times_(times) {}

    /// The frame that this edge shows to be complete, if any; it never has no bits at all unless it has a fault.
    std::optional<WireFrame> add(const Edge& edge);
    /// Closes the frame when more than the gap has passed since its last edge.
    std::optional<WireFrame> on_time(Nanos now);
    /// When to call on_time(): last stamp plus gap. Empty while no frame is open.
    [[nodiscard]] std::optional<Nanos> deadline() const;

    struct Counters {
        std::uint64_t edges = 0;
        std::uint64_t noise_edges = 0;  ///< Dropped.
        std::uint64_t lost_edges = 0;   ///< By the jumps of the number.
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

private:
    std::optional<WireFrame> close();
    void spoil(FrameFault fault);

    Times times_;
    WireFrame frame_;
    bool open_ = false;
    bool last_one_ = false;
    std::optional<Nanos> last_;  ///< Stamp of the last edge, dropped ones included.
    std::optional<std::uint32_t> last_number_;
    Counters counters_;
};

}  // namespace menshen::drivers::wiegand
