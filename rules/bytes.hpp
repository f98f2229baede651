#pragma once
/// Values as bytes and back, for checkpoints. One function that names the fields of a thing writes it with the one and reads it
/// with the other.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace menshen::rules {

class ByteWriter {
public:
    static constexpr bool kReads = false;

    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void number(const T& value) {
        const auto wide = static_cast<std::int64_t>(value);
        // Zigzag: small numbers of either sign are short.
        auto rest = (static_cast<std::uint64_t>(wide) << 1) ^ static_cast<std::uint64_t>(wide >> 63);
        while (rest >= 0x80) {
            out_ += static_cast<char>(0x80 | (rest & 0x7f));
            rest >>= 7;
        }
        out_ += static_cast<char>(rest);
    }
    void text(std::string_view value) {
        number(value.size());
        out_ += value;
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    std::string out_;
};

/// After the first value that does not fit, every further one is 0 or empty and ok() is false.
class ByteReader {
public:
    static constexpr bool kReads = true;
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void number(T& value) {
        std::uint64_t raw = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (rest_.empty() || shift > 63) {
                ok_ = false;
                raw = 0;
                break;
            }
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            raw |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) break;
        }
        value = static_cast<T>(static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1));
    }
    void text(std::string& value) {
        const auto size = count();
        value = rest_.substr(0, size);
        rest_.remove_prefix(size);
    }
    /// How many things follow; each takes a byte at least, so a damaged count cannot ask for more than there is.
    [[nodiscard]] std::size_t count() {
        std::uint64_t value = 0;
        number(value);
        if (value <= rest_.size()) return static_cast<std::size_t>(value);
        ok_ = false;
        rest_ = {};
        return 0;
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace menshen::rules
