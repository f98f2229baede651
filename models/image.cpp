#include "models/image.hpp"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>

namespace menshen::models {
namespace {

using namespace std::string_view_literals;

bool starts_with(std::span<const std::uint8_t> file, std::string_view magic) {
    return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin(),
                                                     [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

Result<void> check_size(long long width, long long height, long long most_pixels) {
    if (width < 1 || height < 1) return fail("the picture has no pixels");
    if (width > kMaxSide || height > kMaxSide)
        return fail("the picture has {} x {} pixels; at most {} x {} are read: make it smaller", width, height, kMaxSide,
                    kMaxSide);
    if (width * height > most_pixels)
        return fail("the picture has {} megapixels; at most {} are read: make it smaller", width * height / 1'000'000,
                    most_pixels / 1'000'000);
    return {};
}

/// A number of an EXIF block, or of a PNG file (which is big-endian), in its own byte order; 0 beyond the end.
struct Tiff {
    std::span<const std::uint8_t> bytes;
    bool little = false;

    [[nodiscard]] std::uint32_t read(std::size_t at, std::size_t size) const {
        if (at > bytes.size() || bytes.size() - at < size) return 0;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[little ? at + size - 1 - i : at + i];
        return value;
    }
};

/// Tag 0x0112 of the first directory (EXIF 2.3, 4.6.4); 1, which is upright, when there is none or it makes no sense.
int orientation_of(std::span<const std::uint8_t> tiff) {
    const Tiff exif{tiff, starts_with(tiff, "II*\0"sv)};
    if (!exif.little && !starts_with(tiff, "MM\0*"sv)) return 1;
    const std::size_t directory = exif.read(4, 4);
    const std::size_t entries = exif.read(directory, 2);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t at = directory + 2 + 12 * i;
        if (exif.read(at, 2) != 0x0112) continue;
        const auto value = exif.read(at + 8, 2);
        return exif.read(at + 2, 2) == 3 && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

/// What the markers of a JPEG file say that the decoder does not.
struct JpegMarkers {
    int orientation = 1;
    bool adobe = false;        ///< Adobe's programs store CMYK inverted (Technical Note 5116).
    bool progressive = false;  ///< The decoder keeps all coefficients, also of a single scan.
    long long scans = 0;
};

constexpr bool stands_alone(std::uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7); }

/// One marker segment without its length.
void note(JpegMarkers& found, std::uint8_t marker, std::span<const std::uint8_t> body) {
    if (marker == 0xE1 && starts_with(body, "Exif\0\0"sv)) found.orientation = orientation_of(body.subspan(6));
    if (marker == 0xEE && starts_with(body, "Adobe"sv)) found.adobe = true;
    if (marker == 0xC2 || marker == 0xCA) found.progressive = true;
    if (marker == 0xDA) ++found.scans;
}

/// Follows the file as the decoder does (ITU T.81, B.1.1), up to the end of the picture: telephones put thumbnails into comments
/// and clips behind it, whose scans nobody decodes.
JpegMarkers markers_of(std::span<const std::uint8_t> file) {
    JpegMarkers found;
    for (std::size_t at = 2; file.size() - at >= 4;) {
        const auto marker = file[at + 1];
        // Inside a scan a FF that is data is followed by 00; before a marker there may be more of FF.
        if (file[at] != 0xFF || marker == 0xFF) {
            ++at;
            continue;
        }
        if (marker == 0xD9) return found;
        if (marker == 0x00 || stands_alone(marker)) {
            at += 2;
            continue;
        }
        // Some decoders read on after a length that cannot be: take it for none, so that no scan hides behind it.
        const std::size_t length = static_cast<std::size_t>(file[at + 2]) << 8 | file[at + 3];
        const bool fits = length >= 2 && length <= file.size() - at - 2;
        note(found, marker, fits ? file.subspan(at + 4, length - 2) : file.first(0));
        at += 2 + (fits ? length : 2);
    }
    return found;
}

/// A file of more than one scan keeps all coefficients in memory, and goes through the whole picture again for each.
Result<void> check_scans(const JpegMarkers& markers, long long pixels) {
    if ((markers.progressive || markers.scans > 1) && pixels > kMaxProgressivePixels)
        return fail("the progressive JPEG file has {} megapixels; at most {} are read: make it smaller, or save it as baseline",
                    pixels / 1'000'000, kMaxProgressivePixels / 1'000'000);
    if (markers.scans > kMaxScans || (markers.scans > 1 && markers.scans * pixels > kMaxScanPixels))
        return fail("the JPEG file goes {} times through its picture, which takes too long: save it as baseline", markers.scans);
    return {};
}

/// The largest of the decoder's scales, in eighths and none above 1, that keeps to kMaxDecodedSide.
tjscalingfactor scale_for(int longer_side) {
    tjscalingfactor scale = {1, 1};
    for (int eighths = 7; eighths >= 1 && TJSCALED(longer_side, scale) > kMaxDecodedSide; --eighths) scale = {eighths, 8};
    return scale;
}

/// A picture made smaller by a whole number, each pixel the mean of those it stands for. In place.
Image shrunk(Image image) {
    const int times = (std::max(image.width, image.height) + kMaxDecodedSide - 1) / kMaxDecodedSide;
    if (times == 1) return image;
    const int width = std::max(1, image.width / times), height = std::max(1, image.height / times);
    const int across = std::min(times, image.width), down = std::min(times, image.height);
    std::size_t to = 0;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width * 3; ++x) {
            int sum = 0;
            for (int dy = 0; dy < down; ++dy) {
                const auto row = static_cast<std::size_t>(y * times + dy) * image.width;
                for (int dx = 0; dx < across; ++dx) sum += image.rgb[(row + x / 3 * times + dx) * 3 + x % 3];
            }
            image.rgb[to++] = static_cast<std::uint8_t>(sum / (down * across));
        }
    }
    image.rgb.resize(to);
    image.rgb.shrink_to_fit();
    return {width, height, std::move(image.rgb)};
}

/// Ink to light, four bytes a pixel to three, in place.
void cmyk_to_rgb(std::vector<std::uint8_t>& pixels, bool inverted) {
    for (std::size_t from = 0, to = 0; from < pixels.size(); from += 4, to += 3) {
        const auto light = [&](std::size_t i) { return inverted ? int{pixels[from + i]} : 255 - pixels[from + i]; };
        const int black = light(3);
        const std::array<int, 3> rgb = {light(0) * black / 255, light(1) * black / 255, light(2) * black / 255};
        for (std::size_t i = 0; i < 3; ++i) pixels[to + i] = static_cast<std::uint8_t>(rgb[i]);
    }
    pixels.resize(pixels.size() / 4 * 3);
}

/// The picture upright. Orientations above 4 lie on their side: rows become columns.
Image turned(Image image, int orientation) {
    if (orientation == 1) return image;
    const bool lying = orientation > 4;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    Image upright{lying ? image.height : image.width, lying ? image.width : image.height, {}};
    upright.rgb.resize(image.rgb.size());
    std::size_t to = 0;
    for (int y = 0; y < upright.height; ++y) {
        for (int x = 0; x < upright.width; ++x, to += 3) {
            const int across = lying ? y : x, down = lying ? x : y;
            const int column = from_right ? image.width - 1 - across : across;
            const int row = from_bottom ? image.height - 1 - down : down;
            const auto from = (static_cast<std::size_t>(row) * image.width + column) * 3;
            std::copy_n(image.rgb.begin() + static_cast<std::ptrdiff_t>(from), 3,
                        upright.rgb.begin() + static_cast<std::ptrdiff_t>(to));
        }
    }
    return upright;
}

/// A JPEG file whose headers were read.
struct JpegFile {
    std::span<const std::uint8_t> bytes;
    std::unique_ptr<void, int (*)(tjhandle)> decoder{tjInitDecompress(), tjDestroy};
    int width = 0, height = 0, colours = 0;
    JpegMarkers markers;

    [[nodiscard]] bool is_ink() const { return colours == TJCS_CMYK || colours == TJCS_YCCK; }

    [[nodiscard]] Result<std::vector<std::uint8_t>> pixels(int scaled_width, int scaled_height, TJPF format) const {
        std::vector<std::uint8_t> out(static_cast<std::size_t>(scaled_width) * scaled_height *
                                      static_cast<std::size_t>(tjPixelSize[format]));
        // libjpeg fills what is missing with grey and merely warns. A grey half is no face: every warning is an error here.
        const int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
        if (tjDecompress2(decoder.get(), bytes.data(), bytes.size(), out.data(), scaled_width, 0, scaled_height, format, flags) !=
            0)
            return fail("the JPEG file is truncated or damaged: {}", tjGetErrorStr2(decoder.get()));
        return out;
    }
};

/// Refuses what is beyond the limits.
Result<JpegFile> open_jpeg(std::span<const std::uint8_t> file) {
    JpegFile jpeg{file};
    if (!jpeg.decoder) return fail("no memory for the JPEG decoder");
    int subsampling = 0;
    if (tjDecompressHeader3(jpeg.decoder.get(), file.data(), file.size(), &jpeg.width, &jpeg.height, &subsampling,
                            &jpeg.colours) != 0)
        return fail("the JPEG file is truncated or damaged: {}", tjGetErrorStr2(jpeg.decoder.get()));
    // A file that ends before its frame header passes as one of tables only, without a picture.
    if (jpeg.width < 1 || jpeg.height < 1) return fail("the JPEG file is truncated: it ends before the picture");
    if (auto fits = check_size(jpeg.width, jpeg.height, kMaxPixels); !fits) return tl::unexpected(fits.error());
    jpeg.markers = markers_of(file);
    if (auto fits = check_scans(jpeg.markers, static_cast<long long>(jpeg.width) * jpeg.height); !fits)
        return tl::unexpected(fits.error());
    return jpeg;
}

Result<Image> decode_jpeg(std::span<const std::uint8_t> file) {
    const auto jpeg = open_jpeg(file);
    if (!jpeg) return tl::unexpected(jpeg.error());
    const auto scale = scale_for(std::max(jpeg->width, jpeg->height));
    Image image{TJSCALED(jpeg->width, scale), TJSCALED(jpeg->height, scale), {}};
    auto pixels = jpeg->pixels(image.width, image.height, jpeg->is_ink() ? TJPF_CMYK : TJPF_RGB);
    if (!pixels) return tl::unexpected(pixels.error());
    image.rgb = std::move(*pixels);
    if (jpeg->is_ink()) cmyk_to_rgb(image.rgb, jpeg->markers.adobe);
    return turned(std::move(image), jpeg->markers.orientation);
}

/// PNG's check sum of a chunk's type and data (PNG 1.2, appendix D).
std::uint32_t check_sum(std::span<const std::uint8_t> chunk) {
    std::uint32_t sum = ~0U;
    for (const auto byte : chunk) {
        sum ^= byte;
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xEDB88320U : 0);
    }
    return ~sum;
}

/// What the first eXIf chunk says, before the picture or behind it (PNG third edition, 11.3.3.7); 1, which is upright, when there
/// is none or it is damaged. Nothing when the file ends before its end mark: then it is not known whether there is one.
std::optional<int> orientation_of_png(std::span<const std::uint8_t> file) {
    constexpr std::size_t kMark = 8, kAround = 12;  // Length, type and check sum.
    constexpr std::size_t kMostExif = 1U << 16;     // As much as JPEG has room for.
    const Tiff numbers{file, false};
    std::optional<int> found;
    for (std::size_t at = kMark; at <= file.size() && file.size() - at >= kAround;) {
        const std::size_t length = numbers.read(at, 4);
        if (length > file.size() - at - kAround) return std::nullopt;
        const auto chunk = file.subspan(at + 4, 4 + length);
        if (starts_with(chunk, "IEND"sv)) return found.value_or(1);
        if (!found && starts_with(chunk, "eXIf"sv) && length <= kMostExif && check_sum(chunk) == numbers.read(at + 8 + length, 4))
            found = orientation_of(chunk.subspan(4));
        at += kAround + length;
    }
    return std::nullopt;
}

Result<Image> decode_png(std::span<const std::uint8_t> file) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    const std::unique_ptr<png_image, void (*)(png_image*)> release(&png, png_image_free);
    if (png_image_begin_read_from_memory(&png, file.data(), file.size()) == 0)
        return fail("the PNG file is truncated or damaged: {}", png.message);
    if (auto fits = check_size(png.width, png.height, kMaxWholePixels); !fits) return tl::unexpected(fits.error());
    png.format = PNG_FORMAT_RGB;
    // Without this a 16-bit file that does not name its gamma is taken for linear light, and comes far too bright.
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    Image image{static_cast<int>(png.width), static_cast<int>(png.height), {}};
    image.rgb.resize(PNG_IMAGE_SIZE(png));
    // What is transparent becomes grey; a photograph is not transparent.
    const png_color background = {128, 128, 128};
    if (png_image_finish_read(&png, &background, image.rgb.data(), 0, nullptr) == 0)
        return fail("the PNG file is truncated or damaged: {}", png.message);
    const auto orientation = orientation_of_png(file);
    if (!orientation) return fail("the PNG file is truncated: it ends before its end mark");
    return turned(shrunk(std::move(image)), *orientation);
}

/// One byte of every pixel.
struct Cells {
    const std::uint8_t* first = nullptr;
    int step = 1;  ///< Bytes from one to the next, also from the end of a row.
    int width = 0, height = 0;
};

/// Means of square blocks; of a large block every second cell of every second row will do.
std::optional<GreyPicture> in_blocks(const Cells& cells) {
    const int times = std::max(1, std::max(cells.width, cells.height) / kGreySide);
    GreyPicture out{cells.width / times, cells.height / times, {}};
    if (out.width < 1 || out.height < 1) return std::nullopt;  // A strip.
    out.levels.reserve(static_cast<std::size_t>(out.width) * out.height);
    const int stride = times >= 4 ? 2 : 1;
    const auto taken = (times + stride - 1) / stride;
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            int sum = 0;
            for (int dy = 0; dy < times; dy += stride) {
                const auto row = static_cast<std::size_t>(y * times + dy) * cells.width;
                for (int dx = 0; dx < times; dx += stride) sum += cells.first[(row + x * times + dx) * cells.step];
            }
            out.levels.push_back(static_cast<std::uint8_t>(sum / (taken * taken)));
        }
    }
    return out;
}

/// An eighth costs the decoder next to nothing beside unpacking: of each block only the mean is made (its DC coefficient).
std::optional<GreyPicture> small_grey_of_jpeg(std::span<const std::uint8_t> file) {
    const auto jpeg = open_jpeg(file);
    if (!jpeg || jpeg->is_ink() || jpeg->markers.progressive) return std::nullopt;
    tjscalingfactor scale = {1, 1};
    while (scale.denom < 8 && TJSCALED(std::max(jpeg->width, jpeg->height), scale) >= 2 * kGreySide) scale.denom *= 2;
    const int width = TJSCALED(jpeg->width, scale), height = TJSCALED(jpeg->height, scale);
    auto levels = jpeg->pixels(width, height, TJPF_GRAY);
    if (!levels) return std::nullopt;
    return in_blocks({levels->data(), 1, width, height});
}

}  // namespace

Result<Image> decode(std::span<const std::uint8_t> file) {
    if (file.empty()) return fail("the file is empty: no picture");
    if (file.size() > kMaxEncodedBytes)
        return fail("the file has {} MB; at most {} MB are read: make the picture smaller", file.size() >> 20,
                    kMaxEncodedBytes >> 20);
    if (starts_with(file, "\xff\xd8\xff"sv)) return decode_jpeg(file);
    if (starts_with(file, "\x89PNG\r\n\x1a\n"sv)) return decode_png(file);
    return fail("neither a JPEG nor a PNG file: save the picture as one of them");
}

Result<Image> picture_of(const Frame& frame) {
    if (!frame.bytes) return fail("the frame has no bytes");
    if (frame.format == FrameFormat::encoded) return decode(*frame.bytes);
    if (auto fits = check_size(frame.width, frame.height, kMaxWholePixels); !fits) return tl::unexpected(fits.error());
    const auto size = static_cast<std::size_t>(frame.width) * frame.height * 3;
    if (frame.bytes->size() != size)
        return fail("a bgr24 frame of {} x {} needs {} bytes, this one has {}", frame.width, frame.height, size,
                    frame.bytes->size());
    Image image{frame.width, frame.height, *frame.bytes};
    for (std::size_t i = 0; i < size; i += 3) std::swap(image.rgb[i], image.rgb[i + 2]);
    return image;
}

std::optional<GreyPicture> small_grey_of(const Frame& frame) {
    if (!frame.bytes) return std::nullopt;
    const auto& bytes = *frame.bytes;
    if (frame.format == FrameFormat::encoded) {
        if (bytes.size() > kMaxEncodedBytes || !starts_with(bytes, "\xff\xd8\xff"sv)) return std::nullopt;
        return small_grey_of_jpeg(bytes);
    }
    if (!check_size(frame.width, frame.height, kMaxWholePixels)) return std::nullopt;
    if (bytes.size() != static_cast<std::size_t>(frame.width) * frame.height * 3) return std::nullopt;
    // Green is most of what the eye calls bright.
    return in_blocks({bytes.data() + 1, 3, frame.width, frame.height});
}

}  // namespace menshen::models
