// Whatever arrives on two wires, or as text where a card number or an injection is expected: no crash, and every promise holds.
//
// As bytes: the first chooses the formats of the reader, then three for each edge or tick:
//   bit 0 the wire; bits 1-2 what happens (edge, edge, edge after lost ones, tick of the timer); the rest and the other two the
//   time.
// With clang this is a libFuzzer target; replay.cpp runs it over the seeds and over random inputs with any compiler.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "drivers/sink.hpp"
#include "drivers/wiegand/reader.hpp"

using namespace menshen;
using namespace menshen::drivers;
using namespace menshen::drivers::wiegand;

namespace {

void promise(bool kept, const char* words) {
    if (kept) return;
    std::fprintf(stderr, "promise broken: %s\n", words);
    std::abort();
}

std::vector<const Format*> formats_of(std::uint8_t choice) {
    std::vector<const Format*> chosen;
    for (const auto& format : formats()) {
        const bool same_length = !chosen.empty() && chosen.back()->bits == format.bits;
        if (!same_length && (choice & 1u << format.bits % 8) != 0) chosen.push_back(&format);
    }
    return chosen;
}

void check_frame(const WireFrame& frame) {
    promise(frame.bits.size() <= Bits::kLimit, "a frame is bounded");
    if (frame.fault == FrameFault::none) promise(frame.bits.size() > 0, "a good frame has bits");
    if (frame.bits.size() == 0) return;
    const auto again = Bits::parse_number(frame.bits.text());
    promise(again && *again == frame.bits, "a number reads back");
    for (const auto& format : formats()) {
        const bool valid = is_valid(format, frame.bits);
        promise(valid == check(format, frame.bits).has_value(), "both checks agree");
        if (!valid) continue;
        for (unsigned bit = 0; bit < frame.bits.size() && format.is_checked(); ++bit) {
            Bits flipped = frame.bits;
            flipped.set(bit, !flipped[bit]);
            promise(!is_valid(format, flipped), "a single inverted bit is refused");
        }
    }
}

void check_reading(const Reading& reading, const WireFrame& frame) {
    if (const auto* card = std::get_if<Card>(&reading)) {
        promise(frame.fault == FrameFault::none, "a spoiled frame is no card");
        promise(is_valid(*card->format, frame.bits), "a card is valid");
        promise(card->number == frame.bits.number(), "a card is its whole frame");
    } else if (const auto* malformed = std::get_if<Malformed>(&reading)) {
        promise(malformed->raw == frame.bits.text(), "the raw bits are told");
        promise(!malformed->reason.empty(), "the reason is told");
        const auto size = frame.bits.size();
        promise(size > 3 && size != 4 && size != 6 && size != 8, "keys and noise are not told");
    }
}

void on_wires(const std::uint8_t* data, std::size_t size) {
    Assembler assembler;
    Reader reader(formats_of(data[0]), 1500ms);
    Nanos time{};
    std::uint32_t number = 0;
    std::uint64_t frames = 0;
    const auto take = [&](const std::optional<WireFrame>& frame) {
        if (!frame) return;
        ++frames;
        check_frame(*frame);
        check_reading(reader.on_frame(*frame, {std::chrono::duration_cast<Millis>(time)}), *frame);
    };
    for (std::size_t i = 1; i + 2 < size; i += 3) {
        const std::uint8_t what = data[i];
        const auto amount = static_cast<std::int64_t>(data[i + 1]) | static_cast<std::int64_t>(data[i + 2]) << 8;
        // Usually microseconds; with the top bit an exponent, so that extreme and backward stamps come too.
        if ((what & 0x80u) == 0) {
            time += Nanos(amount * 1000);
        } else {
            time = Nanos(static_cast<std::int64_t>(static_cast<std::uint64_t>(amount) << (what >> 2 & 0x1Fu) * 2u));
        }
        const unsigned action = what >> 1 & 3u;
        if (action == 3) {
            take(assembler.on_time(time));
        } else {
            number += action == 2 ? 2u + data[i + 1] : 1u;
            take(assembler.add({(what & 1u) != 0, time, number}));
        }
    }
    take(assembler.on_time(Nanos::max()));
    promise(!assembler.deadline(), "silence closes every frame");
    auto counted = reader.counters();
    promise(counted["frames"] == frames, "every frame is counted");
    promise(frames == counted["reads"] + counted["repeats"] + counted["bad_reads"] + counted["spoiled_frames"] +
                          counted["stray_frames"] + counted["keys"],
            "every frame is counted as one thing");
}

void on_text(std::string_view text) {
    if (const auto bits = Bits::parse(text)) promise(bits->zeros_and_ones() == text, "bits read back");
    if (const auto bits = Bits::parse_number(text)) {
        const auto again = Bits::parse_number(bits->text());
        promise(again && *again == *bits, "numbers read back");
    }
    const auto split = text.find(' ');
    if (split == text.npos) return;
    const auto injection = parse_injection(DeviceId("front"), text.substr(0, split), text.substr(split + 1));
    if (!injection) promise(!injection.error().message.empty(), "a refusal has words");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    on_wires(data, size);
    on_text({reinterpret_cast<const char*>(data), size});
    return 0;
}
