#pragma once
/// Runs a program and waits for it. For the model tool only: it blocks.

#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace menshen::models {

struct Finished {
    int status = 0;      ///< Exit status; 128 + the signal when one ended it.
    std::string output;  ///< Both its streams, at most the first megabyte.
};

/// No shell. `environment` is added to the own one. Fails when the program cannot be started.
[[nodiscard]] Result<Finished> run_program(const std::vector<std::string>& arguments,
                                           const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace menshen::models
