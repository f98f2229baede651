#include "rules/ledger.hpp"

#include <algorithm>

namespace menshen::rules {

AlertLedger::Key AlertLedger::key_of(const AlertChange& change) {
    return {change.id.str(), change.state, change.at.time.since_epoch.count(), change.reason};
}

Result<void> AlertLedger::note(const Record& alert) {
    auto change = parse_alert(alert);
    if (!change) return tl::unexpected(change.error());
    auto& number = numbers_[change->id.str()];
    number = std::max(number, change->change);
    if (change->by.empty()) ++held_[key_of(*change)];
    return {};
}

std::optional<AlertChange> AlertLedger::fresh(AlertChange change) {
    const auto held = held_.find(key_of(change));
    if (held != held_.end() && held->second > 0) {
        --held->second;
        return std::nullopt;
    }
    auto& number = numbers_[change.id.str()];
    if (number >= change.change) change.change = number + 1;
    number = change.change;
    return change;
}

}  // namespace menshen::rules
