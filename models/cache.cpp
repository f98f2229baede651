#include "models/cache.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "core/digest.hpp"

namespace menshen::models {
namespace {

constexpr std::string_view kFetch = "run: menshen-models fetch";
constexpr std::string_view kConvert = "run: menshen-models convert";

class File {
public:
    File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

std::string reason() { return std::strerror(errno); }

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const auto written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

Result<void> same(const std::string& path, const Expected& expected, std::uint64_t bytes, const std::string& hash,
                  std::string_view remedy) {
    if (hash == expected.sha256) return {};
    return fail("{} is not the file the manifest names: expected {} bytes, sha256 {}; found {} bytes, sha256 {}; {}", path,
                expected.bytes, expected.sha256, bytes, hash, remedy);
}

Result<std::string> load(const std::string& path, const Expected& expected, std::string_view remedy) {
    if (!std::filesystem::exists(path)) return fail("{} is missing; {}", path, remedy);
    auto content = read_file(path, expected.bytes + (1u << 20));
    if (!content) return fail("{}; {}", content.error().message, remedy);
    const auto digest = sha256(*content);
    if (auto ok = same(path, expected, content->size(), to_hex(digest), remedy); !ok) return tl::unexpected(ok.error());
    return content;
}

}  // namespace

std::string models_dir() {
    if (const char* dir = std::getenv("MENSHEN_MODELS"); dir != nullptr && *dir != '\0') return dir;
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return std::string(home) + "/.cache/menshen";
    return "/var/lib/menshen/models";
}

std::string photos_dir(const std::string& dir) { return dir + "/photos"; }

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    const File file(path, O_RDONLY);
    struct stat info {};
    if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0) return fail("{} cannot be read: {}", path, reason());
    if (!S_ISREG(info.st_mode)) return fail("{} is not a file", path);
    if (static_cast<std::uint64_t>(info.st_size) > limit)
        return fail("{} has {} bytes; at most {} are read", path, info.st_size, limit);
    std::string content(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const auto got = ::read(file.fd(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail("{} cannot be read: {}", path, reason());
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

Result<void> write_file(const std::string& path, std::string_view content) {
    const auto part = path + ".part";
    {
        const File file(part, O_WRONLY | O_CREAT | O_TRUNC);
        if (file.fd() < 0) return fail("{} cannot be written: {}", part, reason());
        if (!write_all(file.fd(), content) || ::fsync(file.fd()) != 0) {
            const auto why = reason();
            ::unlink(part.c_str());
            return fail("{} cannot be written: {}", part, why);
        }
    }
    if (::rename(part.c_str(), path.c_str()) != 0) return fail("{} cannot be renamed to {}: {}", part, path, reason());
    return {};
}

Result<std::string> hash_file(const std::string& path) {
    const File file(path, O_RDONLY);
    if (file.fd() < 0) return fail("{} cannot be read: {}", path, reason());
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1) return fail("sha256 is not available");
    std::vector<char> piece(1u << 18);
    for (;;) {
        const auto got = ::read(file.fd(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail("{} cannot be read: {}", path, reason());
        if (got == 0) break;
        EVP_DigestUpdate(hash.get(), piece.data(), static_cast<std::size_t>(got));
    }
    Digest digest{};
    EVP_DigestFinal_ex(hash.get(), digest.data(), nullptr);
    return to_hex(digest);
}

Result<void> verify_file(const std::string& path, const Expected& expected, std::string_view remedy) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    if (error) return fail("{} is missing; {}", path, remedy);
    auto hash = hash_file(path);
    if (!hash) return tl::unexpected(hash.error());
    return same(path, expected, bytes, *hash, remedy);
}

Result<std::string> load_verified(const std::string& dir, const ModelFile& model) {
    return load(dir + "/" + model.file, {model.sha256, model.bytes}, kFetch);
}

Result<std::string> load_converted(const std::string& dir, const ModelFile& model) {
    if (model.converted.file.empty()) return fail("{} has no converted form", model.name);
    return load(dir + "/" + model.converted.file, {model.converted.sha256, model.converted.bytes}, kConvert);
}

}  // namespace menshen::models
