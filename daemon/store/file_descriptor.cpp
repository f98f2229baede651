#include "daemon/store/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace menshen::store {

namespace {

Result<void> write_and_sync(const FileDescriptor& file, const std::filesystem::path& path, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return fail("{}: cannot be written: {}", path.native(), std::strerror(errno));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return fail("{}: cannot be written: {}", path.native(), std::strerror(errno));
    return {};
}

}  // namespace

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> write_new_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file) return fail("{}: cannot be made: {}", path.native(), std::strerror(errno));
    auto written = write_and_sync(file, path, bytes);
    if (!written) {
        ::unlink(path.c_str());
        return written;
    }
    return sync_folder(path.parent_path());
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes) {
    auto beside = path;
    beside += ".new";
    ::unlink(beside.c_str());  // left by a power cut
    auto written = write_new_file(beside, bytes, 0600);
    if (!written) return written;
    if (::rename(beside.c_str(), path.c_str()) != 0)
        return fail("{}: cannot be replaced: {}", path.native(), std::strerror(errno));
    return sync_folder(path.parent_path());
}

Result<void> sync_folder(const std::filesystem::path& folder) {
    const auto path = folder.empty() ? std::filesystem::path(".") : folder;
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return fail("{}: {}", path.native(), std::strerror(errno));
    return {};
}

}  // namespace menshen::store
