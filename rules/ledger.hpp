#pragma once
/// Which alert changes the journal already holds: a restart folds records again and must raise nothing twice.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "core/alert.hpp"

namespace menshen::rules {

/// Give it every `alert` record of the part of the journal that is folded again; keep it only as long as the fold.
class AlertLedger {
public:
    /// Fails when the record is no readable alert.
    [[nodiscard]] Result<void> note(const Record& alert);

    /// The change, if the journal does not hold it; its number is above every number that the journal holds for this alert.
    [[nodiscard]] std::optional<AlertChange> fresh(AlertChange change);

private:
    /// Its number is not part of the key: a person's change that was on its way when the rule made its own may stand in the
    /// journal in another order. What the rules make twice at one moment, the journal must hold twice.
    using Key = std::tuple<std::string, AlertState, std::int64_t, std::string>;
    static Key key_of(const AlertChange& change);
    std::map<Key, int> held_;
    std::map<std::string, std::uint32_t> numbers_;
};

}  // namespace menshen::rules
