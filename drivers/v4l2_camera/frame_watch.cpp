#include "drivers/v4l2_camera/frame_watch.hpp"

#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "drivers/v4l2_camera/negotiation.hpp"

namespace menshen::drivers::v4l2_camera {

namespace {

constexpr unsigned kMostGarbage = 50;  // In a row: some seconds; a bad hub loses a few now and then.
constexpr unsigned kMostInVain = 1000;
constexpr int kMostEvents = 32;

rtsp_camera::FramePacing::Time now_us() {
    return std::chrono::duration_cast<rtsp_camera::FramePacing::Time>(std::chrono::steady_clock::now().time_since_epoch());
}

/// Whether the pictures have another size from now on.
Result<bool> has_changed(Calls& calls) {
    bool changed = false;
    for (int i = 0; i < kMostEvents; ++i) {
        v4l2_event event{};
        const int error = calls.control(VIDIOC_DQEVENT, &event);
        if (error == ENOENT || error == ENOTTY || error == EINVAL) break;  // No more, or it knows no events.
        if (error != 0) return tl::unexpected(calls.trouble(VIDIOC_DQEVENT, error));
        if (event.type == V4L2_EVENT_SOURCE_CHANGE && (event.u.src_change.changes & V4L2_EVENT_SRC_CH_RESOLUTION) != 0)
            changed = true;
    }
    return changed;
}

/// poll() says only that something is wrong; the next call says what.
Error what_is_wrong(Calls& calls) {
    v4l2_capability about{};
    if (auto asked = calls.must(VIDIOC_QUERYCAP, &about); !asked) return asked.error();
    return Error{fmt::format("{}: the driver reports an error and sends no more; check the camera's cable, hub and power supply",
                             calls.path())};
}

}  // namespace

/// Changes the news and rouses the loop. The lock is held while posting: whoever waits cannot go away, and the loop with it, in
/// between.
template <class Change>
void FrameWatch::tell(Change change) {
    const std::lock_guard lock(mutex_);
    change(news_);
    if (waiting_ == nullptr || std::exchange(is_roused_, true)) return;
    boost::asio::post(waiting_->get_executor(), [self = shared_from_this()] {
        const std::lock_guard relock(self->mutex_);
        if (self->waiting_ != nullptr) self->waiting_->cancel();
    });
}

Result<void> FrameWatch::begin(boost::asio::steady_timer& timer) {
    const std::lock_guard lock(mutex_);
    waiting_ = &timer;
    start_.memory->busy = true;
    try {
        std::thread([self = shared_from_this()] { self->work(); }).detach();
    } catch (const std::system_error& error) {
        start_.memory->busy = false;
        return fail("{}: no thread to read the camera with: {}", start_.settings.device, error.what());
    }
    return {};
}

FrameWatch::News FrameWatch::take() {
    const std::lock_guard lock(mutex_);
    is_roused_ = false;
    News news = news_;
    news_.picture.reset();
    return news;
}

void FrameWatch::stop_waiting() {
    const std::lock_guard lock(mutex_);
    waiting_ = nullptr;
    stopping_ = true;
    if (port_ != nullptr) port_->stop();
}

bool FrameWatch::set_port(VideoPort* port) {
    const std::lock_guard lock(mutex_);
    port_ = port;
    return !stopping_;
}

void FrameWatch::work() {
    pthread_setname_np(pthread_self(), "v4l2");
    Error ended;
    try {
        ended = follow();
    } catch (const std::exception& error) {
        ended.message = error.what();
    }
    under_way_ = nullptr;
    start_.memory->busy = false;  // Before anybody wakes: who hears of the end may begin again at once.
    tell([&](News& news) { news.ended = std::move(ended); });
}

Error FrameWatch::follow() {
    auto port = start_.make();
    if (!port) return port.error();
    struct Announced {
        FrameWatch& watch;
        ~Announced() {
            (void)watch.set_port(nullptr);  // Before the port goes.
            watch.under_way_ = "close";
        }
    };
    const Announced announced{*this};
    if (!set_port(port->get())) return Error{"it was stopped"};
    Calls calls(**port, start_.settings.device, under_way_);
    return follow(calls);
}

Error FrameWatch::follow(Calls& calls) {
    if (auto opened = calls.open(); !opened) return opened.error();
    const auto layout = negotiate(calls, start_.settings.wish);
    if (!layout) return layout.error();
    Buffers buffers(calls);
    if (auto started = buffers.start(); !started) return started.error();
    ++start_.memory->openings;
    tell([](News& news) { news.is_open = true; });
    return follow(calls, buffers, *layout);
}

Error FrameWatch::follow(Calls& calls, Buffers& buffers, const Layout& layout) {
    for (;;) {
        const auto woken = calls.wait();
        if (woken.is_stopped) return Error{"it was stopped"};
        if (woken.error != 0) return calls.trouble(VIDIOC_DQBUF, woken.error);
        if ((woken.happened & POLLPRI) != 0) {
            const auto changed = has_changed(calls);
            if (!changed) return changed.error();
            if (*changed)
                return Error{fmt::format("{}: the picture it is given has another size now; opened anew", calls.path())};
        }
        if ((woken.happened & (POLLERR | POLLHUP | POLLNVAL)) != 0) return what_is_wrong(calls);
        if (auto taken = take_pictures(buffers, layout); !taken) return taken.error();
    }
}

Result<void> FrameWatch::take_pictures(Buffers& buffers, const Layout& layout) {
    const auto taken = buffers.take();
    if (!taken) return tl::unexpected(taken.error());
    start_.memory->passed_over += taken->older;
    const bool is_in_vain = !taken->newest && taken->damaged == 0;
    woken_in_vain_ = is_in_vain ? woken_in_vain_ + 1 : 0;
    if (woken_in_vain_ == kMostInVain)
        return fail("{}: the driver says again and again that a picture is there, and there is none", start_.settings.device);
    if (taken->damaged > 0)
        if (auto counted = count_garbage(taken->damaged, "the driver calls it damaged"); !counted) return counted;
    if (!taken->newest) return {};
    auto looked = look_at(layout, taken->newest->bytes);
    if (!looked) return looked;
    return buffers.give_back(taken->newest->index);
}

Result<void> FrameWatch::look_at(const Layout& layout, std::span<const std::uint8_t> bytes) {
    const auto size = check_picture(layout, bytes);
    if (!size) return count_garbage(1, size.error().message);
    garbage_in_a_row_ = 0;
    if (!pacing_.is_due(now_us())) {
        ++start_.memory->passed_over;
        return {};
    }
    auto picture = make_picture(layout, bytes);
    if (!picture) return count_garbage(1, picture.error().message);
    note_size(*size);
    tell([&](News& news) { news.picture = std::move(*picture); });
    return {};
}

Result<void> FrameWatch::count_garbage(unsigned pictures, const std::string& why) {
    start_.memory->garbage += pictures;
    garbage_in_a_row_ += pictures;
    if (garbage_in_a_row_ < kMostGarbage) return {};
    return fail("{}: {} damaged pictures one after another, the last because {}; check the camera's cable, hub and power supply",
                start_.settings.device, garbage_in_a_row_, why);
}

void FrameWatch::note_size(Size size) {
    auto& memory = *start_.memory;
    const Size last{memory.width.exchange(size.width), memory.height.exchange(size.height)};
    if (last.width != 0 && last != size) ++memory.size_changes;
}

}  // namespace menshen::drivers::v4l2_camera
