#pragma once
/// The thread that reads one camera's stream, and what it shares with the loop. Costs an Asio include.

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "drivers/rtsp_camera/refused_login.hpp"
#include "drivers/rtsp_camera/settings.hpp"
#include "drivers/rtsp_camera/video_stream.hpp"

namespace menshen::drivers::rtsp_camera {

/// Makes a stream that is not open yet. Called on the reading thread; may block.
using MakeStream = std::function<Result<std::unique_ptr<VideoStream>>(const StreamSettings& settings)>;

/// What a camera keeps from one connection to the next.
struct CameraMemory {
    std::atomic<bool> busy = false;  ///< A reading thread has not ended yet.
    std::atomic<std::uint64_t> connections = 0, decoded = 0, passed_over = 0, damaged = 0, resolution_changes = 0, complaints = 0,
                               times_behind = 0;
    RefusedLogin refused_login;  ///< Of the reading thread, of which there is one at a time.
};

/// One connection. A thread that never comes back (a name server that hangs, a library that is stuck) holds this object and is
/// left behind: stop_waiting() and the destructor never wait for it.
class StreamWatch : public std::enable_shared_from_this<StreamWatch> {
public:
    struct Start {
        Settings settings;
        MakeStream make;
        Millis open_limit;
        Millis read_limit;
        std::shared_ptr<CameraMemory> memory;
    };
    /// What came since it was asked last.
    struct News {
        bool is_open = false;
        std::optional<Picture> picture;  ///< The newest; older ones are gone.
        std::optional<Error> ended;
    };

    explicit StreamWatch(Start start) : start_(std::move(start)) {}

    /// Loop thread. Starts the thread, which cancels `timer` whenever there is news. Fails when there is no thread to be had.
    [[nodiscard]] Result<void> begin(boost::asio::steady_timer& timer);
    /// Loop thread.
    [[nodiscard]] News take();
    /// Loop thread; from now on `timer` is not touched, and the stream is told to stop. Does not wait.
    void stop_waiting();
    /// Any thread.
    [[nodiscard]] VideoStream::Doing doing() const;

private:
    void work();
    [[nodiscard]] Error follow();
    [[nodiscard]] Error follow(VideoStream& stream);
    [[nodiscard]] Result<void> open(VideoStream& stream, const std::string& login);
    [[nodiscard]] Result<void> hand_over(VideoStream& stream);
    [[nodiscard]] bool set_stream(VideoStream* stream);
    template <class Change>
    void tell(Change change);

    const Start start_;
    int sent_width_ = 0, sent_height_ = 0;  // reading thread

    mutable std::mutex mutex_;
    boost::asio::steady_timer* waiting_ = nullptr;  ///< Null when nobody waits any more; then the loop may be gone.
    bool is_roused_ = false;                        ///< The loop has been told and has not looked yet.
    bool stopping_ = false;
    VideoStream* stream_ = nullptr;  ///< From its making to its closing.
    VideoStream::Doing otherwise_ = VideoStream::Doing::nothing;
    News news_;
};

/// The first line of the file. Blocking. Fails with the path when it cannot be read, is no plain file, or its first line is empty
/// or longer than 1 KB.
[[nodiscard]] Result<std::string> read_password(const std::string& path);

}  // namespace menshen::drivers::rtsp_camera
