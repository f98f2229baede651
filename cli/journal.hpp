#pragma once
/// The gate's own journal for the tools of the desk: read through the control socket, so that no tool opens the database.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/shell.hpp"

namespace menshen::cli {

struct JournalQuery {
    std::string from;                ///< RFC 3339 with an offset, inclusive; empty: from the first record that is kept.
    std::string to;                  ///< Exclusive; empty: to the last one committed when the question comes.
    std::vector<std::string> kinds;  ///< Names of kinds; empty: all.
};

/// Gives the stored bytes (one line of JSON, parse_record() reads it) of every record of the running gate, in the order of the
/// journal. They come in slices as they are taken, so neither side holds more than a slice; a pause of more than 10 s in `take`
/// ends the connection. `take` returns false to stop; that is no failure. What goes wrong is said on `shell.err`. Returns an
/// ExitCode. Blocks.
[[nodiscard]] int for_each_record(const Shell& shell, const JournalQuery& query,
                                  const std::function<bool(std::string_view record)>& take);

}  // namespace menshen::cli
