#include "drivers/rtsp_camera/ffmpeg/ffmpeg_stream.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "drivers/rtsp_camera/camera_url.hpp"
#include "drivers/rtsp_camera/ffmpeg/open_failure.hpp"
#include "drivers/rtsp_camera/ffmpeg/picture_scaler.hpp"
#include "drivers/rtsp_camera/keeping_up.hpp"
#include "drivers/rtsp_camera/picture_trust.hpp"
#include "drivers/rtsp_camera/session_media.hpp"

namespace menshen::drivers::rtsp_camera {

namespace {

using RealClock = std::chrono::steady_clock;

constexpr Millis kCloseLimit{1000};
/// A decoder holds every picture that later ones may refer to. A gate has 512 MB in all.
constexpr std::int64_t kMostDecoderBytes = 192'000'000;

struct Options {
    AVDictionary* list = nullptr;
    ~Options() { av_dict_free(&list); }
    void set(const char* key, const std::string& value) { av_dict_set(&list, key, value.c_str(), 0); }
};

bool has_holes(const AVFrame& frame) { return frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0; }

class FfmpegStream final : public VideoStream {
public:
    explicit FfmpegStream(const StreamSettings& settings)
        : settings_(settings), log_(settings.password), scaler_(settings.longest_side) {}
    ~FfmpegStream() override;

    [[nodiscard]] Result<void> open() override;
    [[nodiscard]] bool is_login_refused() const override { return login_refused_; }
    [[nodiscard]] Result<Step> read(Wanted wanted) override;
    [[nodiscard]] Result<Picture> picture() override;
    [[nodiscard]] std::uint64_t complaints() const override { return log_.complaints(); }
    [[nodiscard]] std::uint64_t times_behind() const override { return times_behind_; }
    void stop() noexcept override { stopping_ = true; }
    [[nodiscard]] Doing doing() const noexcept override { return doing_; }

private:
    static int on_wait(void* self) { return static_cast<const FfmpegStream*>(self)->is_over() ? 1 : 0; }
    [[nodiscard]] bool is_over() const { return stopping_ || RealClock::now() >= deadline_.load(); }
    void begin(Doing doing, Millis limit) {
        doing_ = doing;
        deadline_ = RealClock::now() + limit;
    }
    template <class... Args>
    [[nodiscard]] tl::unexpected<Error> failed(fmt::format_string<Args...> format, Args&&... args) const {
        return fail("{}: {}", name_, fmt::format(format, std::forward<Args>(args)...));
    }

    [[nodiscard]] Result<void> connect();
    [[nodiscard]] Result<void> choose_video();
    [[nodiscard]] Result<void> open_decoder(const AVCodec* codec, const AVStream& stream);
    [[nodiscard]] tl::unexpected<Error> ended(int code) const;
    void notice_wait(RealClock::time_point before);
    void notice_loss();
    [[nodiscard]] Result<Step> decode();
    [[nodiscard]] Result<void> check_size() const;

    const StreamSettings settings_;
    const std::string name_ = CameraUrl{settings_.host, settings_.port, {}}.name();
    LibraryLog log_;
    PictureScaler scaler_;
    Av<AVFormatContext> input_;
    Av<AVCodecContext> decoder_;
    Av<AVPacket> packet_;
    Av<AVFrame> frame_, decoded_;
    int video_ = -1;
    PictureTrust trust_;
    KeepingUp keeping_up_;
    std::uint64_t times_behind_ = 0;
    std::uint64_t losses_seen_ = 0;
    bool login_refused_ = false;

    std::atomic<bool> stopping_ = false;
    std::atomic<Doing> doing_ = Doing::nothing;
    std::atomic<RealClock::time_point> deadline_{RealClock::time_point::max()};
};

FfmpegStream::~FfmpegStream() {
    const LibraryLog::Scope scope(log_);
    decoder_.reset();
    // Cameras serve a handful of sessions, so they are told of the end even by who was told to stop.
    stopping_ = false;
    begin(Doing::closing, kCloseLimit);
    input_.reset();
}

Result<void> FfmpegStream::open() {
    const LibraryLog::Scope scope(log_);
    packet_.reset(av_packet_alloc());
    frame_.reset(av_frame_alloc());
    decoded_.reset(av_frame_alloc());
    if (!packet_ || !frame_ || !decoded_) return failed("no memory");
    begin(Doing::looking_up, settings_.open_limit);
    // FFmpeg looks the name up too, but does not say that it hangs there or failed there.
    if (auto found = look_up(settings_.host); !found) return failed("{}", found.error().message);
    doing_ = Doing::connecting;
    if (auto connected = connect(); !connected) return connected;
    return choose_video();
}

Result<void> FfmpegStream::connect() {
    Options options;
    options.set("rtsp_transport", settings_.transport == Transport::tcp ? "tcp" : "udp");
    options.set("allowed_media_types", "video");
    options.set("timeout", std::to_string(std::chrono::microseconds(settings_.read_limit).count()));
    // A camera may redirect; not to files or other protocols of FFmpeg.
    options.set("protocol_whitelist", "tcp,udp,rtp");
    options.set("user_agent", "menshen");
    AVFormatContext* input = avformat_alloc_context();
    if (input == nullptr) return failed("no memory");
    input->interrupt_callback = {on_wait, this};
    input->flags |= AVFMT_FLAG_NOBUFFER;
    input->max_delay = 300'000;  // Microseconds that a packet may be late by UDP.
    input->probesize = 65'536;
    input->max_streams = 16;
    const int code = avformat_open_input(&input, settings_.url.c_str(), av_find_input_format("rtsp"), &options.list);
    if (code < 0) {  // The context is gone.
        login_refused_ = code == AVERROR_HTTP_UNAUTHORIZED && settings_.has_login;
        return failed("{}",
                      cleaned(why_it_does_not_play({code, settings_, log_, [this] { return is_over(); }}), settings_.password));
    }
    input_.reset(input);
    return {};
}

// No avformat_find_stream_info(): it would hold back seconds of pictures to learn what the session description and the first
// whole picture say.
Result<void> FfmpegStream::choose_video() {
    const auto offered = session_media(log_.session());
    for (unsigned i = 0; i < input_->nb_streams; ++i) {
        const AVStream& stream = *input_->streams[i];
        if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
        const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
        if (codec == nullptr) {
            const std::string known =
                stream.codecpar->codec_id == AV_CODEC_ID_NONE ? "" : avcodec_get_name(stream.codecpar->codec_id);
            return failed("its video is {}, which cannot be decoded here; set the camera to H.264",
                          !offered.video.empty() ? offered.video
                          : known.empty()        ? "of no known kind"
                                                 : known);
        }
        video_ = static_cast<int>(i);
        return open_decoder(codec, stream);
    }
    return failed("the stream has no video{}; check the path in url",
                  offered.others.empty() ? std::string() : fmt::format(", only {}", offered.others));
}

Result<void> FfmpegStream::open_decoder(const AVCodec* codec, const AVStream& stream) {
    decoder_.reset(avcodec_alloc_context3(codec));
    if (!decoder_ || avcodec_parameters_to_context(decoder_.get(), stream.codecpar) < 0) return failed("no memory");
    decoder_->thread_count = 1;  // The door needs the other cores; and more threads hold back a picture each.
    decoder_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    decoder_->max_pixels = kMostPixels;
    decoder_->pkt_timebase = stream.time_base;
    const int code = avcodec_open2(decoder_.get(), codec, nullptr);
    if (code < 0) return failed("the decoder of {} does not open: {}", codec->name, library_words(code));
    return {};
}

tl::unexpected<Error> FfmpegStream::ended(int code) const {
    if (code == AVERROR_EOF) return failed("the camera ended the stream");
    if (code == AVERROR_EXIT || code == AVERROR(ETIMEDOUT)) return failed("no data for {}", to_text(settings_.read_limit));
    const auto& said = log_.last_error();
    return failed("the connection is lost: {}{}", library_words(code), said.empty() ? "" : fmt::format(" ({})", said));
}

Result<VideoStream::Step> FfmpegStream::read(Wanted wanted) {
    const LibraryLog::Scope scope(log_);
    begin(Doing::reading, settings_.read_limit);
    const auto before = RealClock::now();
    const int code = av_read_frame(input_.get(), packet_.get());
    notice_wait(before);
    notice_loss();
    if (code == AVERROR(EAGAIN)) return Step::nothing;
    if (code == AVERROR_INVALIDDATA) return Step::damaged;
    if (code < 0) return ended(code);
    decoder_->skip_frame = keeping_up_.is_behind()        ? AVDISCARD_NONKEY
                           : wanted == Wanted::references ? AVDISCARD_NONREF
                                                          : AVDISCARD_DEFAULT;
    auto step = packet_->stream_index == video_ ? decode() : Result<Step>(Step::nothing);
    av_packet_unref(packet_.get());
    return step;
}

void FfmpegStream::notice_wait(RealClock::time_point before) {
    const auto us = [](auto duration) { return std::chrono::duration_cast<KeepingUp::Time>(duration); };
    const auto now = RealClock::now();
    const bool was_behind = keeping_up_.is_behind();
    keeping_up_.on_packet(us(now - before), us(now.time_since_epoch()));
    if (!keeping_up_.is_behind()) return;
    if (!was_behind) ++times_behind_;
    trust_.on_damage();  // What is passed over now is missing to what follows; a key picture begins anew.
}

void FfmpegStream::notice_loss() {
    trust_.on_read();
    if (std::exchange(losses_seen_, log_.losses()) != log_.losses()) trust_.on_loss();
}

Result<VideoStream::Step> FfmpegStream::decode() {
    bool is_damaged = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0 || avcodec_send_packet(decoder_.get(), packet_.get()) < 0;
    if (auto fits = check_size(); !fits) return tl::unexpected(fits.error());
    bool has_picture = false;
    for (;;) {  // The newest of several; FFmpeg gives all it has before it takes the next packet.
        const int code = avcodec_receive_frame(decoder_.get(), decoded_.get());
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) break;
        is_damaged = is_damaged || code < 0 || has_holes(*decoded_);
        if (code < 0) break;
        const auto kind = decoded_->key_frame != 0 ? PictureTrust::Kind::key : PictureTrust::Kind::other;
        if (is_damaged || !trust_.is_whole(kind)) continue;
        av_frame_unref(frame_.get());
        av_frame_move_ref(frame_.get(), decoded_.get());
        has_picture = true;
    }
    if (is_damaged) trust_.on_damage();
    if (has_picture) return Step::picture;
    return is_damaged ? Step::damaged : Step::nothing;
}

Result<void> FfmpegStream::check_size() const {
    const std::int64_t pixels = std::int64_t{decoder_->width} * decoder_->height;
    if (pixels > kMostPixels)
        return failed("its video has {}x{} pixels; 8K (7680x4320) is the most. Use a smaller stream of the camera",
                      decoder_->width, decoder_->height);
    const std::int64_t pictures = std::max(decoder_->refs, decoder_->has_b_frames) + 2;
    if (pixels * 3 / 2 * pictures > kMostDecoderBytes)
        return failed("its video of {}x{} pixels needs {} MB to decode; {} MB is the most. Use a smaller stream of the camera",
                      decoder_->width, decoder_->height, pixels * 3 / 2 * pictures / 1'000'000, kMostDecoderBytes / 1'000'000);
    return {};
}

Result<Picture> FfmpegStream::picture() {
    const LibraryLog::Scope scope(log_);
    auto picture = scaler_.picture(*frame_);
    if (!picture) return failed("{}", picture.error().message);
    return picture;
}

}  // namespace

std::unique_ptr<VideoStream> make_ffmpeg_stream(const StreamSettings& settings) {
    return std::make_unique<FfmpegStream>(settings);
}

}  // namespace menshen::drivers::rtsp_camera
