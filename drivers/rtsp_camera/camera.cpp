#include "drivers/rtsp_camera/camera.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "drivers/rtsp_camera/load_stream.hpp"

namespace menshen::drivers::rtsp_camera {

namespace asio = boost::asio;

namespace {

using RealClock = std::chrono::steady_clock;
using Doing = VideoStream::Doing;

std::string words_of(Doing doing, const std::string& host) {
    switch (doing) {
        case Doing::nothing:
            return "loading the RTSP library or reading password_file";
        case Doing::looking_up:
            return fmt::format("looking up the name {}; give the address in url, or mend the name server", host);
        case Doing::connecting:
            return "connecting; is the camera on, and is this its address and port?";
        case Doing::reading:
            return "waiting for the first picture";
        case Doing::closing:
            return "closing an earlier connection";
    }
    return {};
}

class RtspCamera final : public Device {
public:
    RtspCamera(DeviceId id, Settings settings, CameraOptions options)
        : id_(std::move(id)), settings_(std::move(settings)), options_(std::move(options)) {}

    [[nodiscard]] asio::awaitable<Error> run(DeviceHost& host) override {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        auto waiting = earlier_has_ended(timer);
        const bool is_free = co_await std::move(waiting);
        if (!is_free)
            co_return Error{fmt::format("{}: an earlier connection has still not ended; it is {}", name(),
                                        words_of(last_->doing(), settings_.url.host))};
        last_ = std::make_shared<StreamWatch>(
            StreamWatch::Start{settings_, options_.make, options_.open_limit, options_.still_limit + 1s, memory_});
        struct Serving {
            std::shared_ptr<StreamWatch> watch;
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
                {"connections", memory_->connections},
                {"decoded", memory_->decoded},
                {"passed_over", memory_->passed_over},
                {"damaged", memory_->damaged},
                {"resolution_changes", memory_->resolution_changes},
                {"library_complaints", memory_->complaints},
                {"times_behind", memory_->times_behind}};
    }

private:
    /// A thread that was told to stop needs a moment to say goodbye to the camera. False when it is stuck.
    asio::awaitable<bool> earlier_has_ended(asio::steady_timer& timer) {
        const auto limit = RealClock::now() + options_.still_limit;
        while (memory_->busy) {
            if (RealClock::now() > limit) co_return false;
            timer.expires_after(20ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_return true;
    }

    asio::awaitable<Error> serve(DeviceHost& host, StreamWatch& watch, asio::steady_timer& timer) {
        auto deadline = RealClock::now() + options_.open_limit;
        bool is_open = false, has_picture = false;
        for (;;) {
            auto news = watch.take();
            // Its first whole picture may be some seconds away.
            if (news.is_open && !std::exchange(is_open, true)) deadline = RealClock::now() + options_.open_limit;
            if (news.picture) {
                has_picture = true;
                deadline = RealClock::now() + options_.still_limit;
                host.online();
                show(std::move(*news.picture), host);
            }
            if (news.ended) co_return std::move(*news.ended);
            if (RealClock::now() >= deadline) co_return Error{is_open ? stands_still(has_picture) : does_not_open(watch)};
            timer.expires_at(deadline);
            boost::system::error_code ignored;
            auto token = asio::redirect_error(asio::use_awaitable, ignored);
            co_await timer.async_wait(token);
        }
    }

    void show(Picture picture, DeviceHost& host) {
        const bool taken =
            host.sink().offer(Frame{id_, FrameFormat::bgr24, picture.width, picture.height, std::move(picture.bytes)});
        ++(taken ? frames_ : refused_);
    }

    [[nodiscard]] std::string name() const { return settings_.url.name(); }
    [[nodiscard]] std::string stands_still(bool had_picture) const {
        const char* remedy =
            settings_.transport == Transport::udp ? "; UDP may be lost or kept away on its path: set transport: tcp" : "";
        if (had_picture) return fmt::format("{}: no picture for {}{}", name(), to_text(options_.still_limit), remedy);
        return fmt::format("{}: the camera plays, but no whole picture came in {}{}", name(), to_text(options_.open_limit),
                           remedy);
    }
    [[nodiscard]] std::string does_not_open(const StreamWatch& watch) const {
        return fmt::format("{}: no answer in {} while {}", name(), to_text(options_.open_limit),
                           words_of(watch.doing(), settings_.url.host));
    }

    DeviceId id_;
    Settings settings_;
    CameraOptions options_;
    std::shared_ptr<CameraMemory> memory_ = std::make_shared<CameraMemory>();
    std::shared_ptr<StreamWatch> last_;
    std::uint64_t frames_ = 0, refused_ = 0;
};

}  // namespace

std::unique_ptr<Device> make_camera(DeviceId id, Settings settings, CameraOptions options) {
    return std::make_unique<RtspCamera>(std::move(id), std::move(settings), std::move(options));
}

Result<std::unique_ptr<Device>> build(const DeviceSettings& settings) {
    const auto* own = dynamic_cast<const Settings*>(settings.settings.get());
    if (own == nullptr) return fail("{}: these are no settings of rtsp_camera", settings.id.str());
    return make_camera(settings.id, *own, CameraOptions{.make = load_stream});
}

}  // namespace menshen::drivers::rtsp_camera
