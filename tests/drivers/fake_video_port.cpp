#include "tests/drivers/fake_video_port.hpp"

#include <linux/videodev2.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>

#include "core/time.hpp"

namespace menshen::drivers::v4l2_camera {

namespace {

using Does = FakeCamera::Does;
constexpr std::uint32_t kBufferBytes = 1 << 16;

class FakePort final : public VideoPort {
public:
    explicit FakePort(std::shared_ptr<FakeCamera> camera) : camera_(std::move(camera)) {
        const std::lock_guard lock(camera_->mutex);
        ++camera_->alive;
    }
    ~FakePort() override {
        const std::lock_guard lock(camera_->mutex);
        if (is_open_) --camera_->open_now;
        --camera_->alive;
    }

    [[nodiscard]] int open(const std::string&) override {
        std::unique_lock lock(camera_->mutex);
        stay_wedged(kOpen, lock);
        if (camera_->does == Does::unplugged) return ENOENT;
        if (const int error = camera_->error_of(kOpen); error != 0) return error;
        is_open_ = true;
        ++camera_->opened;
        camera_->most_open = std::max(camera_->most_open, ++camera_->open_now);
        return 0;
    }

    [[nodiscard]] int control(unsigned long request, void* argument) override {
        std::unique_lock lock(camera_->mutex);
        stay_wedged(request, lock);
        if (camera_->does == Does::unplugged) return ENODEV;
        if (const int error = camera_->error_of(request); error != 0) return error;
        return answer(request, argument);
    }

    [[nodiscard]] int map(std::uint32_t offset, std::size_t length, std::span<std::uint8_t>& mapped) override {
        const std::lock_guard lock(camera_->mutex);
        auto& memory = memory_.at(offset / kBufferBytes);
        memory.resize(length);
        mapped = memory;
        ++camera_->mapped_now;
        return 0;
    }
    void unmap(std::span<std::uint8_t>) noexcept override {
        const std::lock_guard lock(camera_->mutex);
        --camera_->mapped_now;
    }

    [[nodiscard]] Woken wait() override {
        std::unique_lock lock(camera_->mutex);
        camera_->changed.wait_for(lock, 1ms);
        while (!stopped_ && camera_->does == Does::nothing) camera_->changed.wait(lock);
        if (stopped_) return {.is_stopped = true};
        switch (camera_->does) {
            case Does::unplugged:
                return {.happened = POLLERR | POLLHUP | POLLPRI};
            case Does::error:
                return {.happened = POLLERR};
            case Does::changes:
                event_ = true;
                camera_->does = Does::nothing;
                return {.happened = POLLPRI};
            case Does::pictures:
                for (int i = 0; i < camera_->at_once; ++i) fill_one();
                return {.happened = POLLIN};
            default:
                return {.happened = POLLIN};
        }
    }

    [[nodiscard]] std::vector<std::string> plugged_in() const override { return camera_->others; }

    void stop() noexcept override {
        const std::lock_guard lock(camera_->mutex);
        stopped_ = true;
        camera_->changed.notify_all();
    }

private:
    void stay_wedged(unsigned long request, std::unique_lock<std::mutex>& lock) {
        while (camera_->wedged == request) {
            camera_->is_in_wedge = true;
            camera_->changed.wait(lock);
        }
        camera_->is_in_wedge = false;
    }

    int answer(unsigned long request, void* argument) {
        switch (request) {
            case VIDIOC_QUERYCAP:
                return about(*static_cast<v4l2_capability*>(argument));
            case VIDIOC_ENUM_FMT:
                return format(*static_cast<v4l2_fmtdesc*>(argument));
            case VIDIOC_ENUM_FRAMESIZES:
                return size(*static_cast<v4l2_frmsizeenum*>(argument));
            case VIDIOC_ENUM_FRAMEINTERVALS:
                return interval(*static_cast<v4l2_frmivalenum*>(argument));
            case VIDIOC_S_FMT:
                return set_format(static_cast<v4l2_format*>(argument)->fmt.pix);
            case VIDIOC_S_PARM: {
                const auto& wanted = static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe;
                camera_->last_interval = {wanted.numerator, wanted.denominator};
                return 0;
            }
            case VIDIOC_DQEVENT:
                return take_event(*static_cast<v4l2_event*>(argument));
            default:
                return answer_about_buffers(request, argument);
        }
    }

    int answer_about_buffers(unsigned long request, void* argument) {
        auto* const buffer = static_cast<v4l2_buffer*>(argument);
        switch (request) {
            case VIDIOC_REQBUFS:
                memory_.resize(static_cast<v4l2_requestbuffers*>(argument)->count);
                return 0;
            case VIDIOC_QUERYBUF:
                buffer->length = kBufferBytes;
                buffer->m.offset = buffer->index * kBufferBytes;
                return 0;
            case VIDIOC_QBUF:
                lent_.push_back(buffer->index);
                return 0;
            case VIDIOC_DQBUF:
                if (filled_.empty()) return EAGAIN;
                *buffer = filled_.front();
                filled_.pop_front();
                return 0;
            default:
                return 0;
        }
    }

    int about(v4l2_capability& told) const {
        std::strcpy(reinterpret_cast<char*>(told.card), "Test Webcam");
        told.capabilities = camera_->capabilities | V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE;  // Of all nodes together.
        told.device_caps = camera_->capabilities;
        return 0;
    }
    int format(v4l2_fmtdesc& entry) const {
        if (entry.index >= camera_->offers.size()) return EINVAL;
        const auto& offer = camera_->offers[entry.index];
        entry.pixelformat = offer.fourcc;
        offer.description.copy(reinterpret_cast<char*>(entry.description), sizeof entry.description - 1);
        return 0;
    }
    [[nodiscard]] const OfferedFormat* offer_of(std::uint32_t fourcc) const {
        const auto it =
            std::find_if(camera_->offers.begin(), camera_->offers.end(), [&](const auto& o) { return o.fourcc == fourcc; });
        return it == camera_->offers.end() ? nullptr : &*it;
    }
    int size(v4l2_frmsizeenum& entry) const {
        const auto* offer = offer_of(entry.pixel_format);
        if (camera_->size_range && entry.index == 0) {
            const auto& [least, most, step] = *camera_->size_range;
            const auto u = [](int value) { return static_cast<std::uint32_t>(value); };
            entry.type = V4L2_FRMSIZE_TYPE_STEPWISE;
            entry.stepwise = {u(least.width), u(most.width), u(step.width), u(least.height), u(most.height), u(step.height)};
            return 0;
        }
        if (offer == nullptr || entry.index >= offer->sizes.size()) return EINVAL;
        entry.type = V4L2_FRMSIZE_TYPE_DISCRETE;
        entry.discrete.width = static_cast<std::uint32_t>(offer->sizes[entry.index].size.width);
        entry.discrete.height = static_cast<std::uint32_t>(offer->sizes[entry.index].size.height);
        return 0;
    }
    int interval(v4l2_frmivalenum& entry) const {
        const auto* offer = offer_of(entry.pixel_format);
        if (offer == nullptr) return EINVAL;
        for (const auto& one : offer->sizes) {
            if (one.size != Size{static_cast<int>(entry.width), static_cast<int>(entry.height)}) continue;
            if (entry.index >= one.intervals.size()) return EINVAL;
            entry.type = V4L2_FRMIVAL_TYPE_DISCRETE;
            entry.discrete = {one.intervals[entry.index].numerator, one.intervals[entry.index].denominator};
            return 0;
        }
        return EINVAL;
    }
    int set_format(v4l2_pix_format& pix) {
        camera_->last_size = {static_cast<int>(pix.width), static_cast<int>(pix.height)};
        camera_->last_fourcc = pix.pixelformat;
        if (camera_->given) {
            pix.width = static_cast<std::uint32_t>(camera_->given->width);
            pix.height = static_cast<std::uint32_t>(camera_->given->height);
        }
        if (camera_->given_fourcc != 0) pix.pixelformat = camera_->given_fourcc;
        pix.bytesperline = pix.pixelformat == V4L2_PIX_FMT_YUYV ? 2 * pix.width + camera_->filling : 0;
        return 0;
    }
    int take_event(v4l2_event& told) {
        if (!event_) return ENOENT;
        event_ = false;
        told.type = V4L2_EVENT_SOURCE_CHANGE;
        told.u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION;
        return 0;
    }
    void fill_one() {
        if (lent_.empty()) return;
        v4l2_buffer buffer{};
        buffer.index = lent_.front();
        lent_.pop_front();
        auto& memory = memory_.at(buffer.index);
        const auto size = std::min(camera_->sends.size(), memory.size());
        std::copy_n(camera_->sends.begin(), size, memory.begin());
        buffer.bytesused = static_cast<std::uint32_t>(size);
        if (camera_->flagged) buffer.flags = V4L2_BUF_FLAG_ERROR;
        filled_.push_back(buffer);
    }

    std::shared_ptr<FakeCamera> camera_;
    bool is_open_ = false, stopped_ = false, event_ = false;
    std::vector<std::vector<std::uint8_t>> memory_;
    std::deque<std::uint32_t> lent_;
    std::deque<v4l2_buffer> filled_;
};

}  // namespace

std::vector<std::uint8_t> small_jpeg(Size size) {
    const auto high = [](int value) { return static_cast<std::uint8_t>(value >> 8); };
    const auto low = [](int value) { return static_cast<std::uint8_t>(value); };
    return {0xFF,
            0xD8,
            0xFF,
            0xDB,
            0,
            4,
            1,
            2,  // A table, not looked at.
            0xFF,
            0xC0,
            0,
            11,
            8,
            high(size.height),
            low(size.height),
            high(size.width),
            low(size.width),
            1,
            1,
            0x11,
            0,
            0xFF,
            0xDA,
            0,
            8,
            1,
            1,
            0,
            0,
            63,
            0,
            0x12,
            0x34,
            0xFF,
            0x00,
            0x56,
            0xFF,
            0xD9};
}

void FakeCamera::set(Does what) {
    const std::lock_guard lock(mutex);
    does = what;
    changed.notify_all();
}
void FakeCamera::set_error(unsigned long request, int error) {
    const std::lock_guard lock(mutex);
    errors[request] = error;
}
void FakeCamera::wedge(unsigned long request) {
    const std::lock_guard lock(mutex);
    wedged = request;
}
void FakeCamera::release() {
    const std::lock_guard lock(mutex);
    wedged = ~0UL;
    changed.notify_all();
}
void FakeCamera::send(std::vector<std::uint8_t> bytes) {
    const std::lock_guard lock(mutex);
    sends = std::move(bytes);
}
void FakeCamera::flag_errors(bool now) {
    const std::lock_guard lock(mutex);
    flagged = now;
}
void FakeCamera::fill_at_once(int buffers) {
    const std::lock_guard lock(mutex);
    at_once = buffers;
}
Size FakeCamera::asked_size() const {
    const std::lock_guard lock(mutex);
    return last_size;
}
std::uint32_t FakeCamera::asked_fourcc() const {
    const std::lock_guard lock(mutex);
    return last_fourcc;
}
Interval FakeCamera::asked_interval() const {
    const std::lock_guard lock(mutex);
    return last_interval;
}
int FakeCamera::openings() const {
    const std::lock_guard lock(mutex);
    return opened;
}
int FakeCamera::most_open_at_once() const {
    const std::lock_guard lock(mutex);
    return most_open;
}
int FakeCamera::ports() const {
    const std::lock_guard lock(mutex);
    return alive;
}
int FakeCamera::mapped() const {
    const std::lock_guard lock(mutex);
    return mapped_now;
}
bool FakeCamera::in_wedge() const {
    const std::lock_guard lock(mutex);
    return is_in_wedge;
}
int FakeCamera::error_of(unsigned long request) const {
    const auto it = errors.find(request);
    return it == errors.end() ? 0 : it->second;
}

std::unique_ptr<VideoPort> make_fake_port(std::shared_ptr<FakeCamera> camera) {
    return std::make_unique<FakePort>(std::move(camera));
}

std::shared_ptr<FakeCamera> make_webcam() {
    auto camera = std::make_shared<FakeCamera>();
    camera->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    camera->offers = {
        {V4L2_PIX_FMT_MJPEG, "Motion-JPEG", {{{1280, 720}, {{1, 30}, {1, 15}}}, {{640, 480}, {{1, 30}, {1, 15}}}}},
        {V4L2_PIX_FMT_YUYV, "YUYV 4:2:2", {{{1280, 720}, {{1, 10}}}, {{640, 480}, {{1, 30}}}}},
    };
    return camera;
}

}  // namespace menshen::drivers::v4l2_camera
