#include "drivers/picture_camera/picture_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace menshen::drivers::picture_camera {

namespace {

struct File {
    int fd = -1;
    ~File() {
        if (fd >= 0) ::close(fd);
    }
};

std::string why(int error) { return std::error_code(error, std::generic_category()).message(); }

bool begins_like_a_picture(const std::vector<std::uint8_t>& bytes) {
    static constexpr std::array<std::uint8_t, 3> kJpeg{0xFF, 0xD8, 0xFF};
    static constexpr std::array<std::uint8_t, 8> kPng{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const auto begins = [&](const auto& magic) {
        return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
    };
    return begins(kJpeg) || begins(kPng);
}

bool has_picture_name(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    for (char& c : extension)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

}  // namespace

Result<PictureBytes> read_picture(const std::string& path) {
    // Not blocking on open: the name may be that of a pipe nobody writes to.
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.fd < 0) return fail("{}: cannot be read: {}", path, why(errno));
    struct stat info {};
    if (::fstat(file.fd, &info) != 0) return fail("{}: cannot be read: {}", path, why(errno));
    if (!S_ISREG(info.st_mode)) return fail("{}: is no picture file", path);
    if (info.st_size == 0) return fail("{}: is empty", path);
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size > kPictureLimit) return fail("{}: has {} bytes; a picture may have {}", path, size, kPictureLimit);
    std::vector<std::uint8_t> bytes(size);
    std::size_t have = 0;
    while (have < size) {
        const ssize_t got = ::read(file.fd, bytes.data() + have, size - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail("{}: cannot be read: {}", path, why(errno));
        if (got == 0) break;  // It became shorter meanwhile.
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    if (!begins_like_a_picture(bytes)) return fail("{}: is neither JPEG nor PNG", path);
    return std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

Result<std::vector<std::string>> list_pictures(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) return fail("{}: there is no such picture or folder", path);
    if (!fs::is_directory(status)) return std::vector{path};
    std::vector<std::string> pictures;
    fs::directory_iterator entry(path, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        std::error_code ignored;
        if (!has_picture_name(entry->path()) || entry->is_directory(ignored)) continue;
        if (pictures.size() == kFolderLimit) return fail("{}: holds more than {} pictures; split the folder", path, kFolderLimit);
        pictures.push_back(entry->path().string());
    }
    if (error) return fail("{}: cannot be read: {}", path, error.message());
    if (pictures.empty()) return fail("{}: holds no .jpg, .jpeg or .png file", path);
    std::sort(pictures.begin(), pictures.end());
    return pictures;
}

}  // namespace menshen::drivers::picture_camera
