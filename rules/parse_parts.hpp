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

/// A key without a value says nothing, and whoever left it so meant something: each is a problem, but for `each`.
void complain_of_empty_keys(const Node& node, std::string_view file, std::string_view path, Problems& problems);

/// As MapReader::require(), but silent when a key stands there that is nearly the same: that one is complained of already.
const Node* require(MapReader& map, std::string_view key);

/// As MapReader::integer(), but a quoted number is a text.
[[nodiscard]] std::optional<long long> read_integer(MapReader& map, std::string_view key, long long low, long long high);

/// `watch` of a rule or of the B of a sequence.
void read_watch(MapReader& map, std::vector<Kind>& out);
/// `where`, of the same.
void read_where(MapReader& map, Where& out);
void read_unless(MapReader& rule, const Rule& so_far, std::vector<FieldTest>& out);
void read_during(MapReader& rule, const ParseOptions& options, std::optional<Schedule>& out);
/// Reads the one condition with its `cooldown` and `open_for`; after `per`. False when there is none, or more than one.
bool read_condition(MapReader& rule, Rule& out);
[[nodiscard]] Sequence read_sequence(MapReader& rule);
/// "4 per 30d" under `budget`, and `per_subject` beside it.
[[nodiscard]] Budget read_budget(MapReader& condition);
/// `more_than`: a number, or by the size of the household.
[[nodiscard]] Limit read_limit(MapReader& condition, Per per);
void read_title(MapReader& rule, Rule& out);
/// Whether the placeholders of a text can be judged: only where the rest of the rule is sound does it say which there are.
enum class Placeholding : std::uint8_t { judged, unknown };
/// Reads `alert`: severity, recipients and text; after the rest of `out`.
void read_alert(MapReader& rule, const ParseOptions& options, Placeholding placeholding, Rule& out);

inline constexpr std::string_view kConditions[] = {"each", "absent", "count", "distinct", "days", "baseline", "sequence"};

}  // namespace menshen::rules
