#pragma once

namespace menshen::cli {

/// What a script may rely on; `menshen --help` prints it.
enum ExitCode : int {
    kDone = 0,
    kFailed = 1,        ///< The thing asked for failed or was refused.
    kUsage = 2,         ///< The command line was not understood.
    kUnreachable = 3,   ///< menshend does not answer.
    kNotPermitted = 4,  ///< This user may not.
};

}  // namespace menshen::cli
