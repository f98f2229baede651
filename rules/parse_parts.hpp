#pragma once
/// The parts of one rule, read from its map. Inside the room only.

#include <cstdint>
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

/// As MapReader::require(), but silent when a key stands there that is nearly the same: that one is complained of already.
const Node* require(MapReader& map, std::string_view key);

void read_where(MapReader& rule, Where& out);
void read_unless(MapReader& rule, const Rule& so_far, std::vector<FieldTest>& out);
void read_during(MapReader& rule, std::optional<Schedule>& out);
/// Reads the one condition with its `cooldown` and `open_for`. False when there is none, or more than one. `as_written` is the
/// rule with its planned keys.
bool read_condition(MapReader& rule, const Node& as_written, Rule& out);
void read_title(MapReader& rule, Rule& out);
/// Whether the placeholders of a text can be judged: only where the rest of the rule is sound does it say which there are.
enum class Placeholding : std::uint8_t { judged, unknown };
/// Reads `alert`: severity, recipients and text; after the rest of `out`.
void read_alert(MapReader& rule, const ParseOptions& options, Placeholding placeholding, Rule& out);

inline constexpr std::string_view kConditions[] = {"each", "absent", "count", "days"};
inline constexpr std::string_view kPlannedConditions[] = {"distinct", "baseline", "sequence"};

}  // namespace menshen::rules
