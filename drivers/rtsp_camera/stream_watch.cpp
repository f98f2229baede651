#include "drivers/rtsp_camera/stream_watch.hpp"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "drivers/rtsp_camera/frame_pacing.hpp"

namespace menshen::drivers::rtsp_camera {

namespace {

using RealClock = std::chrono::steady_clock;

/// About two seconds of a usual camera: what a radio link loses now and then is less. A new connection begins with a whole
/// picture.
constexpr int kMostDamaged = 50;

FramePacing::Time now_us() { return std::chrono::duration_cast<FramePacing::Time>(RealClock::now().time_since_epoch()); }

StreamSettings stream_settings(const StreamWatch::Start& start, const Login& login, std::string url) {
    StreamSettings stream;
    stream.url = std::move(url);
    stream.host = start.settings.url.host;
    stream.port = start.settings.url.port;
    stream.path = start.settings.url.path;
    stream.password = login.password;
    stream.has_login = !login.username.empty() || !login.password.empty();
    stream.transport = start.settings.transport;
    stream.longest_side = start.settings.longest_side;
    stream.open_limit = start.open_limit;
    stream.read_limit = start.read_limit;
    return stream;
}

}  // namespace

/// Changes the news and rouses the loop. The lock is held while posting: whoever waits cannot go away, and the loop with it, in
/// between.
template <class Change>
void StreamWatch::tell(Change change) {
    const std::lock_guard lock(mutex_);
    change(news_);
    if (waiting_ == nullptr || std::exchange(is_roused_, true)) return;
    boost::asio::post(waiting_->get_executor(), [self = shared_from_this()] {
        const std::lock_guard relock(self->mutex_);
        if (self->waiting_ != nullptr) self->waiting_->cancel();
    });
}

Result<void> StreamWatch::begin(boost::asio::steady_timer& timer) {
    const std::lock_guard lock(mutex_);
    waiting_ = &timer;
    start_.memory->busy = true;
    try {
        std::thread([self = shared_from_this()] { self->work(); }).detach();
    } catch (const std::system_error& error) {
        start_.memory->busy = false;
        return fail("no thread to read the camera with: {}", error.what());
    }
    return {};
}

StreamWatch::News StreamWatch::take() {
    const std::lock_guard lock(mutex_);
    is_roused_ = false;
    News news = news_;
    news_.picture.reset();
    return news;
}

void StreamWatch::stop_waiting() {
    const std::lock_guard lock(mutex_);
    waiting_ = nullptr;
    stopping_ = true;
    if (stream_ != nullptr) stream_->stop();
}

VideoStream::Doing StreamWatch::doing() const {
    const std::lock_guard lock(mutex_);
    return stream_ != nullptr ? stream_->doing() : otherwise_;
}

bool StreamWatch::set_stream(VideoStream* stream) {
    const std::lock_guard lock(mutex_);
    stream_ = stream;
    if (stream == nullptr) otherwise_ = VideoStream::Doing::closing;
    return !stopping_;
}

void StreamWatch::work() {
    pthread_setname_np(pthread_self(), "rtsp");
    Error ended;
    try {
        ended = follow();
    } catch (const std::exception& error) {
        ended.message = error.what();
    }
    start_.memory->busy = false;  // Before anybody wakes: who hears of the end may begin again at once.
    tell([&](News& news) { news.ended = std::move(ended); });
}

Error StreamWatch::follow() {
    const auto& settings = start_.settings;
    Login login{settings.username, {}};
    if (!settings.password_file.empty()) {
        auto password = read_password(settings.password_file);
        if (!password) return password.error();
        login.password = std::move(*password);
    }
    auto url = url_with_login(settings.url, login);
    if (!url) return url.error();
    const std::string secret = *url;
    if (start_.memory->refused_login.must_rest(secret, RealClock::now()))
        return Error{
            fmt::format("{}: the camera refused this user name or password; it is tried again only every {}, lest the camera "
                        "lock the account. Put the right password into password_file: a changed one is tried at once",
                        settings.url.name(), to_text(RefusedLogin::kRest))};
    auto stream = start_.make(stream_settings(start_, login, std::move(*url)));
    if (!stream) return stream.error();
    struct Announced {
        StreamWatch& watch;
        ~Announced() { (void)watch.set_stream(nullptr); }  // Before the stream goes.
    };
    const Announced announced{*this};
    if (!set_stream(stream->get())) return Error{"it was stopped"};
    if (auto opened = open(**stream, secret); !opened) return opened.error();
    return follow(**stream);
}

Result<void> StreamWatch::open(VideoStream& stream, const std::string& login) {
    auto opened = stream.open();
    if (stream.is_login_refused()) start_.memory->refused_login.refused(login, RealClock::now());
    if (!opened) return opened;
    start_.memory->refused_login.accepted();
    ++start_.memory->connections;
    tell([](News& news) { news.is_open = true; });
    return {};
}

Error StreamWatch::follow(VideoStream& stream) {
    FramePacing pacing(start_.settings.fps);
    auto& memory = *start_.memory;
    std::uint64_t complaints = 0, times_behind = 0;
    int damaged_in_a_row = 0;
    bool has_picture = false;  // Before the first whole one everything refers to what was never received.
    for (;;) {
        const auto wanted = pacing.references_will_do() ? VideoStream::Wanted::references : VideoStream::Wanted::every_picture;
        const auto step = stream.read(wanted);
        memory.complaints += stream.complaints() - std::exchange(complaints, stream.complaints());
        memory.times_behind += stream.times_behind() - std::exchange(times_behind, stream.times_behind());
        if (!step) return step.error();
        pacing.on_packet(now_us());
        if (*step == VideoStream::Step::damaged) {
            ++memory.damaged;
            if (has_picture && ++damaged_in_a_row == kMostDamaged)
                return Error{
                    fmt::format("{}: {} packets one after another could not be decoded; check the network, or set transport: tcp",
                                start_.settings.url.name(), kMostDamaged)};
        }
        if (*step != VideoStream::Step::picture) continue;
        damaged_in_a_row = 0;
        has_picture = true;
        ++memory.decoded;
        if (!pacing.is_due(now_us())) {
            ++memory.passed_over;
            continue;
        }
        if (auto handed = hand_over(stream); !handed) return handed.error();
    }
}

Result<void> StreamWatch::hand_over(VideoStream& stream) {
    auto picture = stream.picture();
    if (!picture) return tl::unexpected(picture.error());
    const bool is_first = sent_width_ == 0;
    const bool is_other = picture->sent_width != std::exchange(sent_width_, picture->sent_width);
    const bool is_higher_or_lower = picture->sent_height != std::exchange(sent_height_, picture->sent_height);
    if (!is_first && (is_other || is_higher_or_lower)) ++start_.memory->resolution_changes;
    tell([&](News& news) { news.picture = std::move(*picture); });
    return {};
}

}  // namespace menshen::drivers::rtsp_camera
