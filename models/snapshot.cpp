#include "models/snapshot.hpp"

#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>

namespace menshen::models {

namespace {

constexpr int kMostSide = 1280;
constexpr int kQuality = 80;
using Colour = std::array<std::uint8_t, 3>;
constexpr Colour kGreen{0, 200, 0};
constexpr Colour kOrange{255, 140, 0};

void paint(Image& picture, int x, int y, const Colour& colour) {
    if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) return;
    std::copy(colour.begin(), colour.end(), picture.rgb.begin() + 3 * (static_cast<std::ptrdiff_t>(y) * picture.width + x));
}

void frame(Image& picture, const Box& box, const Colour& colour) {
    const int thick = std::max(2, picture.width / 320);
    for (int line = 0; line < thick; ++line) {
        for (int x = box.x; x < box.x + box.width; ++x) {
            paint(picture, x, box.y + line, colour);
            paint(picture, x, box.y + box.height - 1 - line, colour);
        }
        for (int y = box.y; y < box.y + box.height; ++y) {
            paint(picture, box.x + line, y, colour);
            paint(picture, box.x + box.width - 1 - line, y, colour);
        }
    }
}

/// Every n-th pixel: good enough to see where a camera looks.
Image thinned(const Image& picture) {
    const int step = (std::max(picture.width, picture.height) + kMostSide - 1) / kMostSide;
    Image out{picture.width / step, picture.height / step, {}};
    out.rgb.reserve(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height) * 3);
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            const auto from = picture.rgb.begin() + 3 * (static_cast<std::ptrdiff_t>(y) * step * picture.width + x * step);
            out.rgb.insert(out.rgb.end(), from, from + 3);
        }
    }
    return out;
}

}  // namespace

Result<std::vector<std::uint8_t>> framed_jpeg(Image picture, std::span<const FoundFace> faces, bool usable) {
    for (std::size_t i = 0; i < faces.size(); ++i) frame(picture, faces[i].box, i == 0 && usable ? kGreen : kOrange);
    if (std::max(picture.width, picture.height) > kMostSide) picture = thinned(picture);
    const std::unique_ptr<void, int (*)(tjhandle)> encoder(tjInitCompress(), tjDestroy);
    if (!encoder) return fail("no memory for a snapshot");
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    const int status = tjCompress2(encoder.get(), picture.rgb.data(), picture.width, 0, picture.height, TJPF_RGB, &bytes, &size,
                                   TJSAMP_420, kQuality, 0);
    const std::unique_ptr<unsigned char, void (*)(unsigned char*)> held(bytes, tjFree);
    if (status != 0) return fail("the snapshot could not be written: {}", tjGetErrorStr2(encoder.get()));
    return std::vector<std::uint8_t>(bytes, bytes + size);
}

}  // namespace menshen::models
