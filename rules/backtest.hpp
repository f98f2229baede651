#pragma once
/// `menshen rules backtest`: what the rules would have done with the records of a file. The contract is in docs/rules.md.

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/zone.hpp"
#include "rules/picture.hpp"
#include "rules/references.hpp"

namespace menshen::rules {

struct BacktestOptions {
    std::vector<std::filesystem::path> rules;  ///< Files or folders.
    ReferenceFiles references;
    std::filesystem::path records;  ///< One JSON object a line, ascending in `at`; "-" is standard input.
    std::optional<Stamp> until;     ///< Inclusive; records after it are left out, event time runs on to it.
    bool json = false;              ///< One JSON object a line for each change; else lines and a summary for people.
    bool summary = false;           ///< For people: the summary only.
    bool bundle = false;            ///< A storm of alerts becomes one summary alert, as on the gate.
    Glyphs glyphs = Glyphs::utf8;
    std::optional<Zone> zone;  ///< Of deadlines; without one the offset of the last record.
    std::string gate = "gate";
    std::size_t memory_limit = std::size_t{1} << 30;  ///< Off the gate there is more room than on it.
};

struct BacktestReport {
    std::uint64_t records = 0;
    std::uint64_t fired = 0;
    std::uint64_t resolved = 0;
};

/// One run: records in, changes out as they come, a summary at the end. One thread.
class Backtest {
public:
    /// `options` and `out` must live as long.
    Backtest(const BacktestOptions& options, std::shared_ptr<const RuleSet> rules, std::ostream& out);
    ~Backtest();
    Backtest(const Backtest&) = delete;
    Backtest& operator=(const Backtest&) = delete;
    Backtest(Backtest&&) = delete;
    Backtest& operator=(Backtest&&) = delete;

    /// False for a record after `until`: no more are wanted. A record without a number gets `line`.
    [[nodiscard]] bool take(Record& record, std::uint64_t line);
    /// Lets event time run on to `until` and prints the summary; warnings go to `err`.
    [[nodiscard]] Result<BacktestReport> finish(std::ostream& err);
    [[nodiscard]] const FiringTally& tally() const;

private:
    class Run;
    std::unique_ptr<Run> run_;
};

/// The rules of the options; problems go to `err`.
[[nodiscard]] Result<std::shared_ptr<const RuleSet>> rules_of(const BacktestOptions& options, std::ostream& err);

/// The whole over a file. Fails with "file:line: reason" at a bad line; what came before it has been printed.
[[nodiscard]] Result<BacktestReport> backtest(const BacktestOptions& options, std::ostream& out, std::ostream& err);

}  // namespace menshen::rules
