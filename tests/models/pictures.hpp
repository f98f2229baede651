#pragma once
/// Pictures made for a test.

#include <png.h>
#include <turbojpeg.h>

#include <cstdint>
#include <span>
#include <vector>

#include "models/image.hpp"
#include "tests/support/catch.hpp"

namespace menshen::models::test {

using Bytes = std::vector<std::uint8_t>;

/// A smooth picture with nothing on it.
inline Image gradient(int width, int height) {
    Image out{width, height, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (const int value : {x * 255 / width, y * 255 / height, 128}) out.rgb.push_back(static_cast<std::uint8_t>(value));
    return out;
}

inline std::vector<std::uint8_t> as_jpeg(const Image& image) {
    tjhandle jpeg = tjInitCompress();
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    const int failed =
        tjCompress2(jpeg, image.rgb.data(), image.width, 0, image.height, TJPF_RGB, &bytes, &size, TJSAMP_444, 95, 0);
    std::vector<std::uint8_t> out(bytes, bytes + size);
    tjFree(bytes);
    tjDestroy(jpeg);
    REQUIRE(failed == 0);
    return out;
}

inline std::vector<std::uint8_t> as_png(const Image& image) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = static_cast<png_uint_32>(image.width);
    png.height = static_cast<png_uint_32>(image.height);
    png.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = 0;
    REQUIRE(png_image_write_to_memory(&png, nullptr, &size, 0, image.rgb.data(), 0, nullptr) != 0);
    std::vector<std::uint8_t> out(size);
    REQUIRE(png_image_write_to_memory(&png, out.data(), &size, 0, image.rgb.data(), 0, nullptr) != 0);
    out.resize(size);
    return out;
}

/// `file` with a marker segment behind its first two bytes.
inline Bytes with_segment(Bytes file, std::uint8_t marker, const Bytes& body) {
    const auto length = body.size() + 2;
    Bytes segment = {0xFF, marker, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
    segment.insert(segment.end(), body.begin(), body.end());
    file.insert(file.begin() + 2, segment.begin(), segment.end());
    return file;
}

/// PNG's check sum of a chunk (PNG 1.2, appendix D).
inline std::uint32_t check_sum(std::span<const std::uint8_t> chunk) {
    std::uint32_t sum = ~0u;
    for (const auto byte : chunk) {
        sum ^= byte;
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0);
    }
    return ~sum;
}

}  // namespace menshen::models::test
