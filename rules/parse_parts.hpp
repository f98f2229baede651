#pragma once
/// The parts of one rule, read from its map. Inside the room only.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/document.hpp"
#include "rules/parse.hpp"

namespace menshen::rules {

/// A copy of `map` without the keys that the language will have later; each of them is a problem that says so.
[[nodiscard]] Node without_planned(const Node& map, std::string_view file, std::string_view path,
                                   std::span<const std::string_view> planned, Problems& problems);

void read_where(MapReader& rule, Where& out);
void read_unless(MapReader& rule, const Rule& so_far, std::vector<FieldTest>& out);
void read_during(MapReader& rule, std::optional<During>& out);
/// Reads the one condition with its `cooldown` and `open_for`.
void read_condition(MapReader& rule, Rule& out);
void read_title(MapReader& rule, Rule& out);
/// Reads `alert`: severity, recipients and text. Placeholders are checked against the rest of `out`, so it comes last.
void read_alert(MapReader& rule, const ParseOptions& options, Rule& out);

inline constexpr std::string_view kConditions[] = {"each", "absent", "count", "days"};
inline constexpr std::string_view kPlannedConditions[] = {"distinct", "baseline", "sequence"};

}  // namespace menshen::rules
