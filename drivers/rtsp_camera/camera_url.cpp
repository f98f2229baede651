#include "drivers/rtsp_camera/camera_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace menshen::drivers::rtsp_camera {

namespace {

constexpr std::string_view kUsernamePlace = "{username}";
constexpr std::string_view kPasswordPlace = "{password}";
constexpr std::size_t kLongestLogin = 127;  // What libavformat 59 has room for (rtsp.c: char auth[128]).
constexpr std::size_t kLongestCleaned = 200;

constexpr const char* kLoginRemedy = "put them into username and password_file, the password is that file's first line";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_alnum(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'); }

std::string escaped(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    if (what.empty()) return;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// "password=tlJw" of the recorders that take the login in the path: with a value of its own it is a secret in the config.
bool holds_password(std::string_view path) {
    static constexpr std::array<std::string_view, 5> kKeys{"password=", "passwd=", "pass=", "pwd=", "psw="};
    std::string small(path);
    std::transform(small.begin(), small.end(), small.begin(), lower);
    for (const auto key : kKeys) {
        for (auto at = small.find(key); at != std::string::npos; at = small.find(key, at + 1)) {
            if (at > 0 && is_alnum(small[at - 1])) continue;  // "bypass=": another word.
            const std::string_view value = std::string_view(small).substr(at + key.size());
            const bool is_empty = value.empty() || std::string_view("&_/;?").find(value.front()) != std::string_view::npos;
            if (!is_empty && value.substr(0, kPasswordPlace.size()) != kPasswordPlace) return true;
        }
    }
    return false;
}

bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_ipv6(std::string_view host) {
    return !host.empty() && host.size() <= 45 && host.find(':') != std::string_view::npos &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f') || c == ':' || c == '.';
           });
}

Result<void> read_port(std::string_view text, CameraUrl& url) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535)
        return fail("has a port that is not from 1 to 65535; without one it is 554");
    url.port = static_cast<std::uint16_t>(port);
    return {};
}

// "host", "host:8554", "[fe80::1]:554".
Result<void> read_authority(std::string_view text, CameraUrl& url) {
    std::string_view host = text.substr(0, text.rfind(':'));
    std::string_view rest = text.substr(host.size());
    if (!text.empty() && text.front() == '[') {
        const auto close = text.find(']');
        host = close == std::string_view::npos ? std::string_view() : text.substr(1, close - 1);
        rest = close == std::string_view::npos ? std::string_view() : text.substr(close + 1);
        if (!is_ipv6(host)) return fail("has no IPv6 address between its [ and ]");
        if (!rest.empty() && rest.front() != ':') return fail("has something after the ] that is no port");
    } else if (!is_host(host)) {
        return fail("must have a host name or an address after rtsp://, as in rtsp://10.0.0.9/stream1");
    }
    url.host = host;
    return rest.empty() ? Result<void>{} : read_port(rest.substr(1), url);
}

// "rtsp://admin:secret@": the login ends at the last @ of the authority, which ends at the first of / ? #.
std::string without_logins(std::string_view text) {
    std::string out;
    for (;;) {
        const auto scheme = text.find("://");
        if (scheme == std::string_view::npos) break;
        out += text.substr(0, scheme + 3);
        text.remove_prefix(scheme + 3);
        const auto authority = text.substr(0, text.find_first_of("/?# \t\r\n"));
        const auto at = authority.rfind('@');
        if (at != std::string_view::npos) text.remove_prefix(at + 1);
    }
    return out.append(text);
}

}  // namespace

std::string CameraUrl::name() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

bool CameraUrl::has_place_for_password() const { return path.find(kPasswordPlace) != std::string::npos; }

Result<CameraUrl> parse_url(std::string_view text) {
    static constexpr std::string_view kScheme = "rtsp://";
    std::string scheme(text.substr(0, kScheme.size()));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
    if (scheme != kScheme) return fail("must begin with rtsp://, as in rtsp://10.0.0.9:554/stream1");
    if (text.size() > kLongestUrl) return fail("has {} bytes; it may have {}", text.size(), kLongestUrl);
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; }))
        return fail("may hold no blank, quote, backslash or letter beyond ASCII; write them as %20, %22, %5C, ...");
    text.remove_prefix(kScheme.size());
    const auto end = std::min(text.find_first_of("/?#"), text.size());
    const auto authority = text.substr(0, end);
    if (authority.find('@') != std::string_view::npos) return fail("holds a user name or a password; {}", kLoginRemedy);
    CameraUrl url;
    if (auto read = read_authority(authority, url); !read) return tl::unexpected(read.error());
    url.path = text.substr(end);
    if (!url.path.empty() && url.path.front() != '/') url.path.insert(0, 1, '/');
    if (holds_password(url.path)) return fail("holds a password; write {{password}} in its place, and {}", kLoginRemedy);
    return url;
}

Result<std::string> url_with_login(const CameraUrl& url, const Login& login) {
    std::string path = url.path;
    std::string credentials;
    replace_all(path, kUsernamePlace, escaped(login.username));
    if (url.has_place_for_password()) {
        replace_all(path, kPasswordPlace, escaped(login.password));
    } else if (!login.username.empty()) {
        // Basic and Digest both end the name at the first colon (RFC 7617 section 2).
        if (login.username.find(':') != std::string::npos) return fail("username may hold no colon");
        credentials = fmt::format("{}:{}", escaped(login.username), escaped(login.password));
        if (credentials.size() > kLongestLogin)
            return fail(
                "username and password have {} bytes with their escapes; RTSP has room for {}; give the camera a shorter "
                "password, or one of letters and digits",
                credentials.size(), kLongestLogin);
        credentials += '@';
    }
    return fmt::format("rtsp://{}{}{}", credentials, url.name(), path);
}

std::string cleaned(std::string_view text, std::string_view password) {
    std::string out = without_logins(text);
    replace_all(out, escaped(password), "***");
    replace_all(out, password, "***");
    for (char& c : out)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
    if (out.size() > kLongestCleaned) {
        out.resize(kLongestCleaned);
        while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U) out.pop_back();
        if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0U) out.pop_back();
        out += "...";
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

}  // namespace menshen::drivers::rtsp_camera
