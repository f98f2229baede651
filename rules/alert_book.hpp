#pragma once
/// The alerts that are open.

#include <map>
#include <string>
#include <unordered_map>

#include "core/alert.hpp"
#include "rules/subjects.hpp"

namespace menshen::rules {

struct OpenAlert {
    AlertId id;
    Index rule = kNone;  ///< In the rule set.
    Index subject = kNone;
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
};

class AlertBook {
public:
    Index add(OpenAlert alert);
    void remove(Index index);
    [[nodiscard]] OpenAlert& at(Index index) { return open_.at(index); }
    [[nodiscard]] const std::map<Index, OpenAlert>& open() const { return open_; }
    [[nodiscard]] Index find(const AlertId& id) const;

    /// Alerts that the journal holds open and that no rule in force has raised: of rules that were changed or taken away. The
    /// next `rules_changed` ends them.
    std::map<AlertId, AlertChange> orphans;

private:
    std::map<Index, OpenAlert> open_;
    std::unordered_map<AlertId, Index> by_id_;
    Index next_ = 0;
};

/// The same for the same rule, subject and record under the same key.
[[nodiscard]] AlertId alert_id(const std::array<std::uint8_t, 32>& key, const std::string& rule, const std::string& subject,
                               const std::string& started_by);

}  // namespace menshen::rules
