#include "models/image.hpp"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace menshen::models {
namespace {

using namespace std::string_view_literals;

bool starts_with(std::span<const std::uint8_t> file, std::string_view magic) {
    return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin(),
                                                     [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

Result<void> check_size(long long width, long long height) {
    if (width < 1 || height < 1) return fail("the picture has no pixels");
    if (width > kMaxSide || height > kMaxSide)
        return fail("the picture has {} x {} pixels; at most {} x {} are read: make it smaller", width, height, kMaxSide,
                    kMaxSide);
    return {};
}

Result<Image> decode_jpeg(std::span<const std::uint8_t> file) {
    const std::unique_ptr<void, int (*)(tjhandle)> jpeg(tjInitDecompress(), tjDestroy);
    if (!jpeg) return fail("no memory for the JPEG decoder");
    Image image;
    int subsampling = 0, colours = 0;
    if (tjDecompressHeader3(jpeg.get(), file.data(), file.size(), &image.width, &image.height, &subsampling, &colours) != 0)
        return fail("the JPEG file is truncated or damaged: {}", tjGetErrorStr2(jpeg.get()));
    // A file that ends before its frame header passes as one of tables only, without a picture.
    if (image.width < 1 || image.height < 1) return fail("the JPEG file is truncated: it ends before the picture");
    if (auto fits = check_size(image.width, image.height); !fits) return tl::unexpected(fits.error());
    image.rgb.resize(static_cast<std::size_t>(image.width) * image.height * 3);
    // libjpeg fills what is missing with grey and merely warns. A grey half is no face: every warning is an error here. The limit
    // on scans is for progressive files that are small and take minutes.
    const int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
    if (tjDecompress2(jpeg.get(), file.data(), file.size(), image.rgb.data(), image.width, 0, image.height, TJPF_RGB, flags) != 0)
        return fail("the JPEG file is truncated or damaged: {}", tjGetErrorStr2(jpeg.get()));
    return image;
}

Result<Image> decode_png(std::span<const std::uint8_t> file) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    const std::unique_ptr<png_image, void (*)(png_image*)> release(&png, png_image_free);
    if (png_image_begin_read_from_memory(&png, file.data(), file.size()) == 0)
        return fail("the PNG file is truncated or damaged: {}", png.message);
    if (auto fits = check_size(png.width, png.height); !fits) return tl::unexpected(fits.error());
    png.format = PNG_FORMAT_RGB;
    Image image{static_cast<int>(png.width), static_cast<int>(png.height), {}};
    image.rgb.resize(PNG_IMAGE_SIZE(png));
    // What is transparent becomes grey; a photograph is not transparent.
    const png_color background = {128, 128, 128};
    if (png_image_finish_read(&png, &background, image.rgb.data(), 0, nullptr) == 0)
        return fail("the PNG file is truncated or damaged: {}", png.message);
    return image;
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
    if (auto fits = check_size(frame.width, frame.height); !fits) return tl::unexpected(fits.error());
    const auto size = static_cast<std::size_t>(frame.width) * frame.height * 3;
    if (frame.bytes->size() != size)
        return fail("a bgr24 frame of {} x {} needs {} bytes, this one has {}", frame.width, frame.height, size,
                    frame.bytes->size());
    Image image{frame.width, frame.height, *frame.bytes};
    for (std::size_t i = 0; i < size; i += 3) std::swap(image.rgb[i], image.rgb[i + 2]);
    return image;
}

}  // namespace menshen::models
