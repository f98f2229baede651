#pragma once
/// `menshen rules explain ID`: a rule in plain sentences, for whoever has to answer for it.

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "rules/parse.hpp"

namespace menshen::rules {

enum class Tongue : std::uint8_t { zh, en };

/// One to three sentences: what fires and who is told; what excuses; how the alert goes on and ends. Pure.
[[nodiscard]] std::string explain(const Rule& rule, Tongue tongue);

/// The first of the sentences without its full stop.
[[nodiscard]] std::string explain_firing(const Rule& rule, Tongue tongue);

/// "06:00 to 22:00 on workdays" / "工作日 06:00-22:00".
[[nodiscard]] std::string in_words(const Schedule& schedule, Tongue tongue);

struct ExplainOptions {
    std::vector<std::string> ids;              ///< None: every rule.
    std::vector<std::filesystem::path> files;  ///< Files or folders.
    ParseOptions parse;
    Tongue tongue = Tongue::en;
};
/// Problems of the files go to `err`. Returns the exit status: 1 when a file has errors or an id is not there.
[[nodiscard]] int explain_rules(const ExplainOptions& options, std::ostream& out, std::ostream& err);

}  // namespace menshen::rules
