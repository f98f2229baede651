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
#include "rules/recipients.hpp"
#include "rules/schedule.hpp"

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

/// How many false alerts a learned condition may cost: the whole rule, or each of its subjects.
struct Budget {
    double alerts_per_30d = 1;
    bool per_subject = false;
};

/// A limit that more than so many exceed: a number, or the registered size of the subject's household and so many more.
struct Limit {
    std::uint32_t more_than = 0;  ///< When not by household.
    bool by_household = false;
    std::int32_t plus = 0;                      ///< Added to the household's size.
    std::optional<std::uint32_t> when_unknown;  ///< In place of an unknown size; without it such a household is not judged.
    /// Nothing when the size is needed and unknown (0).
    [[nodiscard]] std::optional<std::uint32_t> of(std::uint32_t household_size) const;
};

struct Each {
    Millis cooldown{};
};
/// `duration` of silence; or, with a budget, what is unusual for the subject, within `at_least` and `at_most`.
struct Absent {
    Millis duration{};  ///< 0 when learned.
    std::optional<Budget> budget;
    Millis at_least{};
    Millis at_most{};
    /// The longest silence without an alert, whatever was learned.
    [[nodiscard]] Millis longest() const { return budget ? at_most : duration; }
};
struct Count {
    Millis over{};
    Limit limit;
};
/// `consecutive` days, or `at_least` days out of `within` (the other one is 0).
struct Days {
    std::uint32_t consecutive = 0;
    std::uint32_t at_least = 0;
    std::uint32_t within = 0;
};
/// A field whose different values are counted or compared. `who` is the person, or else the stranger.
enum class Of : std::uint8_t { none, person, who, card, door, stranger, household, device, side };
[[nodiscard]] std::string_view to_text(Of of);
struct Distinct {
    Of of = Of::who;
    Millis over{};
    Limit limit;
};
struct Baseline {
    Millis over{};  ///< Whole days.
    Budget budget;
};
/// The rule's own `watch` and `where` are A; these are B's.
struct Sequence {
    enum class Form : std::uint8_t { then, then_not, not_before };
    Form form = Form::then;
    std::vector<Kind> watch;  ///< Sorted.
    Where where;
    Of differs = Of::none;  ///< B counts only when both have this and they differ.
    Millis within{};        ///< Exclusive: B at A + within comes too late.
};
using Condition = std::variant<Each, Absent, Count, Days, Distinct, Baseline, Sequence>;
[[nodiscard]] std::string_view name_of(const Condition& condition);

enum class Resolve : std::uint8_t { automatic, manual };

/// What happens to an alert that nobody acknowledged for `after`, reckoned from when it began to fire.
struct Escalation {
    Millis after{};
    std::optional<AlertSeverity> severity;  ///< Only ever raised.
    std::vector<RecipientId> to;            ///< Beside those of before.
};

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
    std::optional<Schedule> during;
    Resolve resolve = Resolve::automatic;
    Millis open_for{};  ///< How long an alert of `each`, and of `sequence` then and not_before, stays open.
    AlertSeverity severity = AlertSeverity::warning;
    std::vector<RecipientId> to;
    Text text;                               ///< Templates.
    std::optional<Schedule> notify_between;  ///< Outside it an alert that is not critical is pending.
    std::optional<Millis> repeat_every;
    std::vector<Escalation> escalate;  ///< Ascending in `after`.
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
    Recipients recipients;  ///< Whom alerts may go to; empty when nobody said.
    Calendar calendar;      ///< Holidays and make-up workdays, for schedules that ask for them.
    std::string hash;       ///< Of everything, words included: the rules version that `state` tells the platform.

    [[nodiscard]] const Rule* find(const RuleId& id) const;
    /// The versions of the active rules, sorted.
    [[nodiscard]] std::vector<std::string> versions() const;
};

}  // namespace menshen::rules
