#pragma once
/// The machine's own package sources, turned into sources of source packages. Pure.

#include <string>
#include <string_view>

namespace menshen::models {

/// A one-line list (sources.list(5)): its `deb` lines as `deb-src`, its `deb-src` lines as they are, all else left out.
[[nodiscard]] std::string as_source_lines(std::string_view list);

/// A deb822 file (*.sources): its enabled stanzas with `Types: deb-src`, the rest as it is.
[[nodiscard]] std::string as_source_stanzas(std::string_view sources);

}  // namespace menshen::models
