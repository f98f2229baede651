#pragma once
/// What an integrator wrote, read and checked: the rules as values. See docs/rules.md for the language.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/alert.hpp"
#include "core/id.hpp"
#include "core/problems.hpp"
#include "core/record.hpp"
#include "core/time.hpp"

namespace menshen::rules {

/// One state of a rule for each of these.
enum class Per : std::uint8_t { gate, person, household, card, stranger, door };
inline constexpr std::size_t kPerCount = 6;
using menshen::to_text;  // the overload below must not hide the others
[[nodiscard]] std::string_view to_text(Per per);

/// Words for people, in Chinese and in English.
struct Text {
    std::string zh;
    std::string en;
};

/// A field of a record must have one of these values.
struct FieldTest {
    std::string field;
    std::vector<std::string> values;  ///< Sorted.
};

/// Which records match: every test of `all` holds, and of no list of `none` do all hold.
struct Where {
    std::vector<FieldTest> all;                ///< Sorted by field.
    std::vector<std::vector<FieldTest>> none;  ///< Each a `not:`.
};

/// A part of the day; `to` before `from` crosses midnight. `to` may be 24 h.
struct During {
    Millis from{};
    Millis to{};
    [[nodiscard]] bool holds(Millis time_of_day) const {
        return from < to ? time_of_day >= from && time_of_day < to : time_of_day >= from || time_of_day < to;
    }
};

struct Each {
    Millis cooldown{};
};
struct Absent {
    Millis duration{};
};
struct Count {
    Millis over{};
    std::uint32_t more_than = 0;
};
/// `consecutive` days, or `at_least` days out of `within` (the other one is 0).
struct Days {
    std::uint32_t consecutive = 0;
    std::uint32_t at_least = 0;
    std::uint32_t within = 0;
};
using Condition = std::variant<Each, Absent, Count, Days>;
[[nodiscard]] std::string_view name_of(const Condition& condition);

enum class Resolve : std::uint8_t { automatic, manual };

struct Rule {
    RuleId id;
    std::string file;
    Place place;
    Text title;
    std::vector<Kind> watch;  ///< Sorted.
    Where where;
    Per per = Per::gate;
    Condition condition;
    std::vector<FieldTest> unless;  ///< person.tags and gate.tags: any of them excuses.
    std::optional<During> during;
    Resolve resolve = Resolve::automatic;
    Millis open_for{};  ///< How long an alert of `each` stays open.
    AlertSeverity severity = AlertSeverity::warning;
    std::vector<RecipientId> to;
    Text text;  ///< Templates.
    std::string legal_basis;
    bool uses_strangers = false;
    /// Of everything that decides when it fires, not of its words, severity or recipients: state is kept over a change of those.
    std::string hash;

    /// A rule that uses strangers does nothing until a legal basis stands beside it.
    [[nodiscard]] bool active() const { return !uses_strangers || !legal_basis.empty(); }
    /// "elderly-silence@0123456789abcdef": what `rules_changed` records list.
    [[nodiscard]] std::string version() const { return id.str() + "@" + hash; }
};

/// Sorted by id, so that the order of files and of rules in them changes nothing.
struct RuleSet {
    std::vector<Rule> rules;
    std::string hash;  ///< Of everything, words included: the rules version that `state` tells the platform.

    [[nodiscard]] const Rule* find(const RuleId& id) const;
    /// The versions of the active rules, sorted.
    [[nodiscard]] std::vector<std::string> versions() const;
};

}  // namespace menshen::rules
