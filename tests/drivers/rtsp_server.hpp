#pragma once
/// A small RTSP server on loopback that plays a test picture, and misbehaves when it is told to. RFC 2326 (RTSP), RFC 6184 (H.264
/// over RTP), RFC 7616 (Digest, with MD5 and no qop as cameras have it).

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/drivers/h264_writer.hpp"

namespace menshen::test {

/// What it is to do; may be changed while it runs.
struct Programme {
    enum class Media : std::uint8_t { h264, audio_only, unknown_codec };
    enum class Play : std::uint8_t {
        pictures,
        nothing,       ///< The connection stands, and nothing comes.
        garbage,       ///< Video packets that hold noise.
        noise,         ///< Bytes that are no packets at all, between pictures.
        hang_up,       ///< Ends the connection, and every later one.
        only_repeats,  ///< Pictures that refer to one that was never sent.
    };

    Media media = Media::h264;
    Play play = Play::pictures;
    int width = 64, height = 48;
    Yuv left{81, 90, 240}, right{41, 240, 110};  ///< Red and blue (BT.601, limited range).
    int pictures_per_s = 25;
    int lose_every = 0;              ///< Every so manieth packet is lost; 0: none.
    bool lose_whole = false;         ///< Whole pictures are lost; those that refer to them come.
    int whole_every = 5;             ///< Every so manieth picture is a whole one; the rest repeats.
    std::string username, password;  ///< Without a user name nobody is asked.
    bool digest = true;              ///< Else Basic.
    std::string path = "/stream1";
    std::string refuse_setup;  ///< "461 Unsupported transport": the answer to every SETUP.
    std::string raw_answer;    ///< Said to whoever sends a line, in place of RTSP.
    bool mute = false;         ///< Takes connections and says nothing.
};

class RtspServer {
public:
    /// Listens on a free port of 127.0.0.1.
    RtspServer();
    ~RtspServer();
    RtspServer(const RtspServer&) = delete;
    RtspServer& operator=(const RtspServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// "rtsp://127.0.0.1:PORT/stream1"
    [[nodiscard]] std::string url() const;
    template <class Change>
    void change(Change change) {
        const std::lock_guard lock(mutex_);
        change(programme_);
    }
    [[nodiscard]] Programme programme() const {
        const std::lock_guard lock(mutex_);
        return programme_;
    }

    std::atomic<int> connections = 0;
    std::atomic<int> wrong_logins = 0;
    std::atomic<int> goodbyes = 0;  ///< TEARDOWN.
    std::atomic<int> audio_setups = 0;

private:
    void accept_all();

    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    Programme programme_;
    std::atomic<bool> stopping_ = false;
    std::vector<std::thread> sessions_;
    std::thread acceptor_;
};

}  // namespace menshen::test
