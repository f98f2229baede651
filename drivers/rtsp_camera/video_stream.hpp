#pragma once
/// A camera's video as pictures: what the driver wants of a stream, and what libmenshen_rtsp.so gives it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace menshen::drivers::rtsp_camera {

enum class Transport : std::uint8_t {
    tcp,  ///< Through the connection to the camera: no packet is lost, no port needs to be open.
    udp,
};

struct Picture {
    int width = 0;
    int height = 0;
    int sent_width = 0;  ///< As the camera sent it.
    int sent_height = 0;
    std::shared_ptr<const std::vector<std::uint8_t>> bytes;  ///< As FrameFormat::bgr24.
};

struct StreamSettings {
    std::string url;   ///< With the login in it: a secret.
    std::string host;  ///< Of the URL.
    std::uint16_t port = 554;
    std::string path;      ///< As the config gives it: no secret.
    std::string password;  ///< Taken out of every text.
    bool has_login = false;
    Transport transport = Transport::tcp;
    int longest_side = 1280;
    Millis open_limit{10'000};
    Millis read_limit{6'000};
};

/// All of it blocks, and belongs to one thread, but for what says otherwise. No text holds the login.
class VideoStream {
public:
    enum class Doing : std::uint8_t { nothing, looking_up, connecting, reading, closing };
    enum class Wanted : std::uint8_t { every_picture, references };
    enum class Step : std::uint8_t {
        nothing,  ///< No picture ended with this packet.
        picture,  ///< picture() gives it.
        damaged,  ///< It could not be decoded, or only with holes.
    };

    virtual ~VideoStream() = default;
    /// Connects and has the camera play. Once; ends within open_limit but for a look-up of the name that hangs.
    [[nodiscard]] virtual Result<void> open() = 0;
    /// Open() failed because the camera refused the login.
    [[nodiscard]] virtual bool is_login_refused() const = 0;
    /// Waits for one packet and decodes it. Fails when the stream has ended.
    [[nodiscard]] virtual Result<Step> read(Wanted wanted) = 0;
    /// The newest picture, scaled. After Step::picture only. Fails when it is too large.
    [[nodiscard]] virtual Result<Picture> picture() = 0;
    /// How often the library complained of something that went on nevertheless.
    [[nodiscard]] virtual std::uint64_t complaints() const = 0;
    /// How often this machine was too slow for the camera, so that all but key pictures were passed over for a while.
    [[nodiscard]] virtual std::uint64_t times_behind() const = 0;

    /// Any thread: ends what goes on soon, and lets everything after it fail.
    virtual void stop() noexcept = 0;
    /// Any thread.
    [[nodiscard]] virtual Doing doing() const noexcept = 0;
};

/// Counted up with every change of what is above.
inline constexpr unsigned kVideoStreamInterface = 2;

}  // namespace menshen::drivers::rtsp_camera
