#pragma once
/// `menshen rules check FILES...`

#include <filesystem>
#include <iosfwd>
#include <vector>

#include "rules/parse.hpp"

namespace menshen::rules {

struct CheckOptions {
    std::vector<std::filesystem::path> files;  ///< Files or folders.
    ParseOptions parse;
};

/// Prints all problems to `err`; without errors, a line or two for each rule to `out`. Returns the exit status: 0 or 1.
[[nodiscard]] int check(const CheckOptions& options, std::ostream& out, std::ostream& err);

}  // namespace menshen::rules
