#pragma once
/// `menshen rules check FILES...`

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <vector>

#include "core/record.hpp"
#include "core/result.hpp"
#include "rules/parse.hpp"
#include "rules/references.hpp"

namespace menshen::rules {

/// Gives records of the past in the order of time until `take` returns false or there are no more. Fails with what is wrong.
using History = std::function<Result<void>(const std::function<bool(Record&)>& take)>;

struct CheckOptions {
    std::vector<std::filesystem::path> files;  ///< Files or folders.
    ParseOptions parse;                        ///< Used when `references` names nothing.
    ReferenceFiles references;
    Millis keep_records = std::chrono::hours(24 * 180);  ///< How long the gate keeps records.
    History history;                                     ///< Empty: none is known.
};

/// Prints all problems to `err`; without errors, for each rule what it does and how many alerts it may be expected to raise a day
/// to `out`. Returns the exit status: 0 or 1.
[[nodiscard]] int check(const CheckOptions& options, std::ostream& out, std::ostream& err);

/// Adds a warning for each rule that can never fire, or that looks back further than records are kept. Pure.
void warn_of_useless_rules(const RuleSet& rules, Millis keep_records, Problems& problems);

/// The records of a file as a history.
[[nodiscard]] History history_of_file(const std::filesystem::path& records);

}  // namespace menshen::rules
