#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "daemon/control/request.hpp"

namespace menshen::control {

Attachment::Attachment(std::string name, Descriptor descriptor, std::size_t size)
    : name_(std::move(name)), descriptor_(std::move(descriptor)), size_(size) {}

Result<std::shared_ptr<const std::vector<std::uint8_t>>> Attachment::read() const {
    auto bytes = std::make_shared<std::vector<std::uint8_t>>(size_);
    std::size_t done = 0;
    while (done < size_) {
        const auto got = ::pread(descriptor_.get(), bytes->data() + done, size_ - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return fail("{}: cannot be read: {}", name_, got == 0 ? "it ended early" : std::strerror(errno));
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

Result<Attachment> accept_attachment(std::string name, Descriptor descriptor, std::size_t limit) {
    // Only sealed memory: a read of it never waits for a disk, a network or the sender, and it cannot shrink under the reader.
    constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    const int seals = ::fcntl(descriptor.get(), F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals) {
        return fail("attachment \"{}\" is not sealed memory (memfd_create, then seals against write, shrink and grow)", name);
    }
    struct stat info {};
    if (::fstat(descriptor.get(), &info) != 0) return fail("attachment \"{}\": {}", name, std::strerror(errno));
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size == 0) return fail("attachment \"{}\" is empty", name);
    if (size > limit) return fail("attachment \"{}\" has {} bytes, the limit is {}", name, size, limit);
    return Attachment(std::move(name), std::move(descriptor), size);
}

}  // namespace menshen::control
