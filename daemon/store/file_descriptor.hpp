#pragma once
/// Files whose arrival on the disk matters.

#include <sys/types.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace menshen::store {

/// Owns a descriptor.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor();
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// Writes a file that must not exist yet, and waits for the disk. Nothing stays of it when that fails.
[[nodiscard]] Result<void> write_new_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

/// Puts `bytes` in place of the file in one step: after a power cut there is the old file or the new one. Mode 0600.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes);

/// Waits until the names in a folder are on the disk.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace menshen::store
