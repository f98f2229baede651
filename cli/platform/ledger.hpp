#pragma once
/// The consumer's account in SQLite (synchronous=FULL): what came, how often, and how far it is complete. One thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace menshen::platform {

/// One journal of one gate.
struct Journal {
    std::string gate;
    std::string epoch;
    auto operator<=>(const Journal&) const = default;
};

struct RecordMessage {
    Journal journal;
    std::uint64_t seq = 0;
    std::string kind;
    std::string bytes;
};

struct AlertMessage {
    Journal journal;
    std::string to;
    std::string alert;
    std::uint64_t change = 0;
    std::uint64_t lane = 0;
    std::uint64_t previous = 0;
    std::string state;
    std::string bytes;
    bool retained = false;  ///< Came out of the broker's store, so it says nothing about delivery.
};

/// Of a gate's `state`: below `from` nothing will come any more, nor within `missing`.
struct StateMessage {
    Journal journal;
    std::uint64_t records_from = 1;
    std::uint64_t alerts_from = 1;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> records_missing;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> alerts_missing;
};

/// Everything up to these numbers is stored, or will never come.
struct Reached {
    std::uint64_t records = 0;
    std::uint64_t alerts = 0;
    bool operator==(const Reached&) const = default;
};

/// What a message was to the account.
enum class Entry : unsigned char { first, repeat, conflict };

struct Totals {
    std::uint64_t records = 0;  ///< Distinct.
    std::uint64_t alerts = 0;   ///< Distinct states: recipient, alert, change.
    std::uint64_t repeats = 0;
    std::uint64_t malformed = 0;
};

/// Between begin() and commit() nothing is safe yet; a confirm may only say what was committed.
class Ledger {
public:
    [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(const std::string& file);
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> commit();
    /// Forgets what came since begin(), if anything; fails only when the database does.
    [[nodiscard]] Result<void> rollback();

    [[nodiscard]] Result<Entry> put(const RecordMessage& record);
    [[nodiscard]] Result<Entry> put(const AlertMessage& alert);
    /// Makes this epoch the gate's current one.
    [[nodiscard]] Result<void> put(const StateMessage& state);
    [[nodiscard]] Result<void> count_malformed();

    /// Steps as far as the account is complete, keeps that and returns it.
    [[nodiscard]] Result<Reached> advance(const Journal& journal);
    /// The current epoch of a gate; empty when its state was never seen.
    [[nodiscard]] Result<std::string> current_epoch(const std::string& gate);
    [[nodiscard]] Result<Totals> totals();
    /// A value kept for the consumer itself; empty when there is none.
    [[nodiscard]] Result<std::string> kept(std::string_view key);
    [[nodiscard]] Result<void> keep(std::string_view key, std::string_view value);

private:
    struct Impl;
    explicit Ledger(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace menshen::platform
