#pragma once
/// Where a camera's stream is, and how its password is kept out of sight. Pure; any thread.
/// Sources: RFC 2326 section 3.2 (the URL), RFC 3986 sections 2.1 and 3.2 (escapes, authority).

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace menshen::drivers::rtsp_camera {

/// An RTSP URL as the config gives it: without a password. Some recorders want it in the path; then {username} and {password}
/// stand there.
struct CameraUrl {
    std::string host;  ///< A name or an address; an IPv6 address without its brackets.
    std::uint16_t port = 554;
    std::string path;  ///< With the query; empty or begins with "/".

    /// "10.0.0.9:554": how messages name the camera.
    [[nodiscard]] std::string name() const;
    /// The path holds {password}.
    [[nodiscard]] bool has_place_for_password() const;
};

struct Login {
    std::string username;  ///< Empty: none.
    std::string password;
};

inline constexpr std::size_t kLongestUrl = 900;

/// Fails when it is no rtsp:// URL, or holds a password; the message ends with the remedy and never repeats the text.
[[nodiscard]] Result<CameraUrl> parse_url(std::string_view text);

/// The URL with the login in it, escaped: a secret. Fails when the login is longer than RTSP clients take (127 bytes with its
/// escapes), or the user name has a colon.
[[nodiscard]] Result<std::string> url_with_login(const CameraUrl& url, const Login& login);

/// Foreign text for a log: no login of any URL, no password in either spelling, one line, at most 200 bytes.
[[nodiscard]] std::string cleaned(std::string_view text, std::string_view password);

}  // namespace menshen::drivers::rtsp_camera
