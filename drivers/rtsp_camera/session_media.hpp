#pragma once
/// What a session description offers, for messages. Pure; any thread. Source: RFC 4566 sections 5.14 and 6 (m= and a=rtpmap),
/// RFC 3551 section 6 (payload types without a rtpmap).

#include <string>
#include <string_view>

namespace menshen::drivers::rtsp_camera {

struct SessionMedia {
    std::string video;   ///< The encoding of the first video, such as "H264"; "payload type 34" when it has no name; empty: none.
    std::string others;  ///< "audio PCMA, application vnd.onvif.metadata"; empty: none.
};

/// Reads any bytes; names are cut to what messages can bear.
[[nodiscard]] SessionMedia session_media(std::string_view description);

}  // namespace menshen::drivers::rtsp_camera
