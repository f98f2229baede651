#include "daemon/store/keys.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "daemon/store/file_descriptor.hpp"

namespace menshen::store {

namespace {

constexpr char kSealVersion = 1;
constexpr std::size_t kNonce = 12;  // 96 bits, as NIST SP 800-38D 8.2.2 wants of random ones
constexpr std::size_t kTag = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// Only a broken libcrypto or a system without randomness comes here; sealing nothing would be worse than stopping.
void must(int ok, const char* what) {
    if (ok != 1) throw std::runtime_error(std::string("libcrypto: ") + what);
}

Result<Key> parse_key(std::string_view text, const std::filesystem::path& path) {
    Key key;
    if (text.size() == key.size()) {
        std::copy(text.begin(), text.end(), reinterpret_cast<char*>(key.data()));
        return key;
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    const auto bytes = from_hex(text);
    if (bytes.size() != key.size())
        return fail("{}: a master key is 32 bytes or 64 hex digits, this file has {} bytes", path.native(), text.size());
    std::copy(bytes.begin(), bytes.end(), key.begin());
    return key;
}

bool is_credential(const std::filesystem::path& path) {
    const auto folder = credentials_key_path().parent_path();
    if (folder.empty()) return false;
    const auto below = path.lexically_normal().lexically_relative(folder.lexically_normal());
    return !below.empty() && *below.begin() != "..";
}

Result<void> check_owner(const struct stat& status, const std::filesystem::path& path) {
    if (!S_ISREG(status.st_mode)) return fail("{}: the master key must be a plain file", path.native());
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        return fail("{}: the master key belongs to uid {}; run: chown {} {}", path.native(), status.st_uid, ::geteuid(),
                    path.native());
    // systemd from 254 on gives a service its credentials by an access control list, whose mask stands where the group's bits
    // are: root's file of mode 0440 (systemd.exec(5), "Credentials").
    const bool from_systemd = is_credential(path);
    if ((status.st_mode & (from_systemd ? 037U : 077U)) != 0)
        return fail("{}: others may use the master key (mode {:04o}); run: chmod {} {}", path.native(), status.st_mode & 07777,
                    from_systemd ? "0400" : "0600", path.native());
    return {};
}

}  // namespace

Result<Key> load_master_key(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return fail("{}: the master key cannot be opened: {}", path.native(), std::strerror(errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return fail("{}: {}", path.native(), std::strerror(errno));
    // Looked at through the open file, so that it cannot be another one by the time it is read.
    if (auto fit = check_owner(status, path); !fit) return tl::unexpected(fit.error());
    std::array<char, 80> buffer{};
    const auto size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0) return fail("{}: {}", path.native(), std::strerror(errno));
    return parse_key({buffer.data(), static_cast<std::size_t>(size)}, path);
}

std::filesystem::path credentials_key_path() {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0') return {};
    return std::filesystem::path(folder) / "menshen.key";
}

Result<Key> create_master_key(const std::filesystem::path& path) {
    Key key;
    must(RAND_bytes(key.data(), static_cast<int>(key.size())), "no randomness");
    auto written = write_new_file(path, to_hex(key) + "\n", 0600);
    if (!written) return tl::unexpected(written.error());
    return key;
}

KeyRing::KeyRing(const Key& master)
    : card_index_(derive_key(master, "menshen v1 card index")),
      seal_(derive_key(master, "menshen v1 seal")),
      alert_ids_(derive_key(master, "menshen v1 alert ids")),
      pins_(derive_key(master, "menshen v1 pins")) {}

CardIndex KeyRing::card_index(const CardNumber& number) const { return card_index(number.text()); }
CardIndex KeyRing::card_index(std::string_view number_text) const { return to_hex(hmac_sha256(card_index_, number_text)); }

std::string KeyRing::seal(std::string_view plain, std::string_view place) const {
    std::string out(1 + kNonce + plain.size() + kTag, kSealVersion);
    unsigned char* nonce = bytes_of(out) + 1;
    unsigned char* body = nonce + kNonce;
    must(RAND_bytes(nonce, kNonce), "no randomness");
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int length = 0;
    must(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, seal_.data(), nonce), "AES-256-GCM");
    must(EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(place), static_cast<int>(place.size())), "AES-256-GCM");
    must(EVP_EncryptUpdate(cipher.get(), body, &length, bytes_of(plain), static_cast<int>(plain.size())), "AES-256-GCM");
    must(EVP_EncryptFinal_ex(cipher.get(), body + length, &length), "AES-256-GCM");
    must(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, body + plain.size()), "AES-256-GCM");
    return out;
}

Result<std::string> KeyRing::unseal(std::string_view sealed, std::string_view place) const {
    if (sealed.size() < 1 + kNonce + kTag || sealed.front() != kSealVersion) return fail("{}: not sealed by Menshen", place);
    const auto nonce = sealed.substr(1, kNonce);
    const auto body = sealed.substr(1 + kNonce, sealed.size() - 1 - kNonce - kTag);
    std::string tag(sealed.substr(sealed.size() - kTag));
    std::string out(body.size(), '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int length = 0;
    must(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, seal_.data(), bytes_of(nonce)), "AES-256-GCM");
    must(EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(place), static_cast<int>(place.size())), "AES-256-GCM");
    must(EVP_DecryptUpdate(cipher.get(), bytes_of(out), &length, bytes_of(body), static_cast<int>(body.size())), "AES-256-GCM");
    must(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()), "AES-256-GCM");
    if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(out) + length, &length) != 1)
        return fail("{}: the seal is broken, or it was made with another master key", place);
    return out;
}

}  // namespace menshen::store
