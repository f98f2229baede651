#include "drivers/rtsp_camera/ffmpeg/library_log.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <utility>

#include "drivers/rtsp_camera/camera_url.hpp"
#include "drivers/rtsp_camera/ffmpeg/ffmpeg_headers.hpp"

namespace menshen::drivers::rtsp_camera {

namespace {

constexpr std::size_t kLongestText = 16'384;
// rtsp.c prints the session description at this level; it names codecs FFmpeg itself does not know.
constexpr std::string_view kSessionFormat = "SDP:\n";
// rtpdec.c, by UDP and within the connection: a sequence number is missing.
constexpr std::array<std::string_view, 2> kLossFormats{"RTP: missed ", "RTP: PT=%02x: bad cseq"};

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

thread_local LibraryLog* listening = nullptr;  // Decoders run on the reading thread: thread_count is 1.

void on_log(void*, int level, const char* format, va_list arguments) noexcept {
    if (listening == nullptr || format == nullptr || level > AV_LOG_VERBOSE) return;
    const bool is_session = begins(format, kSessionFormat);
    if (level > AV_LOG_WARNING && !is_session) return;
    static thread_local std::array<char, kLongestText> text;
    std::vsnprintf(text.data(), text.size(), format, arguments);
    try {
        listening->hear(level, format, text.data());
    } catch (const std::exception&) {  // No memory for a message: then there is none.
    }
}

}  // namespace

LibraryLog::Scope::Scope(LibraryLog& log) : before_(std::exchange(listening, &log)) {
    static std::once_flag once;
    std::call_once(once, [] { av_log_set_callback(on_log); });
}

LibraryLog::Scope::~Scope() { listening = before_; }

void LibraryLog::hear(int level, const char* format, const char* text) {
    if (begins(format, kSessionFormat)) {
        session_ = std::string_view(text).substr(kSessionFormat.size());
        return;
    }
    ++complaints_;
    for (const auto loss : kLossFormats)
        if (begins(format, loss)) ++losses_;
    if (level <= AV_LOG_ERROR) last_error_ = cleaned(text, password_);
}

}  // namespace menshen::drivers::rtsp_camera
