#pragma once
/// The running gate's own past for the tools that try rules on it.

#include "cli/journal.hpp"
#include "core/record.hpp"

namespace menshen::cli {

/// What the gate says of itself, as far as tools at the desk want to know.
struct GateClock {
    std::string gate;
    Stamp now;
};
/// Asks the gate; or the exit code, after saying what went wrong.
[[nodiscard]] tl::expected<GateClock, int> ask_gate_clock(Shell& shell);

/// Gives every record asked for, parsed, until `take` returns false. A record that cannot be read is said on `shell.err` and
/// ends it. Returns an ExitCode.
[[nodiscard]] int for_each_parsed(const Shell& shell, const JournalQuery& query, const std::function<bool(Record&)>& take);

}  // namespace menshen::cli
