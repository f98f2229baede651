#pragma once
/// The thread that reads one camera, and what it shares with the loop. Costs an Asio include.

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "drivers/rtsp_camera/frame_pacing.hpp"
#include "drivers/v4l2_camera/buffers.hpp"
#include "drivers/v4l2_camera/calls.hpp"
#include "drivers/v4l2_camera/picture.hpp"
#include "drivers/v4l2_camera/port.hpp"
#include "drivers/v4l2_camera/settings.hpp"

namespace menshen::drivers::v4l2_camera {

/// What a camera keeps from one opening to the next.
struct CameraMemory {
    std::atomic<bool> busy = false;  ///< A reading thread has not ended yet.
    std::atomic<std::uint64_t> openings = 0, garbage = 0, passed_over = 0, size_changes = 0;
    std::atomic<int> width = 0, height = 0;  ///< Of the last picture.
};

/// One opening. A thread that never comes back, because the driver is wedged, holds this object, and with it the device, and is
/// left behind: stop_waiting() and the destructor never wait for it.
class FrameWatch : public std::enable_shared_from_this<FrameWatch> {
public:
    struct Start {
        Settings settings;
        MakePort make;
        std::shared_ptr<CameraMemory> memory;
    };
    /// What came since it was asked last.
    struct News {
        bool is_open = false;
        std::optional<Picture> picture;  ///< The newest; older ones are gone.
        std::optional<Error> ended;
    };

    explicit FrameWatch(Start start) : start_(std::move(start)) {}

    /// Loop thread. Starts the thread, which cancels `timer` whenever there is news. Fails when there is no thread to be had.
    [[nodiscard]] Result<void> begin(boost::asio::steady_timer& timer);
    /// Loop thread.
    [[nodiscard]] News take();
    /// Loop thread; from now on `timer` is not touched, and the thread is told to stop. Does not wait.
    void stop_waiting();
    /// Any thread: the call in which the driver is now; null when in none.
    [[nodiscard]] const char* under_way() const { return under_way_; }

private:
    void work();
    [[nodiscard]] Error follow();
    [[nodiscard]] Error follow(Calls& calls);
    [[nodiscard]] Error follow(Calls& calls, Buffers& buffers, const Layout& layout);
    [[nodiscard]] Result<void> take_pictures(Buffers& buffers, const Layout& layout);
    [[nodiscard]] Result<void> look_at(const Layout& layout, std::span<const std::uint8_t> bytes);
    [[nodiscard]] Result<void> count_garbage(unsigned pictures, const std::string& why);
    [[nodiscard]] bool set_port(VideoPort* port);
    void note_size(Size size);
    template <class Change>
    void tell(Change change);

    const Start start_;
    rtsp_camera::FramePacing pacing_{start_.settings.wish.fps};  // This and the next two are the reading thread's.
    unsigned garbage_in_a_row_ = 0;
    unsigned woken_in_vain_ = 0;
    UnderWay under_way_ = nullptr;

    std::mutex mutex_;
    boost::asio::steady_timer* waiting_ = nullptr;  ///< Null when nobody waits any more; then the loop may be gone.
    bool is_roused_ = false;                        ///< The loop has been told and has not looked yet.
    bool stopping_ = false;
    VideoPort* port_ = nullptr;  ///< From its making to its closing.
    News news_;
};

}  // namespace menshen::drivers::v4l2_camera
