// Any bytes as a photograph: a whole picture within the limits, or a reason.

#include <cstdint>
#include <cstdlib>
#include <span>

#include "models/image.hpp"

namespace {

using namespace menshen::models;

void promise(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto picture = decode(std::span(data, size));
    if (!picture) {
        promise(!picture.error().message.empty());
        return 0;
    }
    promise(picture->width > 0 && picture->width <= kMaxDecodedSide && picture->height > 0 && picture->height <= kMaxDecodedSide);
    const auto pixels = static_cast<long long>(picture->width) * picture->height;
    promise(picture->rgb.size() == static_cast<std::size_t>(pixels) * 3);
    return 0;
}
