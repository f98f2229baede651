#include "drivers/v4l2_camera/camera.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "drivers/v4l2_camera/frame_watch.hpp"

namespace menshen::drivers::v4l2_camera {

namespace asio = boost::asio;

namespace {

using RealClock = std::chrono::steady_clock;

class V4l2Camera final : public Device {
public:
    V4l2Camera(DeviceId id, Settings settings, CameraOptions options)
        : id_(std::move(id)), settings_(std::move(settings)), options_(std::move(options)) {}

    [[nodiscard]] asio::awaitable<Error> run(DeviceHost& host) override {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        auto waiting = earlier_has_ended(timer);
        const bool is_free = co_await std::move(waiting);
        if (!is_free)
            co_return Error{
                fmt::format("{}: the driver still does not come back{}; unplug the camera, and if that does not help, "
                            "restart this machine",
                            settings_.device, in_which_call(*last_))};
        last_ = std::make_shared<FrameWatch>(FrameWatch::Start{settings_, options_.make, memory_});
        struct Serving {
            std::shared_ptr<FrameWatch> watch;
            ~Serving() { watch->stop_waiting(); }
        };
        const Serving serving{last_};
        if (auto begun = last_->begin(timer); !begun) co_return begun.error();
        auto served = serve(host, *last_, timer);
        co_return co_await std::move(served);
    }

    void apply(const Command&) override {}

    [[nodiscard]] std::map<std::string, std::uint64_t> counters() const override {
        return {{"frames", frames_},
                {"frames_refused", refused_},
                {"garbage_frames", memory_->garbage},
                {"passed_over", memory_->passed_over},
                {"openings", memory_->openings},
                {"size_changes", memory_->size_changes},
                {"picture_width", static_cast<std::uint64_t>(memory_->width)},
                {"picture_height", static_cast<std::uint64_t>(memory_->height)}};
    }

private:
    /// A thread that was told to stop needs a moment to give the device back. False when it is stuck.
    asio::awaitable<bool> earlier_has_ended(asio::steady_timer& timer) {
        const auto limit = RealClock::now() + options_.still_limit;
        while (memory_->busy) {
            if (RealClock::now() > limit) co_return false;
            timer.expires_after(20ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_return true;
    }

    asio::awaitable<Error> serve(DeviceHost& host, FrameWatch& watch, asio::steady_timer& timer) {
        auto deadline = RealClock::now() + options_.open_limit;
        std::uint64_t garbage_seen = memory_->garbage;
        bool is_open = false;
        for (;;) {
            auto news = watch.take();
            if (news.is_open && !std::exchange(is_open, true)) deadline = RealClock::now() + options_.still_limit;
            if (news.picture) {
                deadline = RealClock::now() + options_.still_limit;
                garbage_seen = memory_->garbage;
                host.online();
                show(std::move(*news.picture), host);
            }
            if (news.ended) co_return std::move(*news.ended);
            if (RealClock::now() >= deadline)
                co_return Error{is_open ? stands_still(watch, memory_->garbage - garbage_seen) : does_not_open(watch)};
            timer.expires_at(deadline);
            boost::system::error_code ignored;
            auto token = asio::redirect_error(asio::use_awaitable, ignored);
            co_await timer.async_wait(token);
        }
    }

    void show(Picture picture, DeviceHost& host) {
        // An encoded picture says its size itself.
        const Size size = picture.format == FrameFormat::encoded ? Size{} : picture.size;
        const bool taken = host.sink().offer(Frame{id_, picture.format, size.width, size.height, std::move(picture.bytes)});
        ++(taken ? frames_ : refused_);
    }

    static std::string in_which_call(const FrameWatch& watch) {
        const char* call = watch.under_way();
        return call == nullptr ? "" : fmt::format(" from {}", call);
    }
    [[nodiscard]] std::string stands_still(const FrameWatch& watch, std::uint64_t garbage) const {
        if (watch.under_way() != nullptr)
            return fmt::format("{}: no picture for {}: the driver does not come back{}; unplug the camera and plug it in again",
                               settings_.device, to_text(options_.still_limit), in_which_call(watch));
        const auto damaged = garbage == 0 ? "" : fmt::format(" but {} damaged ones", garbage);
        return fmt::format("{}: no picture for {}{}; check the camera's cable, hub and power supply", settings_.device,
                           to_text(options_.still_limit), damaged);
    }
    [[nodiscard]] std::string does_not_open(const FrameWatch& watch) const {
        return fmt::format("{}: not open after {}: the driver does not come back{}; unplug the camera and plug it in again",
                           settings_.device, to_text(options_.open_limit), in_which_call(watch));
    }

    DeviceId id_;
    Settings settings_;
    CameraOptions options_;
    std::shared_ptr<CameraMemory> memory_ = std::make_shared<CameraMemory>();
    std::shared_ptr<FrameWatch> last_;
    std::uint64_t frames_ = 0, refused_ = 0;
};

}  // namespace

std::unique_ptr<Device> make_camera(DeviceId id, Settings settings, CameraOptions options) {
    return std::make_unique<V4l2Camera>(std::move(id), std::move(settings), std::move(options));
}

Result<std::unique_ptr<Device>> build(const DeviceSettings& settings) {
    const auto* own = dynamic_cast<const Settings*>(settings.settings.get());
    if (own == nullptr) return fail("{}: these are no settings of v4l2_camera", settings.id.str());
    return make_camera(settings.id, *own, CameraOptions{.make = make_linux_port});
}

}  // namespace menshen::drivers::v4l2_camera
