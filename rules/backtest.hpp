#pragma once
/// `menshen rules backtest`: what the rules would have done with the records of a file. The contract is in docs/rules.md.

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace menshen::rules {

struct BacktestOptions {
    std::vector<std::filesystem::path> rules;  ///< Files or folders.
    std::filesystem::path records;             ///< One JSON object a line, ascending in `at`; "-" is standard input.
    std::optional<Stamp> until;                ///< Inclusive; records after it are left out, event time runs on to it.
    bool json = false;                         ///< One JSON object a line for each change; else lines and a summary for people.
    std::string gate = "gate";
    std::size_t memory_limit = std::size_t{1} << 30;  ///< Off the gate there is more room than on it.
};

struct BacktestReport {
    std::uint64_t records = 0;
    std::uint64_t fired = 0;
    std::uint64_t resolved = 0;
};

/// Problems of the rules go to `err`. Fails with "file:line: reason" at a bad line; what came before it has been printed.
[[nodiscard]] Result<BacktestReport> backtest(const BacktestOptions& options, std::ostream& out, std::ostream& err);

}  // namespace menshen::rules
