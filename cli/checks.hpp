#pragma once
/// What the words of a command line must look like; a mistake is told before anything is sent.

#include <CLI/CLI.hpp>

namespace menshen::cli {

/// 1 to 64 letters, digits, - _ . : @
[[nodiscard]] CLI::Validator opaque_id();
/// "26:2F623AE": bits and the whole frame in hex; brings the hex to upper case.
[[nodiscard]] CLI::Validator card_number();
/// RFC 3339 with an offset.
[[nodiscard]] CLI::Validator time_with_offset();
/// "2026-11-01", a day that exists.
[[nodiscard]] CLI::Validator calendar_day();
/// One of the words.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);

}  // namespace menshen::cli
