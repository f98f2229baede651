#include "core/json_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace menshen {

namespace {

/// Length of the well-formed UTF-8 sequence at the front (RFC 3629, section 4), 0 when there is none.
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto continues = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool shortest = lead != 0xE0 || at(1) >= 0xA0;
        const bool no_surrogate = lead != 0xED || at(1) <= 0x9F;
        return continues(1) && continues(2) && shortest && no_surrogate ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool in_range = (lead != 0xF0 || at(1) >= 0x90) && (lead != 0xF4 || at(1) <= 0x8F);
        return continues(1) && continues(2) && continues(3) && in_range ? 4 : 0;
    }
    return 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto length = utf8_length(text);
        const char c = text.front();
        if (length == 0) {
            out += "\xEF\xBF\xBD";
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

void append_json(std::string& out, const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) {
        out += *flag ? "true" : "false";
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        out += std::to_string(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        append_json_string(out, *text);
    } else {
        out += '[';
        bool first = true;
        for (const auto& item : std::get<std::vector<std::string>>(value)) {
            if (!first) out += ',';
            first = false;
            append_json_string(out, item);
        }
        out += ']';
    }
}

}  // namespace menshen
