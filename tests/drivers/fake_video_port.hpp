#pragma once
/// A camera's driver for tests: it offers, streams, stalls, breaks and wedges as the test says. One test may move on while a
/// thread is still left behind in it.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drivers/v4l2_camera/offer.hpp"
#include "drivers/v4l2_camera/port.hpp"

namespace menshen::drivers::v4l2_camera {

/// The least that passes for a JPEG picture: headers with this size, and the end mark.
[[nodiscard]] std::vector<std::uint8_t> small_jpeg(Size size);

inline constexpr unsigned long kOpen = 0;  ///< In place of a request.

struct FakeCamera {
    enum class Does : std::uint8_t {
        pictures,
        nothing,
        unplugged,  ///< Every call says so, also open.
        error,      ///< poll() does, the calls do not.
        in_vain,    ///< poll() speaks of pictures, and there are none.
        changes,    ///< Tells of another size, once.
    };

    // What it is; set before it is opened.
    std::uint32_t capabilities = 0;
    std::vector<OfferedFormat> offers;
    std::optional<SizeRange> size_range;  ///< In place of the sizes of the first offer.
    std::optional<Size> given;            ///< In place of the size asked for.
    std::uint32_t given_fourcc = 0;       ///< Likewise.
    std::uint32_t filling = 0;            ///< Bytes behind each row.
    std::vector<std::string> others;      ///< Cameras that are plugged in.

    void set(Does what);
    void set_error(unsigned long request, int error);
    void wedge(unsigned long request);
    void release();
    void send(std::vector<std::uint8_t> bytes);
    void flag_errors(bool flagged);
    void fill_at_once(int buffers);

    /// What was asked last.
    [[nodiscard]] Size asked_size() const;
    [[nodiscard]] std::uint32_t asked_fourcc() const;
    [[nodiscard]] Interval asked_interval() const;
    [[nodiscard]] int openings() const;
    [[nodiscard]] int most_open_at_once() const;
    [[nodiscard]] int ports() const;   ///< Alive.
    [[nodiscard]] int mapped() const;  ///< Buffers.
    [[nodiscard]] bool in_wedge() const;

    // The port's side; the lock is held.
    [[nodiscard]] int error_of(unsigned long request) const;

    mutable std::mutex mutex;
    std::condition_variable changed;
    Does does = Does::pictures;
    std::map<unsigned long, int> errors;
    unsigned long wedged = ~0UL;
    std::vector<std::uint8_t> sends = small_jpeg({1280, 720});
    bool flagged = false;
    int at_once = 1;
    Size last_size;
    std::uint32_t last_fourcc = 0;
    Interval last_interval;
    int opened = 0, open_now = 0, most_open = 0, alive = 0, mapped_now = 0;
    bool is_in_wedge = false;
};

[[nodiscard]] std::unique_ptr<VideoPort> make_fake_port(std::shared_ptr<FakeCamera> camera);

/// MJPEG and YUYV in 640x480 and 1280x720, as a usual webcam.
[[nodiscard]] std::shared_ptr<FakeCamera> make_webcam();

}  // namespace menshen::drivers::v4l2_camera
