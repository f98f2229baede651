#pragma once
/// One firing of one rule for one subject (design: "An alert's life").

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/record.hpp"

namespace menshen {

enum class AlertState : std::uint8_t { pending, firing, acknowledged, resolved };
enum class AlertSeverity : std::uint8_t { info, warning, critical };

[[nodiscard]] std::string_view to_text(AlertState state);
[[nodiscard]] std::string_view to_text(AlertSeverity severity);
[[nodiscard]] std::optional<AlertState> parse_alert_state(std::string_view text);
[[nodiscard]] std::optional<AlertSeverity> parse_alert_severity(std::string_view text);

/// An alert as it stands after one change of it. The rule engine returns these; each becomes one record of kind `alert` and one
/// row of the alert lane per recipient.
struct AlertChange {
    AlertId id;                ///< HMAC of rule, subject and the record that started it: the same in every replay.
    std::uint32_t change = 1;  ///< 1 when it is raised, then one more with each change. (id, change) is unique.
    RuleId rule;
    std::string per;      ///< "person", "household", "card", "stranger", "door", "gate"
    std::string subject;  ///< The bare id.
    AlertState state = AlertState::firing;
    AlertSeverity severity = AlertSeverity::warning;
    Stamp at;        ///< Of this change. For a deadline: the deadline itself, however late it was noticed.
    Stamp fired_at;  ///< Of change 1.
    std::vector<RecipientId> to;
    std::map<std::string, Value>
        evidence;                    ///< Placeholders and numbers: person, household, door, card, silence_ms, count, days, ...
    std::string title_zh, title_en;  ///< Of the rule.
    std::string text_zh, text_en;    ///< Templates of the rule with every placeholder filled but {person} and {household}: names
                                     ///< are filled in at the edge, if the config lets them travel.
    std::string by;                  ///< Who acknowledged or closed it; empty when the rule itself did.
    std::string note;
    /// Why this change: empty when raised. "notify" (a pending one begins to fire), "repeat", "escalated", "awake" (an
    /// acknowledgement or snooze ended); "snoozed" beside acknowledged; for resolved "auto", "muted", or why a person closed it:
    /// true, false, well, duplicate.
    std::string reason;
    std::optional<Stamp> until;  ///< acknowledged: no repeat and no escalation until then; nothing: until it is over.
};

/// The journal's form of a change; `parse_alert` reads it back (texts are not in records).
[[nodiscard]] Record to_record(const AlertChange& change, const Now& now);
[[nodiscard]] Result<AlertChange> parse_alert(const Record& record);

}  // namespace menshen
