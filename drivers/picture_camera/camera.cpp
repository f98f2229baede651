#include "drivers/picture_camera/camera.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "drivers/off_loop.hpp"
#include "drivers/picture_camera/picture_file.hpp"
#include "drivers/picture_camera/settings.hpp"
#include "drivers/simulated/simulated_device.hpp"

namespace menshen::drivers::picture_camera {

namespace asio = boost::asio;

namespace {

constexpr Millis kReadLimit{5000};

class PictureCamera final : public simulated::SimulatedDevice {
public:
    PictureCamera(DeviceId id, Settings settings) : id_(std::move(id)), settings_(std::move(settings)) {}

    [[nodiscard]] std::map<std::string, std::uint64_t> counters() const override {
        return {{"frames", frames_}, {"frames_refused", refused_}, {"bad_pictures", bad_pictures_}};
    }

protected:
    asio::awaitable<Error> serve(DeviceHost& host) override {
        is_online_ = false;
        if (settings_.path.empty()) {
            host.online();
            co_await simulated::until_cancelled();
        }
        for (;;) {
            std::function<Result<std::vector<std::string>>()> list = [path = settings_.path] { return list_pictures(path); };
            auto listing = off_loop_.run(std::move(list), kReadLimit, settings_.path);
            const auto paths = co_await std::move(listing);
            if (!paths) co_return paths.error();
            auto round = play(*paths, host);
            const auto played = co_await std::move(round);
            if (!played) co_return played.error();
            if (!settings_.loop) co_await simulated::until_cancelled();
        }
    }

    /// Read here and now, so that a stage that gets its answer may move time on; nothing but a stage comes here.
    Result<void> inject_here(const Injection& injection, DeviceHost& host) override {
        const auto* shown = std::get_if<InjectPicture>(&injection.what);
        if (shown == nullptr) return simulated::no_use(injection);
        auto picture = read_picture(shown->path);
        if (!picture) {
            ++bad_pictures_;
            return fail("{}: {}", id_.str(), picture.error().message);
        }
        if (!show(std::move(*picture), host)) return fail("{}: there is no vision worker to look at the picture", id_.str());
        return {};
    }

private:
    /// Shows each picture once. A bad one among good ones is passed over; fails when none was good.
    asio::awaitable<Result<void>> play(const std::vector<std::string>& paths, DeviceHost& host) {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        bool any = false;
        std::string trouble;
        for (const auto& path : paths) {
            std::function<Result<PictureBytes>()> read = [path] { return read_picture(path); };
            auto reading = off_loop_.run(std::move(read), kReadLimit, path);
            auto picture = co_await std::move(reading);
            if (!picture) {
                ++bad_pictures_;
                trouble = picture.error().message;
                continue;
            }
            any = true;
            if (!std::exchange(is_online_, true)) host.online();
            show(std::move(*picture), host);
            timer.expires_after(settings_.every);
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (!any) co_return fail("{}", trouble);
        co_return Result<void>{};
    }

    bool show(PictureBytes bytes, DeviceHost& host) {
        const bool taken = host.sink().offer(Frame{id_, FrameFormat::encoded, 0, 0, std::move(bytes)});
        ++(taken ? frames_ : refused_);
        return taken;
    }

    DeviceId id_;
    Settings settings_;
    OffLoop off_loop_;
    bool is_online_ = false;
    std::uint64_t frames_ = 0, refused_ = 0, bad_pictures_ = 0;
};

}  // namespace

Result<std::unique_ptr<Device>> build(const DeviceSettings& settings) {
    const auto* own = dynamic_cast<const Settings*>(settings.settings.get());
    if (own == nullptr) return fail("{}: these are no settings of picture_camera", settings.id.str());
    return std::make_unique<PictureCamera>(settings.id, *own);
}

}  // namespace menshen::drivers::picture_camera
