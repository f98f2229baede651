#include "rules/ledger.hpp"

#include <algorithm>

namespace menshen::rules {

Result<void> AlertLedger::note(const Record& alert) {
    auto change = parse_alert(alert);
    if (!change) return tl::unexpected(change.error());
    auto& number = numbers_[change->id.str()];
    number = std::max(number, change->change);
    if (change->by.empty()) made_by_rules_.emplace(change->id.str(), change->state, change->at.time.since_epoch.count(), change->reason);
    return {};
}

std::optional<AlertChange> AlertLedger::fresh(AlertChange change) {
    const Key key{change.id.str(), change.state, change.at.time.since_epoch.count(), change.reason};
    if (!made_by_rules_.insert(key).second) return std::nullopt;
    auto& number = numbers_[change.id.str()];
    if (number >= change.change) change.change = number + 1;
    number = change.change;
    return change;
}

}  // namespace menshen::rules
