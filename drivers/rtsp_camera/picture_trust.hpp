#pragma once
/// Which decoded pictures are whole. Pure.

namespace menshen::drivers::rtsp_camera {

/// Video refers to earlier pictures: what follows on a damaged one is damaged too until a key picture begins anew, and decoders
/// do not say so.
class PictureTrust {
public:
    enum class Kind : unsigned char { key, other };

    /// A packet of video was read, before it is decoded.
    void on_read() {
        if (reads_since_loss_ <= kReadsOfALoss) ++reads_since_loss_;
    }
    /// Packets were missing, as was noticed while reading. After on_read() of that packet.
    void on_loss() {
        reads_since_loss_ = 0;
        is_tainted_ = true;
    }
    /// Something could not be decoded.
    void on_damage() { is_tainted_ = true; }
    /// A picture was decoded without complaint.
    [[nodiscard]] bool is_whole(Kind kind) {
        if (kind == Kind::key && reads_since_loss_ > kReadsOfALoss) is_tainted_ = false;
        return !is_tainted_;
    }

private:
    /// FFmpeg tells of a loss while it puts a picture together, and gives that picture with the same read or the next. Its
    /// decoder of H.265 shows pictures with lost parts as if nothing was missing, key pictures too.
    static constexpr int kReadsOfALoss = 1;

    bool is_tainted_ = false;
    int reads_since_loss_ = kReadsOfALoss + 1;
};

}  // namespace menshen::drivers::rtsp_camera
