#pragma once
/// Whether a camera is read as fast as it sends. Pure: time comes in from outside.

#include <chrono>
#include <optional>

namespace menshen::drivers::rtsp_camera {

/// A gate too slow for its camera would look at pictures that are older and older: seconds of video wait in the connection. Who
/// is in time waits for each packet; who never waits is behind. (Timestamps would not tell: the camera's clock drifts by seconds
/// a day.)
class KeepingUp {
public:
    using Time = std::chrono::microseconds;  ///< Of any clock that never goes back.

    /// A packet came at `now` and was waited for so long.
    void on_packet(Time waited, Time now);
    /// Until a packet has to be waited for again, only key pictures should be decoded.
    [[nodiscard]] bool is_behind() const { return is_behind_; }

private:
    static constexpr Time kWindow{1'000'000};
    static constexpr Time kLeastWait = kWindow / 20;  ///< In a window; copying the packets takes some time too.
    static constexpr Time kCaughtUp{10'000};          ///< One wait.

    std::optional<Time> window_;  ///< Its begin.
    Time waited_{0};
    bool is_behind_ = false;
};

}  // namespace menshen::drivers::rtsp_camera
