#pragma once
/// Texts of alerts: templates with {placeholders}, in Chinese and English.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.hpp"
#include "rules/rule.hpp"

namespace menshen::rules {

/// Placeholders that a text of this rule may use, sorted.
[[nodiscard]] std::vector<std::string_view> known_placeholders(const Rule& rule);

/// Names of the placeholders of a template, in order. Nothing of a brace that does not close: its position is in `stray`.
struct Placeholders {
    std::vector<std::string> names;
    bool stray_brace = false;
};
[[nodiscard]] Placeholders placeholders_of(std::string_view text);

/// Fills every placeholder but {person} and {household} from the evidence; a value that is absent reads 未知 or "unknown".
[[nodiscard]] Text render(const Text& text, const std::map<std::string, Value>& evidence);
[[nodiscard]] Text render(const Rule& rule, const std::map<std::string, Value>& evidence);

/// Puts names (or ids) into a rendered text. Empty ones leave no double blank behind.
[[nodiscard]] std::string fill_names(std::string_view text, std::string_view person, std::string_view household);

/// A text for a rule that has none.
[[nodiscard]] Text default_text(const Rule& rule);

}  // namespace menshen::rules
