#pragma once
/// A decoded picture, and how the bytes of a photograph become one.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/frame.hpp"
#include "core/result.hpp"

namespace menshen::models {

/// Rows from the top, red first, three bytes a pixel, no padding between rows.
struct Image {
    int width = 0;   ///< Pixels.
    int height = 0;  ///< Pixels.
    std::vector<std::uint8_t> rgb;
};

/// Rows from the top, one byte a cell: what is left of a picture for seeing whether anything moves.
struct GreyPicture {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> levels;
};

inline constexpr std::size_t kMaxEncodedBytes = 20u << 20;      ///< A larger file is refused before it is looked at.
inline constexpr int kMaxSide = 16'384;                         ///< Pixels of a file; more is refused before memory is taken.
inline constexpr int kMaxDecodedSide = 2048;                    ///< A larger file comes scaled down; the shape stays.
inline constexpr long long kMaxPixels = 120'000'000;            ///< Of a baseline JPEG file, which is scaled while it is read.
inline constexpr long long kMaxWholePixels = 50'000'000;        ///< Of a PNG file, which is scaled when it was read: 150 MB.
inline constexpr long long kMaxProgressivePixels = 16'000'000;  ///< Of a JPEG file that keeps coefficients: up to 130 MB.
inline constexpr long long kMaxScans = 100;                     ///< Of a JPEG file; ten are usual.
inline constexpr long long kMaxScanPixels = 400'000'000;        ///< Scans times pixels: some seconds of work.

/// Reads a JPEG or PNG file, whatever its name. A file that ends early is an error and never a picture with a grey rest; so are
/// an empty file, an unknown format and a picture beyond the limits above. What stands behind the picture is not read. The
/// picture comes upright, as the file's EXIF orientation says; a JPEG file in RGB also when it is grey or CMYK; a PNG file in
/// RGB, eight bits deep, on grey where it is transparent. Pure; any thread.
[[nodiscard]] Result<Image> decode(std::span<const std::uint8_t> file);

/// The picture of a camera's frame, whichever its format. A bgr24 frame whose bytes do not fit its size is an error.
[[nodiscard]] Result<Image> picture_of(const Frame& frame);

inline constexpr int kGreySide =
    160;  ///< Cells that the longer side of a small grey picture has at least, where there are as many.

/// The frame small and grey, 160 x 90 of 1280 x 720, at a third of what decoding it costs. Not turned upright. Nothing when the
/// frame has to be decoded as a whole to know (a PNG file, a progressive or CMYK JPEG file) or cannot be read at all, which
/// picture_of() tells.
[[nodiscard]] std::optional<GreyPicture> small_grey_of(const Frame& frame);

}  // namespace menshen::models
