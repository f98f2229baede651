#pragma once
/// menshend's command line.

#include <optional>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"

namespace menshen::app {

struct Options {
    std::string config = "/etc/menshen/gate.yaml";
    std::string data = "/var/lib/menshen";
    std::string key_file;      ///< Empty: `$CREDENTIALS_DIRECTORY/menshen.key`.
    std::string stage_socket;  ///< Empty: no stage, event time is the machine's.
    std::optional<Stamp> stage_start;
};

/// The options, or an exit status when there is nothing more to do (help, version, a wrong flag): what was to be said has been
/// printed.
[[nodiscard]] tl::expected<Options, int> read_options(int argc, char** argv);

}  // namespace menshen::app
