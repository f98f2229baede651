#include "core/id.hpp"

#include <algorithm>

namespace menshen {

namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_topic_safe(std::string_view text) {
    return !text.empty() && text.size() <= 32 &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_opaque_id(std::string_view text) {
    const auto allowed = [](char c) {
        return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || std::string_view("-_.:@").find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace menshen
