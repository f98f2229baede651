#include "daemon/control/socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace menshen::control {

namespace {

constexpr int kBacklog = 16;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail("{}: a socket's path has 1 to {} bytes; choose a shorter one (control.socket)", path,
                    sizeof address.sun_path - 1);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Descriptor new_socket() { return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

/// Takes away what a killed daemon left behind, and nothing else.
Result<void> make_room(const std::string& path, const sockaddr_un& address) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        if (errno == ENOENT) return {};
        return fail("{}: {}", path, std::strerror(errno));
    }
    if (!S_ISSOCK(info.st_mode)) return fail("{} exists and is no socket; move it away or choose another control.socket", path);
    const auto probe = new_socket();
    if (!probe) return fail("{}: {}", path, std::strerror(errno));
    const int connected = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    // EAGAIN: somebody listens and has a full backlog.
    if (connected == 0 || errno != ECONNREFUSED) {
        return fail("{} is in use by another menshend; stop it first (systemctl stop menshend)", path);
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail("{}: {}", path, std::strerror(errno));
    return {};
}

}  // namespace

Result<Descriptor> listen_at(const std::string& path) {
    const auto address = address_of(path);
    if (!address) return tl::unexpected(address.error());
    if (auto room = make_room(path, *address); !room) return tl::unexpected(room.error());
    auto socket = new_socket();
    if (!socket) return fail("{}: {}", path, std::strerror(errno));
    // Nobody can connect before listen(), so the mode is right before the first client comes.
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        const int error = errno;
        return fail("{}: {}{}", path, std::strerror(error), error == ENOENT ? "; its folder must exist" : "");
    }
    // Without the group, or without the right to give the file to it, root and the daemon's own user remain.
    if (const auto group = group_id("menshen")) std::ignore = ::chown(path.c_str(), static_cast<uid_t>(-1), *group);
    if (::chmod(path.c_str(), 0660) != 0) return fail("{}: {}", path, std::strerror(errno));
    if (::listen(socket.get(), kBacklog) != 0) return fail("{}: {}", path, std::strerror(errno));
    return socket;
}

}  // namespace menshen::control
