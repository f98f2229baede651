#pragma once
/// The alerts that are open.

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "core/alert.hpp"
#include "rules/subjects.hpp"

namespace menshen::rules {

/// `OpenAlert::rule` of the alert that tells of blindness, which no file holds.
inline constexpr Index kBlindRule = kNone - 1;

struct OpenAlert {
    AlertId id;
    Index rule = kNone;        ///< In the rule set, or kBlindRule.
    Index subject = kNone;     ///< kNone: it is of no one subject (the summary of a storm, blindness).
    std::uint32_t number = 1;  ///< Of its last change, or of one that a person made and that is on its way into the journal.
    AlertState state = AlertState::firing;
    AlertSeverity severity =
        AlertSeverity::warning;  ///< As it was raised, and so the recipients: they hold it and must see its end.
    std::vector<RecipientId> to;
    Stamp at;
    Stamp fired_at;
    std::map<std::string, Value> evidence;
    std::string by;
    std::string note;

    static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
    bool bundled = false;               ///< Told by the summary of a storm; makes no noise of its own.
    bool swallowed = false;             ///< `manual`: the condition fell due anew while this was open.
    std::int64_t began = 0;             ///< Point from which `escalate.after` counts.
    std::uint32_t escalated = 0;        ///< Steps done.
    std::int64_t repeat_at = kForever;  ///< Point.
    std::int64_t closes_at = kForever;  ///< Point, of alerts without a state of their own.
    std::int64_t postponed = 0;         ///< Point before which it makes no noise.
    std::int64_t notify_ms = kForever;  ///< pending: wall time at which it begins to fire.
    std::int64_t until_ms = kForever;   ///< acknowledged: wall time until which it is quiet.
    std::int64_t timer = kForever;      ///< The point that stands in the book's timers; kForever: none.
};

class AlertBook {
public:
    Index add(OpenAlert alert);
    void remove(Index index);
    [[nodiscard]] OpenAlert& at(Index index) { return open_.at(index); }
    [[nodiscard]] const std::map<Index, OpenAlert>& open() const { return open_; }
    [[nodiscard]] Index find(const AlertId& id) const;

    /// At which point of time something about an alert changes by itself; kForever: never.
    void set_timer(Index index, std::int64_t at);
    /// The alert whose timer comes first, by time and id; nothing without one.
    [[nodiscard]] std::optional<Index> next_timer() const;

    /// Alerts that the journal holds open and that no rule in force has raised: of rules that were changed or taken away. The
    /// next `rules_changed` ends them.
    std::map<AlertId, AlertChange> orphans;

private:
    std::map<Index, OpenAlert> open_;
    std::unordered_map<AlertId, Index> by_id_;
    std::set<std::tuple<std::int64_t, AlertId>> timers_;
    Index next_ = 0;
};

/// The same for the same rule, subject and record under the same key.
[[nodiscard]] AlertId alert_id(const std::array<std::uint8_t, 32>& key, const std::string& rule, const std::string& subject,
                               const std::string& started_by);

}  // namespace menshen::rules
