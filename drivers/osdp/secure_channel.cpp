#include "drivers/osdp/secure_channel.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <new>

namespace menshen::drivers::osdp {

namespace {

constexpr std::uint8_t kPadding = 0x80;  ///< Then zeros, to a whole block.

enum class Way : int { decrypt = 0, encrypt = 1 };

/// AES-128 in CBC mode over whole blocks.
Bytes cbc(Way way, const Block& key, const Block& iv, std::span<const std::uint8_t> blocks) {
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    Bytes out(blocks.size());
    int length = 0;
    // With whole blocks only memory can be missing.
    if (!context ||
        EVP_CipherInit_ex(context.get(), EVP_aes_128_cbc(), nullptr, key.data(), iv.data(), static_cast<int>(way)) != 1 ||
        EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
        EVP_CipherUpdate(context.get(), out.data(), &length, blocks.data(), static_cast<int>(blocks.size())) != 1 ||
        static_cast<std::size_t>(length) != blocks.size())
        throw std::bad_alloc();
    return out;
}

Block one_block(const Block& key, const Block& block, const Block& iv = {}) {
    const auto bytes = cbc(Way::encrypt, key, iv, block);
    Block out;
    std::copy_n(bytes.begin(), out.size(), out.begin());
    return out;
}

Block derived(const Block& base_key, std::uint8_t first, std::uint8_t second, const Random& panel) {
    Block input{first, second};
    std::copy_n(panel.begin(), 6, input.begin() + 2);
    return one_block(base_key, input);
}

Block joined(const Random& first, const Random& second) {
    Block out;
    std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), out.begin()));
    return out;
}

Block inverted(Block block) {
    for (auto& byte : block) byte = static_cast<std::uint8_t>(~byte);
    return block;
}

void pad(Bytes& data) {
    data.push_back(kPadding);
    data.resize((data.size() + 15) / 16 * 16);
}

/// False when there is none.
bool take_padding(Bytes& data) {
    while (!data.empty() && data.back() == 0) data.pop_back();
    if (data.empty() || data.back() != kPadding) return false;
    data.pop_back();
    return true;
}

Security type_of(Direction direction, bool has_data) {
    if (direction == Direction::command) return has_data ? Security::command_encrypted : Security::command_mac;
    return has_data ? Security::reply_encrypted : Security::reply_mac;
}

/// Some readers send states under the panel's type.
bool is_of(Security type, Direction direction) {
    if (direction == Direction::reply) return carries_mac(type) && type != Security::command_encrypted;
    return type == Security::command_mac || type == Security::command_encrypted;
}

}  // namespace

SessionKeys::SessionKeys(const Block& base_key, const Random& panel)
    : encrypt_(derived(base_key, 0x01, 0x82, panel)),
      mac_all_(derived(base_key, 0x01, 0x01, panel)),
      mac_last_(derived(base_key, 0x01, 0x02, panel)) {}

SessionKeys::~SessionKeys() {
    for (auto* key : {&encrypt_, &mac_all_, &mac_last_}) OPENSSL_cleanse(key->data(), key->size());
}

Block SessionKeys::reader_cryptogram(const Random& panel, const Random& reader) const {
    return one_block(encrypt_, joined(panel, reader));
}

Block SessionKeys::panel_cryptogram(const Random& panel, const Random& reader) const {
    return one_block(encrypt_, joined(reader, panel));
}

Block SessionKeys::initial_mac(const Block& panel_cryptogram) const {
    return one_block(mac_last_, one_block(mac_all_, panel_cryptogram));
}

bool is_same(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// All blocks but the last with one key, the last with another.
Block SecureSession::mac_of(std::span<const std::uint8_t> before_mac) const {
    Bytes blocks(before_mac.begin(), before_mac.end());
    if (blocks.size() % 16 != 0) pad(blocks);
    Block last, chain = chain_;
    const auto first = blocks.size() - 16;
    if (first > 0) {
        const auto encrypted = cbc(Way::encrypt, keys_.mac_all_, chain, std::span(blocks).first(first));
        std::copy_n(encrypted.end() - 16, 16, chain.begin());
    }
    std::copy_n(blocks.end() - 16, 16, last.begin());
    return one_block(keys_.mac_last_, last, chain);
}

Result<Packet> SecureSession::seal(const Packet& plain) {
    Packet out = plain;
    out.security = SecurityBlock{type_of(plain.direction, !plain.data.empty())};
    out.mac.emplace();
    if (!out.data.empty()) {
        pad(out.data);
        out.data = cbc(Way::encrypt, keys_.encrypt_, inverted(chain_), out.data);
    }
    const auto before_mac = encode_before_mac(out);
    if (!before_mac) return tl::unexpected(before_mac.error());
    chain_ = mac_of(*before_mac);
    std::copy_n(chain_.begin(), out.mac->size(), out.mac->begin());
    return out;
}

Result<SecureSession::Opened> SecureSession::open(const Packet& sealed) {
    if (!sealed.security || !sealed.mac || !is_of(sealed.security->type, sealed.direction))
        return fail("an OSDP packet that does not belong to the session");
    const auto before_mac = encode_before_mac(sealed);
    if (!before_mac) return tl::unexpected(before_mac.error());
    const auto mac = mac_of(*before_mac);
    if (!is_same(std::span(mac).first(sealed.mac->size()), *sealed.mac)) return fail("an OSDP packet with a wrong MAC");

    Opened out{sealed};
    out.packet.security.reset();
    out.packet.mac.reset();
    if (sealed.security->type == type_of(sealed.direction, true)) {
        if (sealed.data.empty() || sealed.data.size() % 16 != 0)
            return fail("an OSDP packet whose encrypted data is no whole block");
        out.packet.data = cbc(Way::decrypt, keys_.encrypt_, inverted(chain_), sealed.data);
        if (!take_padding(out.packet.data)) return fail("an OSDP packet whose data does not end as it has to");
    } else {
        out.came_in_clear = !sealed.data.empty();
    }
    chain_ = mac;
    return out;
}

}  // namespace menshen::drivers::osdp
