#pragma once
/// What the words of a command line must look like; a mistake is told before anything is sent.

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace menshen::cli {

/// How long something is to last, as a person says it: at most one of the two.
struct EndOptions {
    std::string until, lasts;
    /// Adds --until and --for. `need` says whether one must be given.
    enum class Need : std::uint8_t { optional, required };
    void add_to(CLI::App& verb, Need need);
    /// Puts what was given into the arguments of a request.
    void put_into(nlohmann::json& args) const;
};

/// 1 to 64 letters, digits, - _ . : @
[[nodiscard]] CLI::Validator opaque_id();
/// "26:2F623AE": bits and the whole frame in hex; brings the hex to upper case.
[[nodiscard]] CLI::Validator card_number();
/// RFC 3339 with an offset.
[[nodiscard]] CLI::Validator time_with_offset();
/// "90m", "6h", "14d".
[[nodiscard]] CLI::Validator duration();
/// "2026-11-01", a day that exists.
[[nodiscard]] CLI::Validator calendar_day();
/// One of the words.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);

}  // namespace menshen::cli
