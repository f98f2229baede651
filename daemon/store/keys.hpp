#pragma once
/// The master key and what is derived from it (design: "Keys").

#include <filesystem>
#include <string>
#include <string_view>

#include "core/digest.hpp"
#include "core/event.hpp"
#include "core/result.hpp"
#include "core/roster.hpp"

namespace menshen::store {

/// Reads a master key: 32 bytes, or 64 hex digits with an optional newline. Refused, with the remedy, when the file is missing,
/// is not a plain file, belongs to another user (root's is accepted), or gives group or others any access. Below
/// `$CREDENTIALS_DIRECTORY` the group may read: systemd from 254 on gives the service its access so, by an access control list.
/// Blocks on the disk.
[[nodiscard]] Result<Key> load_master_key(const std::filesystem::path& path);

/// `$CREDENTIALS_DIRECTORY/menshen.key` when systemd gives one, else empty.
[[nodiscard]] std::filesystem::path credentials_key_path();

/// Makes a new random key, as 64 hex digits in a new file of mode 0600, and returns it. Never replaces a file. Blocks on the
/// disk.
[[nodiscard]] Result<Key> create_master_key(const std::filesystem::path& path);

/// The keys of each purpose. Immutable; any thread.
class KeyRing {
public:
    explicit KeyRing(const Key& master);

    /// How a card is found: HMAC-SHA256 of CardNumber::text(), 64 hex digits.
    [[nodiscard]] CardIndex card_index(const CardNumber& number) const;
    [[nodiscard]] CardIndex card_index(std::string_view number_text) const;

    /// AES-256-GCM with a random nonce. `place` is bound to the result: what was sealed for one table and row opens nowhere else.
    [[nodiscard]] std::string seal(std::string_view plain, std::string_view place) const;
    /// Fails when the bytes were changed, sealed for another place, or sealed under another master key.
    [[nodiscard]] Result<std::string> unseal(std::string_view sealed, std::string_view place) const;

    [[nodiscard]] const Key& alert_ids() const { return alert_ids_; }  ///< For the ids of alerts.
    [[nodiscard]] const Key& pins() const { return pins_; }            ///< For the HMACs of PINs.

private:
    Key card_index_;
    Key seal_;
    Key alert_ids_;
    Key pins_;
};

}  // namespace menshen::store
