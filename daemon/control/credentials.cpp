#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "daemon/control/server.hpp"
#include "daemon/control/socket_file.hpp"

namespace menshen::control {

std::string Peer::text() const { return name.empty() ? fmt::format("uid {}", uid) : fmt::format("uid {} ({})", uid, name); }

std::optional<gid_t> group_id(const char* name) {
    std::vector<char> room(16 * 1024);
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name, &entry, room.data(), room.size(), &found) != 0 || found == nullptr) return std::nullopt;
    return found->gr_gid;
}

namespace {

struct User {
    std::string name;
    std::vector<gid_t> groups;
};

User look_up(const ucred& who) {
    User user;
    user.groups.push_back(who.gid);
    std::vector<char> room(16 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(who.uid, &entry, room.data(), room.size(), &found) != 0 || found == nullptr) return user;
    user.name = found->pw_name;
    std::vector<gid_t> groups(256);
    int count = static_cast<int>(groups.size());
    // More than 256 groups: the list is cut, which can only take rights away.
    if (::getgrouplist(found->pw_name, found->pw_gid, groups.data(), &count) < 0) count = static_cast<int>(groups.size());
    user.groups.insert(user.groups.end(), groups.begin(), groups.begin() + count);
    return user;
}

bool holds(const User& user, const char* group) {
    const auto id = group_id(group);
    return id && std::find(user.groups.begin(), user.groups.end(), *id) != user.groups.end();
}

Result<Peer> ask_system(int socket) {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
        return fail("the kernel does not say who is there: {}", std::strerror(errno));
    }
    const auto user = look_up(who);
    Peer peer{.uid = who.uid, .name = user.name, .may_read = false, .may_change = false};
    peer.may_change = who.uid == 0 || who.uid == ::geteuid() || holds(user, "menshen-admin");
    peer.may_read = peer.may_change || holds(user, "menshen");
    return peer;
}

}  // namespace

CredentialLookup system_credentials() { return ask_system; }

}  // namespace menshen::control
