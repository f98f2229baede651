#pragma once
/// The words that explanations are put together from. Inside the room only.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/explain.hpp"

namespace menshen::rules::words {

/// What to call records of a kind: "a passage", "passages", "进出门".
struct KindWords {
    std::string_view one;
    std::string_view many;
    std::string_view zh;
};
[[nodiscard]] const KindWords& of_kind(Kind kind);

/// "a, b or c"; `last` is " or ", " and ", "或", ...
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view between, std::string_view last);
/// "1 day 3 h"; parts of a second as "1500ms".
[[nodiscard]] std::string duration(Millis duration, Tongue tongue);
/// "0.5", "4"
[[nodiscard]] std::string number(double value);
/// "06:00"
[[nodiscard]] std::string time_of_day(Millis time);

/// The sentences of one language; explain.cpp chooses.
[[nodiscard]] std::string firing_en(const Rule& rule);
[[nodiscard]] std::string firing_zh(const Rule& rule);
[[nodiscard]] std::vector<std::string> rest_en(const Rule& rule);
[[nodiscard]] std::vector<std::string> rest_zh(const Rule& rule);

}  // namespace menshen::rules::words
