#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "drivers/v4l2_camera/port.hpp"

namespace menshen::drivers::v4l2_camera {

namespace {

constexpr unsigned kVideoMajor = 81;  // Documentation/admin-guide/devices.txt of the kernel.
constexpr std::size_t kMostNames = 4;

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    void set(int fd) { fd_ = fd; }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

class LinuxPort final : public VideoPort {
public:
    explicit LinuxPort(int stop) : stop_(stop) {}

    [[nodiscard]] int open(const std::string& path) override {
        // Looked at first: to open a watchdog or a serial line does something to it.
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) return errno;
        if (!S_ISCHR(info.st_mode) || major(info.st_rdev) != kVideoMajor) return ENOTTY;
        const int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) return errno;
        camera_.set(fd);
        return 0;
    }

    [[nodiscard]] int control(unsigned long request, void* argument) override {
        while (::ioctl(camera_.get(), request, argument) != 0)
            if (errno != EINTR) return errno;
        return 0;
    }

    [[nodiscard]] int map(std::uint32_t offset, std::size_t length, std::span<std::uint8_t>& mapped) override {
        void* const begin = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, camera_.get(), offset);
        if (begin == MAP_FAILED) return errno;
        mapped = {static_cast<std::uint8_t*>(begin), length};
        return 0;
    }

    void unmap(std::span<std::uint8_t> mapped) noexcept override { ::munmap(mapped.data(), mapped.size()); }

    [[nodiscard]] Woken wait() override {
        std::array<pollfd, 2> fds{{{camera_.get(), POLLIN | POLLPRI, 0}, {stop_.get(), POLLIN, 0}}};
        while (::poll(fds.data(), fds.size(), -1) < 0)
            if (errno != EINTR) return {.error = errno};
        return {.is_stopped = fds[1].revents != 0, .happened = fds[0].revents};
    }

    [[nodiscard]] std::vector<std::string> plugged_in() const override {
        namespace fs = std::filesystem;
        std::vector<std::string> names;
        std::error_code error;
        fs::directory_iterator entry("/dev/v4l/by-id", error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) names.push_back(entry->path().string());
        // A camera's second node is for metadata.
        std::erase_if(names, [](const std::string& name) { return !name.ends_with("-video-index0"); });
        std::sort(names.begin(), names.end());
        if (names.size() > kMostNames) names.resize(kMostNames);
        return names;
    }

    // Never read, so it stays readable for every later wait().
    void stop() noexcept override { (void)::eventfd_write(stop_.get(), 1); }

private:
    Descriptor camera_;
    Descriptor stop_;
};

}  // namespace

Result<std::unique_ptr<VideoPort>> make_linux_port() {
    const int stop = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop < 0) return fail("no event to stop the camera with: {}", std::generic_category().message(errno));
    return std::make_unique<LinuxPort>(stop);
}

}  // namespace menshen::drivers::v4l2_camera
