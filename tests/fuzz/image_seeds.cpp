// Writes the seeds of fuzz_image: small pictures of every kind, made here, for no photograph is committed. usage: image_seeds
// FOLDER

#include <turbojpeg.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <png.h>

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr int kSide = 24;

struct Kind {
    std::string name;
    int pixel_format, subsampling, flags;
};

void write(const std::filesystem::path& path, const std::uint8_t* bytes, std::size_t size) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
}

bool write_jpeg(const std::filesystem::path& folder, const Kind& kind) {
    Bytes pixels(static_cast<std::size_t>(kSide * kSide * tjPixelSize[kind.pixel_format]));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 + i / 50);
    tjhandle jpeg = tjInitCompress();
    unsigned char* out = nullptr;
    unsigned long size = 0;
    const bool done =
        tjCompress2(jpeg, pixels.data(), kSide, 0, kSide, kind.pixel_format, &out, &size, kind.subsampling, 80, kind.flags) == 0;
    if (done) {
        Bytes file(out, out + size);
        // Turned, as a telephone writes it: EXIF, big-endian, orientation 6.
        const Bytes exif = {0xFF, 0xE1, 0, 34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, '*', 0, 0, 0, 8,
                            0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   6,   0, 0,   0, 0, 0, 0};
        file.insert(file.begin() + 2, exif.begin(), exif.end());
        write(folder / (kind.name + ".jpg"), file.data(), file.size());
    }
    tjFree(out);
    tjDestroy(jpeg);
    return done;
}

bool write_png(const std::filesystem::path& folder, const std::string& name, png_uint_32 format) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = png.height = kSide;
    png.format = format;
    const bool palette = (format & PNG_FORMAT_FLAG_COLORMAP) != 0;
    if (palette) png.colormap_entries = 16;
    Bytes pixels(PNG_IMAGE_SIZE(png)), map(PNG_IMAGE_COLORMAP_SIZE(png) + 1);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(palette ? i % 16 : i * 5);
    for (std::size_t i = 0; i < map.size(); ++i) map[i] = static_cast<std::uint8_t>(i * 11);
    Bytes file(1 << 16);
    png_alloc_size_t size = file.size();
    if (png_image_write_to_memory(&png, file.data(), &size, 0, pixels.data(), 0, palette ? map.data() : nullptr) == 0)
        return false;
    file.resize(size);
    // Turned, by a chunk between the header and the picture, with its check sum: EXIF, big-endian, orientation 6.
    const Bytes exif = {0,  0, 0, 26, 'e', 'X', 'I', 'f', 'M', 'M', 0, '*', 0, 0, 0, 8,    0,    1,    1,
                        18, 0, 3, 0,  0,   0,   1,   0,   6,   0,   0, 0,   0, 0, 0, 0xD6, 0x67, 0x4B, 0x69};
    file.insert(file.begin() + 33, exif.begin(), exif.end());
    write(folder / (name + ".png"), file.data(), file.size());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: image_seeds FOLDER\n"), 2;
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    bool done = true;
    for (const Kind& kind : {Kind{"colour", TJPF_RGB, TJSAMP_420, 0}, Kind{"grey", TJPF_GRAY, TJSAMP_GRAY, 0},
                             Kind{"ink", TJPF_CMYK, TJSAMP_444, 0}, Kind{"scans", TJPF_RGB, TJSAMP_422, TJFLAG_PROGRESSIVE}})
        done = write_jpeg(folder, kind) && done;
    done = write_png(folder, "colour", PNG_FORMAT_RGB) && done;
    done = write_png(folder, "glass", PNG_FORMAT_RGBA) && done;
    done = write_png(folder, "palette", PNG_FORMAT_RGB_COLORMAP) && done;
    done = write_png(folder, "deep", PNG_FORMAT_LINEAR_RGB_ALPHA) && done;
    if (!done) return std::fprintf(stderr, "image_seeds: a seed could not be written\n"), 1;
    return 0;
}
