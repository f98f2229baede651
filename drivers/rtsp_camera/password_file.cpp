#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "drivers/rtsp_camera/stream_watch.hpp"

namespace menshen::drivers::rtsp_camera {

Result<std::string> read_password(const std::string& path) {
    struct File {
        int fd = -1;
        ~File() {
            if (fd >= 0) ::close(fd);
        }
    };
    const auto why = [] { return std::error_code(errno, std::generic_category()).message(); };
    // Not blocking on open: the name may be that of a pipe nobody writes to.
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.fd < 0) return fail("password_file {} cannot be read: {}", path, why());
    struct stat info {};
    if (::fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode)) return fail("password_file {} is no plain file", path);
    std::array<char, 1025> bytes{};
    const ssize_t got = ::read(file.fd, bytes.data(), bytes.size());
    if (got < 0) return fail("password_file {} cannot be read: {}", path, why());
    const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
    std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() == bytes.size()) return fail("password_file {}: its first line has more than 1024 bytes", path);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) return fail("password_file {}: its first line is empty; it has to hold the password", path);
    return std::string(line);
}

}  // namespace menshen::drivers::rtsp_camera
