#include "drivers/v4l2_camera/buffers.hpp"

#include <linux/videodev2.h>

#include <cerrno>
#include <utility>

namespace menshen::drivers::v4l2_camera {

namespace {

constexpr std::uint32_t kWanted = 4;  // One is looked at, one is being filled, and two are spare.
constexpr std::uint32_t kMostBuffers = 32;
constexpr std::size_t kLargest = 64U << 20;  // Bytes of one.

v4l2_buffer buffer(std::uint32_t index) {
    v4l2_buffer made{};
    made.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    made.memory = V4L2_MEMORY_MMAP;
    made.index = index;
    return made;
}

v4l2_requestbuffers request(std::uint32_t count) {
    v4l2_requestbuffers made{};
    made.count = count;
    made.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    made.memory = V4L2_MEMORY_MMAP;
    return made;
}

}  // namespace

Buffers::~Buffers() {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (is_streaming_) (void)calls_.control(VIDIOC_STREAMOFF, &type);
    for (const auto& one : mapped_) calls_.port().unmap(one);
    auto none = request(0);
    if (has_requested_) (void)calls_.control(VIDIOC_REQBUFS, &none);
}

Result<void> Buffers::start() {
    auto wanted = request(kWanted);
    if (auto got = calls_.must(VIDIOC_REQBUFS, &wanted); !got) return got;
    has_requested_ = true;
    if (wanted.count < 2) return fail("{}: the driver gives {} buffers; it takes two to stream", calls_.path(), wanted.count);
    if (wanted.count > kMostBuffers) return fail("{}: the driver gives {} buffers, which cannot be", calls_.path(), wanted.count);
    if (auto mapped = map_all(wanted.count); !mapped) return mapped;
    for (std::uint32_t index = 0; index < wanted.count; ++index)
        if (auto lent = give_back(index); !lent) return lent;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (auto on = calls_.must(VIDIOC_STREAMON, &type); !on) return on;
    is_streaming_ = true;
    return {};
}

Result<void> Buffers::map_all(std::uint32_t count) {
    for (std::uint32_t index = 0; index < count; ++index) {
        auto asked = buffer(index);
        if (auto told = calls_.must(VIDIOC_QUERYBUF, &asked); !told) return told;
        if (asked.length == 0 || asked.length > kLargest)
            return fail("{}: the driver gives a buffer of {} bytes; take a smaller size", calls_.path(), asked.length);
        std::span<std::uint8_t> one;
        if (const int error = calls_.port().map(asked.m.offset, asked.length, one); error != 0)
            return tl::unexpected(calls_.trouble(VIDIOC_QUERYBUF, error));
        mapped_.push_back(one);
    }
    return {};
}

Result<void> Buffers::give_back(std::uint32_t index) {
    auto lent = buffer(index);
    return calls_.must(VIDIOC_QBUF, &lent);
}

Result<Buffers::Taken> Buffers::take() {
    Taken taken;
    // No more than there are: a driver that fills as fast as this reads must not keep it here.
    for (std::size_t times = 0; times < mapped_.size(); ++times) {
        auto filled = buffer(0);
        const int error = calls_.control(VIDIOC_DQBUF, &filled);
        if (error == EAGAIN) break;
        if (error == EIO) {  // "Temporary problems like signal loss": the stream goes on, and counts against it if it does not.
            ++taken.damaged;
            break;
        }
        if (error != 0) return tl::unexpected(calls_.trouble(VIDIOC_DQBUF, error));
        if (filled.index >= mapped_.size())
            return fail("{}: the driver speaks of buffer {} of {}", calls_.path(), filled.index, mapped_.size());
        const auto whole = mapped_[filled.index];
        const bool is_damaged =
            (filled.flags & V4L2_BUF_FLAG_ERROR) != 0 || filled.bytesused == 0 || filled.bytesused > whole.size();
        if (is_damaged) {
            ++taken.damaged;
            if (auto lent = give_back(filled.index); !lent) return tl::unexpected(lent.error());
            continue;
        }
        const auto older = std::exchange(taken.newest, Held{filled.index, whole.first(filled.bytesused)});
        if (!older) continue;
        ++taken.older;
        if (auto lent = give_back(older->index); !lent) return tl::unexpected(lent.error());
    }
    return taken;
}

}  // namespace menshen::drivers::v4l2_camera
