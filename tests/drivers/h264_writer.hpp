#pragma once
/// Writes H.264 without an encoder: whole pictures as raw macroblocks (I_PCM) and pictures that repeat the last one (all
/// skipped). Every decoder takes it, and what must come out is known to the bit. Source: ITU-T H.264, sections 7.3 and 8.

#include <cstdint>
#include <vector>

namespace menshen::test {

using Nal = std::vector<std::uint8_t>;  ///< One NAL unit, emulation prevention included, no start code.

struct Yuv {
    std::uint8_t y = 128, u = 128, v = 128;
};

/// Sides in pixels, multiples of 16.
class H264Writer {
public:
    H264Writer(int width, int height) : width_(width), height_(height) {}

    [[nodiscard]] Nal sequence_parameters() const;
    [[nodiscard]] Nal picture_parameters() const;
    /// A whole picture: the left half of one colour, the right half of another.
    [[nodiscard]] Nal whole(Yuv left, Yuv right);
    /// The picture before once more; others may refer to it.
    [[nodiscard]] Nal repeated();
    /// As repeated(), but nobody refers to it: a decoder may pass it over. Not twice in a row.
    [[nodiscard]] Nal repeated_for_itself();

private:
    [[nodiscard]] Nal skipped(std::uint8_t header);
    [[nodiscard]] std::uint32_t macroblocks() const { return static_cast<std::uint32_t>(width_ / 16 * (height_ / 16)); }

    int width_, height_;
    unsigned frame_number_ = 0;
    unsigned idr_ = 0;
};

}  // namespace menshen::test
