#pragma once
/// `where`, `unless` and `during` of one rule, made ready for many records.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.hpp"
#include "rules/rule.hpp"

namespace menshen::rules {

/// A bit for each tag that a rule set names.
using TagMask = std::uint64_t;

class TagBits {
public:
    explicit TagBits(const RuleSet& set);
    /// 0 for a tag that no rule names.
    [[nodiscard]] TagMask bit(std::string_view tag) const;

private:
    std::vector<std::string> names_;  // sorted
};

struct Tags {
    TagMask person = 0;
    TagMask gate = 0;
    const std::string* stranger_label = nullptr;  ///< Nothing: the record's stranger has none.
};

class Matcher {
public:
    Matcher(const Rule& rule, const TagBits& bits, const Calendar& calendar);
    /// The B of a sequence: `where` alone.
    Matcher(const Where& where, const TagBits& bits);

    /// `where` and `during`; kinds are sorted out before. A record without trusted wall time has no time of day, so it is outside
    /// of every `during`.
    [[nodiscard]] bool matches(const Record& record, Tags tags) const;
    [[nodiscard]] bool excused(Tags tags) const { return (tags.person & unless_person_) != 0 || (tags.gate & unless_gate_) != 0; }

    /// `where` asks for a tag of persons: who has it is a subject, seen or not.
    [[nodiscard]] bool by_tags() const { return by_tags_; }
    /// What `where` says of a person's tags.
    [[nodiscard]] bool admits(TagMask person) const;
    /// Asks for the time of day or the day: nothing matches while the wall clock is not trusted.
    [[nodiscard]] bool needs_wall_clock() const { return during_.has_value(); }
    [[nodiscard]] bool excuses_persons() const { return unless_person_ != 0; }
    [[nodiscard]] bool excuses_gate() const { return unless_gate_ != 0; }

private:
    enum class What : std::uint8_t {
        person_tags,
        gate_tags,
        side,
        method,
        certainty,
        person,
        household,
        card,
        stranger,
        door,
        device,
        reason,
        tag,
        stranger_label,
        household_size,
        other
    };
    struct Test {
        What what = What::other;
        std::uint64_t mask = 0;  ///< Of tags, or of values of an enumeration.
        std::string name;        ///< Of another field.
        std::vector<std::string> values;
        [[nodiscard]] bool holds(const Record& record, Tags tags) const;
        [[nodiscard]] bool has(const std::string& value) const;
    };
    void compile(const Where& where, const TagBits& bits);
    static Test compile(const FieldTest& test, const TagBits& bits);

    std::vector<Test> all_;
    std::vector<std::vector<Test>> none_;
    std::optional<Schedule> during_;
    const Calendar* calendar_ = nullptr;
    TagMask unless_person_ = 0;
    TagMask unless_gate_ = 0;
    bool by_tags_ = false;
};

}  // namespace menshen::rules
