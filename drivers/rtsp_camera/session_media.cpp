#include "drivers/rtsp_camera/session_media.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace menshen::drivers::rtsp_camera {

namespace {

constexpr std::size_t kMostMedia = 8;
constexpr std::size_t kLongestName = 32;

struct Media {
    std::string kind, payload, encoding;
};

std::string plain(std::string_view text) {
    std::string out(text.substr(0, kLongestName));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
    return out;
}

std::string_view take_word(std::string_view& text) {
    const auto begin = std::min(text.find_first_not_of(' '), text.size());
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    text.remove_prefix(end);
    return word;
}

// m=video 0 RTP/AVP 96
Media read_media(std::string_view line) {
    Media media;
    media.kind = plain(take_word(line));
    take_word(line);
    take_word(line);
    media.payload = plain(take_word(line));
    return media;
}

// a=rtpmap:96 H264/90000
void read_rtpmap(std::string_view line, Media& media) {
    if (take_word(line) != media.payload) return;
    const auto encoding = take_word(line);
    media.encoding = plain(encoding.substr(0, encoding.find('/')));
}

std::string name_of(const Media& media) {
    if (!media.encoding.empty()) return media.encoding;
    if (media.payload == "0") return media.kind == "audio" ? "PCMU" : "payload type 0";
    if (media.payload == "8") return media.kind == "audio" ? "PCMA" : "payload type 8";
    if (media.payload == "26") return "JPEG";
    return fmt::format("payload type {}", media.payload);
}

}  // namespace

SessionMedia session_media(std::string_view description) {
    static constexpr std::string_view kRtpmap = "a=rtpmap:";
    std::vector<Media> all;
    while (!description.empty()) {
        const auto end = std::min(description.find('\n'), description.size());
        std::string_view line = description.substr(0, end);
        description.remove_prefix(std::min(end + 1, description.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (line.substr(0, 2) == "m=") {
            if (all.size() == kMostMedia) break;
            all.push_back(read_media(line.substr(2)));
        } else if (!all.empty() && line.substr(0, kRtpmap.size()) == kRtpmap) {
            read_rtpmap(line.substr(kRtpmap.size()), all.back());
        }
    }
    SessionMedia media;
    for (const auto& one : all) {
        if (one.kind == "video") {
            if (media.video.empty()) media.video = name_of(one);
        } else {
            media.others += fmt::format("{}{} {}", media.others.empty() ? "" : ", ", one.kind, name_of(one));
        }
    }
    return media;
}

}  // namespace menshen::drivers::rtsp_camera
