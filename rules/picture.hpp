#pragma once
/// What rules did over a while, for people at a terminal: a table of the rules, and a picture of when they fired.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/alert.hpp"
#include "rules/rule.hpp"

namespace menshen::rules {

enum class Glyphs : std::uint8_t { utf8, ascii };

/// Counts alerts as their changes come, in the order of time. Pure.
class FiringTally {
public:
    /// Time has come to here; the first and the last moment are the span that "a day" refers to.
    void saw(const Stamp& at);
    void add(const AlertChange& change);

    struct PerRule {
        std::uint64_t fired = 0;
        std::map<std::string, std::uint64_t> by_subject;
        std::vector<std::int64_t> open_ms;  ///< Of those that ended.
        std::uint64_t still_open = 0;
    };
    [[nodiscard]] const PerRule& of(const RuleId& rule) const;
    [[nodiscard]] std::uint64_t fired() const { return fired_; }
    [[nodiscard]] std::uint64_t resolved() const { return resolved_; }
    /// From the first moment to the last.
    [[nodiscard]] Millis span() const { return first_ ? last_->time - first_->time : Millis{0}; }
    /// Of the span, at least 1.
    [[nodiscard]] double days() const;

    /// A row for each rule: fired, subjects, median time open, a day, the busiest subjects.
    [[nodiscard]] std::string table(const RuleSet& rules) const;
    /// A row for each local day with 24 columns, one an hour, darker the more alerts fired in it; a row for each week when there
    /// are more than 60 days. Empty when nothing fired.
    [[nodiscard]] std::string picture(Glyphs glyphs) const;

private:
    std::map<std::string, PerRule> rules_;
    std::map<AlertId, std::int64_t> open_;                         // since when
    std::map<std::int64_t, std::array<std::uint32_t, 24>> hours_;  // by local day
    std::uint64_t fired_ = 0;
    std::uint64_t resolved_ = 0;
    std::optional<Stamp> first_, last_;
};

/// The middle one, or of an even number the lower of the two; nothing when there is none.
[[nodiscard]] std::optional<std::int64_t> median(std::vector<std::int64_t> values);

}  // namespace menshen::rules
