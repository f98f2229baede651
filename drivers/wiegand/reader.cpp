#include "drivers/wiegand/reader.hpp"

#include <utility>

namespace menshen::drivers::wiegand {

Reading Reader::on_frame(const WireFrame& wire, MonoTime now) {
    ++frames_;
    if (wire.noisy) ++noisy_;
    const Bits& frame = wire.bits;
    if (wire.fault != FrameFault::none) {
        ++spoiled_;
        return {};
    }
    if (frame.size() < 4) {
        ++stray_;
        return {};
    }
    if (frame.size() == 4 || frame.size() == 6 || frame.size() == 8) {
        // A key of a keypad. Digits are never logged and never in an event, malformed or not: only counted.
        ++keys_;
        return {};
    }
    const Format* format = format_of(frame.size());
    if (format == nullptr) return malformed(frame, wrong_length(frame), now);
    if (!is_valid(*format, frame)) return malformed(frame, wrong_parity(*format, frame), now);
    swap_evidence_ = 0;
    auto number = frame.number();
    if (!presence_.on_read(number, now)) return {};
    ++reads_;
    return Card{std::move(number), format};
}

const Format* Reader::format_of(unsigned bits) const {
    for (const Format* format : formats_)
        if (format->bits == bits) return format;
    return nullptr;
}

std::string Reader::wrong_length(const Bits& frame) const {
    std::string known;
    std::string_view hint;
    for (const Format* format : formats_) {
        known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", format->name, format->bits);
        if (frame.size() + 1 == format->bits) hint = "; a bit was lost";
        if (frame.size() == format->bits + 1) hint = "; a bit too many";
    }
    return fmt::format("{} bits, but this reader takes {}{}", frame.size(), known, hint);
}

std::string Reader::wrong_parity(const Format& format, const Bits& frame) {
    std::string reason = check(format, frame).error().message;
    swap_evidence_ = is_valid(format, frame.inverted()) ? swap_evidence_ + 1 : 0;
    // One random bad frame in four has a valid complement, so one says nothing. No counter runs away: it stops at the evidence.
    if (swap_evidence_ >= kSwapEvidence) {
        swap_evidence_ = kSwapEvidence;
        reason += "; the last frames are all valid when inverted: DATA0 and DATA1 are swapped";
    }
    return reason;
}

Reading Reader::malformed(const Bits& frame, std::string reason, MonoTime now) {
    ++bad_reads_;
    if (malformed_in_minute_ == 0 || now < minute_ || now - minute_ >= 60s) {
        minute_ = now;
        malformed_in_minute_ = 0;
    }
    if (malformed_in_minute_ >= kMalformedPerMinute) {
        ++unreported_;
        return {};
    }
    ++malformed_in_minute_;
    return Malformed{frame.text(), std::move(reason)};
}

std::map<std::string, std::uint64_t> Reader::counters() const {
    return {{"frames", frames_},
            {"reads", reads_},
            {"repeats", presence_.repeats()},
            {"bad_reads", bad_reads_},
            {"bad_reads_unreported", unreported_},
            {"spoiled_frames", spoiled_},
            {"noisy_frames", noisy_},
            {"stray_frames", stray_},
            {"keys", keys_}};
}

}  // namespace menshen::drivers::wiegand
