#pragma once
/// The technician's and integrator's command, as a function: so that tests can call it.

#include <iosfwd>
#include <string>
#include <vector>

namespace menshen::cli {

/// `arguments` without the program's name. What people read goes to `out`, complaints to `err`. Returns an ExitCode.
[[nodiscard]] int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace menshen::cli
