#pragma once
/// Writing JSON in a fixed form. Reading goes through nlohmann/json; what is hashed must not hang on a library's mood.

#include <string>
#include <string_view>

#include "core/record.hpp"

namespace menshen {

/// Appends a JSON string; bytes that are not UTF-8 become U+FFFD, control characters are escaped.
void append_json_string(std::string& out, std::string_view text);
void append_json(std::string& out, const Value& value);

}  // namespace menshen
