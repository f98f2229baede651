#include "drivers/rtsp_camera/ffmpeg/open_failure.hpp"

#include <array>

#include "drivers/rtsp_camera/ffmpeg/ffmpeg_headers.hpp"
#include "drivers/rtsp_camera/session_media.hpp"

namespace menshen::drivers::rtsp_camera {

namespace {

std::string login_refused(const OpenFailure& failure) {
    if (failure.settings.has_login)
        return "the camera refuses the user name or the password (401); check username and password_file";
    return "the camera asks for a login (401); set username and password_file";
}

std::string not_found(const OpenFailure& failure) {
    return fmt::format("the camera has no stream {} (404); its manual says which path belongs into url",
                       failure.settings.path.empty() ? "without a path" : failure.settings.path);
}

// "method SETUP failed: 461 Unsupported transport"
std::string transport_remedy(const OpenFailure& failure) {
    if (failure.log.last_error().find(" 461 ") == std::string::npos) return {};
    return failure.settings.transport == Transport::tcp ? "; set transport: udp" : "; set transport: tcp";
}

std::string otherwise(const OpenFailure& failure) {
    const auto offered = session_media(failure.log.session());
    if (offered.video.empty() && !offered.others.empty())
        return fmt::format("the stream has no video, only {}; check the path in url", offered.others);
    const auto& said = failure.log.last_error();
    auto words = said.empty() ? library_words(failure.code) : fmt::format("{} ({})", library_words(failure.code), said);
    words += transport_remedy(failure);
    if (!failure.log.session().empty()) return words;  // It does speak RTSP.
    auto listens = what_listens({failure.settings.host, failure.settings.port, failure.is_over});
    return listens.empty() ? words : listens;
}

}  // namespace

std::string library_words(int code) {
    if (code == AVERROR_EXIT) return "no answer";
    std::array<char, AV_ERROR_MAX_STRING_SIZE> words{};
    av_strerror(code, words.data(), words.size());
    return words.data();
}

std::string why_it_does_not_play(const OpenFailure& failure) {
    switch (failure.code) {
        case AVERROR_HTTP_UNAUTHORIZED:
            return login_refused(failure);
        case AVERROR_HTTP_FORBIDDEN:
            return "the camera forbids this user to see the stream (403); give the user the right to it";
        case AVERROR_HTTP_NOT_FOUND:
            return not_found(failure);
        case AVERROR(ECONNREFUSED):
            return "nothing listens there; is RTSP switched on in the camera, and is this its port?";
        case AVERROR(EHOSTUNREACH):
        case AVERROR(ENETUNREACH):
            return fmt::format("{}; is the camera on, and is this its address?", library_words(failure.code));
        default:
            return otherwise(failure);
    }
}

}  // namespace menshen::drivers::rtsp_camera
