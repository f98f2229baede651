#include "cli/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/id.hpp"
#include "core/problems.hpp"
#include "core/time.hpp"

namespace menshen::cli {

namespace {

std::string check_number(std::string& text) {
    constexpr unsigned kMostBits = 256;
    const auto colon = text.find(':');
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + std::min(colon, text.size()), bits);
    if (colon == std::string::npos || error != std::errc{} || end != text.data() + colon || bits == 0 || bits > kMostBits) {
        return fmt::format("\"{}\" is no card number; write BITS:HEX, such as 26:2F623AE", text);
    }
    std::string hex = text.substr(colon + 1);
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'a' && c <= 'f' ? c - 32 : c); });
    const auto digits = (bits + 3) / 4;
    if (hex.size() != digits || hex.find_first_not_of("0123456789ABCDEF") != std::string::npos) {
        return fmt::format("\"{}\": {} bits are {} hex digits, leading zeros included", text, bits, digits);
    }
    // The first digit holds what is left of the bits.
    const unsigned first_bits = bits - (digits - 1) * 4;
    const unsigned first = static_cast<unsigned>(hex[0] <= '9' ? hex[0] - '0' : hex[0] - 'A' + 10);
    if (first >> first_bits != 0) return fmt::format("\"{}\" has more than {} bits", text, bits);
    text = fmt::format("{}:{}", bits, hex);
    return {};
}

std::string check_day(const std::string& text) {
    const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-';
    // A day that does not exist is refused by the reader of times.
    if (shaped && parse_stamp(text + "T00:00:00Z")) return {};
    return fmt::format("\"{}\" is no day; write 2026-11-01", text);
}

}  // namespace

void EndOptions::add_to(CLI::App& verb, Need need) {
    auto* then = verb.add_option("--until", until, "Until then, as 2026-11-01T18:00:00+08:00")->check(time_with_offset());
    auto* span = verb.add_option("--for", lasts, "So long from now: 90m, 6h, 14d")->check(duration());
    span->excludes(then);
    if (need == Need::optional) return;
    verb.parse_complete_callback([then, span] {
        if (then->empty() && span->empty()) throw CLI::RequiredError("--until or --for");
    });
}

void EndOptions::put_into(nlohmann::json& args) const {
    if (!until.empty()) args["until"] = until;
    if (!lasts.empty()) args["for"] = lasts;
}

CLI::Validator opaque_id() {
    return CLI::Validator(
        [](std::string& text) {
            return is_opaque_id(text) ? std::string() : fmt::format("\"{}\" must be 1 to 64 of letters, digits and -_.:@", text);
        },
        "");
}

CLI::Validator card_number() { return CLI::Validator(check_number, ""); }

CLI::Validator time_with_offset() {
    return CLI::Validator(
        [](std::string& text) {
            const auto stamp = parse_stamp(text);
            return stamp ? std::string() : fmt::format("\"{}\" is no time; write 2026-11-01T00:00:00+08:00", text);
        },
        "");
}

CLI::Validator duration() {
    return CLI::Validator(
        [](std::string& text) {
            return parse_duration(text) ? std::string() : fmt::format("\"{}\" is no duration; write 90m, 6h or 14d", text);
        },
        "");
}

CLI::Validator calendar_day() {
    return CLI::Validator([](std::string& text) { return check_day(text); }, "");
}

CLI::Validator one_of(std::vector<std::string> words) {
    return CLI::Validator(
        [words = std::move(words)](std::string& text) {
            if (std::find(words.begin(), words.end(), text) != words.end()) return std::string();
            const std::vector<std::string_view> choices(words.begin(), words.end());
            return fmt::format("\"{}\" cannot be used{}", text, suggestion(text, choices));
        },
        "");
}

}  // namespace menshen::cli
