#include "drivers/wiegand/assembler.hpp"

#include <algorithm>
#include <utility>

namespace menshen::drivers::wiegand {

namespace {

/// A kernel stamp is never negative and never 70 years away; a clamped one cannot overflow the differences below, nor stand so
/// late that no later time could close its frame.
Nanos sane(Nanos stamp) { return std::clamp(stamp, Nanos::zero(), Nanos::max() / 4); }

}  // namespace

std::string_view name_of(FrameFault fault) {
    switch (fault) {
        case FrameFault::none:
            return "none";
        case FrameFault::corrupt:
            return "corrupt";
        case FrameFault::lost:
            return "lost edges";
        case FrameFault::too_long:
            return "too long";
        case FrameFault::torn:
            return "torn";
    }
    return "?";
}

std::optional<WireFrame> Assembler::add(const Edge& edge) {
    ++counters_.edges;
    const bool jumped = last_number_ && edge.number != *last_number_ + 1u;
    if (jumped) counters_.lost_edges += edge.number - *last_number_ - 1u;
    last_number_ = edge.number;

    // Lost edges may have belonged to the end of the open frame or to the beginning of the next: neither can be trusted.
    if (jumped && open_) spoil(FrameFault::lost);

    std::optional<WireFrame> complete;
    const Nanos stamp = sane(edge.stamp);
    const bool backward = last_ && stamp < *last_;
    const bool within_gap = last_ && !backward && stamp - *last_ <= times_.gap;
    if (open_ && !backward && !within_gap) complete = close();

    if (!open_) {
        open_ = true;
        frame_ = WireFrame{};
        // The frame before was closed by the timer, and here comes more of it.
        if (within_gap) spoil(FrameFault::torn);
        if (jumped) spoil(FrameFault::lost);
    }
    if (backward) spoil(FrameFault::corrupt);

    const bool too_soon = within_gap && stamp - *last_ <= times_.noise;
    const bool same_wire = edge.one == last_one_;
    last_ = stamp;
    last_one_ = edge.one;
    if (too_soon && same_wire) {
        ++counters_.noise_edges;
        frame_.noisy = true;
        return complete;
    }
    if (too_soon) spoil(FrameFault::corrupt);
    if (!frame_.bits.append(edge.one)) spoil(FrameFault::too_long);
    return complete;
}

std::optional<WireFrame> Assembler::on_time(Nanos now) {
    if (!open_ || std::max(now, Nanos::zero()) - *last_ <= times_.gap) return std::nullopt;
    return close();
}

std::optional<Nanos> Assembler::deadline() const {
    if (!open_) return std::nullopt;
    return *last_ + times_.gap;
}

std::optional<WireFrame> Assembler::close() {
    open_ = false;
    return std::exchange(frame_, WireFrame{});
}

void Assembler::spoil(FrameFault fault) {
    // The first fault is the cause of those after it.
    if (frame_.fault == FrameFault::none) frame_.fault = fault;
}

}  // namespace menshen::drivers::wiegand
