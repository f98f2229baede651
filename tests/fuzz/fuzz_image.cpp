// Any bytes as a photograph: a whole picture within the limits, or a reason.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "models/image.hpp"

namespace {

using namespace menshen::models;

void promise(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

namespace {

/// Whatever can be seen small can be read as a whole: no damaged frame may pass for a still scene.
void look_small(const std::uint8_t* data, std::size_t size, bool can_be_read) {
    const menshen::Frame frame{menshen::DeviceId("camera"), menshen::FrameFormat::encoded, 0, 0,
                               std::make_shared<const std::vector<std::uint8_t>>(data, data + size)};
    const auto grey = small_grey_of(frame);
    if (!grey) return;
    promise(can_be_read);
    promise(grey->width > 0 && grey->width < 2 * kGreySide && grey->height > 0 && grey->height < 2 * kGreySide);
    promise(grey->levels.size() == static_cast<std::size_t>(grey->width) * static_cast<std::size_t>(grey->height));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto picture = decode(std::span(data, size));
    look_small(data, size, picture.has_value());
    if (!picture) {
        promise(!picture.error().message.empty());
        return 0;
    }
    promise(picture->width > 0 && picture->width <= kMaxDecodedSide && picture->height > 0 && picture->height <= kMaxDecodedSide);
    const auto pixels = static_cast<long long>(picture->width) * picture->height;
    promise(picture->rgb.size() == static_cast<std::size_t>(pixels) * 3);
    return 0;
}
