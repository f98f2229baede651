#pragma once
/// Rule files -> rules. All problems of all files are found at once, each at its place; a set with an error is not used at all.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/problems.hpp"
#include "rules/rule.hpp"

namespace menshen::rules {

inline constexpr std::size_t kMostRules = 500;
inline constexpr std::size_t kMostTags = 64;               ///< Different tags that the rules of a set may name.
inline constexpr std::uintmax_t kMostFileBytes = 1 << 20;  ///< Of one file.

struct RuleFile {
    std::string name;
    std::string text;
};

struct ParseOptions {
    /// Who exists. When given, an unknown recipient is an error and a rule that tells nobody a warning.
    std::optional<Recipients> recipients;
    Calendar calendar;    ///< Goes into the set.
    Schedules schedules;  ///< That `during` and `notify_between` may name.
};

/// Pure. Nothing when there is an error; warnings may stand in `problems` beside a set.
[[nodiscard]] std::optional<RuleSet> parse_rules(std::span<const RuleFile> files, const ParseOptions& options,
                                                 Problems& problems);

/// Reads the files; a folder stands for the *.yaml and *.yml in it but test files (*.test.yaml). A file that cannot be read or is
/// larger than 1 MiB is a problem.
[[nodiscard]] std::optional<RuleSet> load_rules(std::span<const std::filesystem::path> paths, const ParseOptions& options,
                                                Problems& problems);

}  // namespace menshen::rules
