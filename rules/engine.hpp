#pragma once
/// The rule engine: a fold over the journal. The same class runs live, in tests and in backtests.
///
/// Pure: no clock, no thread, no I/O. Not thread-safe: one thread at a time (live: the loop).
///
/// How the application uses it:
///
///  1. At start, `Engine::restore(rules, settings, checkpoint)` (or a new Engine without a checkpoint), then every record of the
///     journal after `last_record()` through on_record(), and every `alert` record among them also through an AlertLedger. Of the
///     changes that the fold returned, those that `ledger.fresh()` lets pass were never committed: commit them now.
///  2. If `awaits_load()`, commit a `rules_changed` record with `more["rules"] = rules->versions()`. Rules are in force from that
///     record on: this is the "first load" that silence counts from. Then (or before) commit `started`, with `more["alive"]`.
///  3. Each committed record, of every kind and in the order of the journal, goes to on_record(). What it returns is committed as
///     `alert` records (core/alert.hpp, to_record) and these come back through on_record() like any other record.
///  4. A timer at next_deadline() calls on_time(), but only when every record made before that moment has been committed and
///  given
///     to on_record(): else a replay of the journal would see them the other way round.
///  5. checkpoint() may be taken at any moment; write it behind the alert records that were returned before it.
///  6. New rules: `Engine::restore(new_rules, settings, old.checkpoint())`, put it in the old one's place, then as 2.
///     restore() and checkpoint() may run on another thread while nobody changes the engine they read.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/alert.hpp"
#include "core/digest.hpp"
#include "core/record.hpp"
#include "core/zone.hpp"
#include "rules/rule.hpp"

namespace menshen::rules {

/// From when on rules are in force.
enum class InForce : std::uint8_t {
    by_records,  ///< Live: from the `rules_changed` record that lists them.
    from_start,  ///< Backtest and tests: from the first record.
};

/// More alerts than this of one rule within ten minutes have one cause.
inline constexpr std::uint32_t kStorm = 12;

struct EngineSettings {
    std::string gate = "gate";  ///< The subject of rules `per: gate`, and the placeholder {gate}.
    std::optional<Zone> zone;   ///< For the local time of deadlines; without one the offset of the last record is used.
    Key id_key{};               ///< Of the HMAC that makes alert ids.
    std::size_t memory_limit = 64u << 20;  ///< Bytes of state, estimated. Beyond it new subjects are refused and counted.
    InForce in_force = InForce::by_records;
    /// A storm: when one rule raises more alerts than this within ten minutes, the others are told as one summary. 0: never.
    std::uint32_t bundle_after = 0;
};

/// What a person says to an alert.
struct Said {
    std::string by;  ///< "uid 1000 (li)"; never empty.
    std::string note;
    std::string reason;                         ///< For close(): true, false, well or duplicate.
    std::optional<Stamp> until = std::nullopt;  ///< For acknowledge(), if it is to end; for snooze().
};

/// A rule, or one subject of it, that raises nothing for a while.
struct Mute {
    std::string rule;
    std::string subject;  ///< Empty: all.
    WallTime until;
};

/// The id of a record, in two parts.
struct Position {
    std::string epoch;
    std::uint64_t seq = 0;
    bool operator==(const Position&) const = default;
    [[nodiscard]] std::string text() const { return fmt::format("{}-{}", epoch, seq); }
};

class Engine {
public:
    Engine(std::shared_ptr<const RuleSet> rules, EngineSettings settings);
    /// Fails when the bytes are damaged or of another version: then make a new Engine and fold the whole journal. State of rules
    /// whose hash is unchanged is kept; open alerts of the others are resolved by the next `rules_changed`.
    [[nodiscard]] static Result<Engine> restore(std::shared_ptr<const RuleSet> rules, EngineSettings settings,
                                                std::string_view bytes);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;
    ~Engine();

    /// First the deadlines that fell due before it or with it, in order of deadline, rule id and subject; then what the record
    /// itself does, in order of rule id. A record at or before last_record() of the same epoch is ignored.
    [[nodiscard]] std::vector<AlertChange> on_record(const Record& record);

    /// Fires the deadlines up to `now`. Each has `at` = its own deadline, however late it was noticed.
    [[nodiscard]] std::vector<AlertChange> on_time(const Now& now);
    /// The same by wall time, for records without `mono`.
    [[nodiscard]] std::vector<AlertChange> on_time(const Stamp& now);

    /// When on_time() has to be called next, as `mono` of the boot of `now`. Not const: it tidies the queue.
    [[nodiscard]] std::optional<MonoTime> next_deadline(const Now& now);

    /// The change that a person makes. It takes effect when its record comes back through on_record(), so that a replay sees the
    /// same order; only its number is taken at once. Fails when no such alert is open, saying so.
    [[nodiscard]] Result<AlertChange> acknowledge(const AlertId& id, const Said& said, const Now& now);
    [[nodiscard]] Result<AlertChange> snooze(const AlertId& id, const Said& said, const Now& now);
    /// Words beside it; nothing else changes.
    [[nodiscard]] Result<AlertChange> note(const AlertId& id, const Said& said, const Now& now);
    [[nodiscard]] Result<AlertChange> close(const AlertId& id, const Said& said, const Now& now);

    /// Open alerts as their last change left them, ordered by time of firing and id.
    [[nodiscard]] std::vector<AlertChange> open_alerts() const;

    /// The mutes that hold, by rule and subject.
    [[nodiscard]] std::vector<Mute> mutes() const;

    /// The rules in force are not the rules held: see 2 above.
    [[nodiscard]] bool awaits_load() const;
    [[nodiscard]] const RuleSet& rules() const;

    /// State as bytes; the same state gives the same bytes.
    [[nodiscard]] std::string checkpoint() const;
    /// The last record that was folded.
    [[nodiscard]] Position last_record() const;

    struct Usage {
        std::size_t subjects = 0;  ///< Persons, cards, doors, ... that are known.
        std::size_t states = 0;    ///< Of a (rule, subject).
        std::size_t open_alerts = 0;
        std::size_t bytes = 0;      ///< Estimated.
        std::uint64_t refused = 0;  ///< Times that a new subject was refused for want of memory.
    };
    [[nodiscard]] Usage usage() const;

private:
    class State;
    explicit Engine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace menshen::rules
