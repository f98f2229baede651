#pragma once
/// A committed fact of the journal (design: "Records").

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"

namespace menshen {

enum class Kind : std::uint8_t {
    card_read,
    face_seen,
    card_face,
    granted,
    denied,
    passage,
    door_opened,
    door_closed,
    door_held,
    door_forced,
    exit_request,
    activity,
    tag_added,
    tag_removed,
    roster_changed,
    rules_changed,
    device_online,
    device_offline,
    clock_step,
    clock_trusted,
    started,
    stopped,
    alert,
    mute,
    command,
    gap,
};
inline constexpr std::size_t kKindCount = 26;

enum class Side : std::uint8_t { in, out };
enum class Method : std::uint8_t { card, face, card_face, pin, exit_button, remote, free };
/// `strong`: the person proved it (card, card + face). `weak`: a face picked out of many (1:N).
enum class Certainty : std::uint8_t { weak, strong };

inline constexpr std::array<std::string_view, 2> kSides{"in", "out"};
inline constexpr std::array<std::string_view, 7> kMethods{"card", "face", "card_face", "pin", "exit_button", "remote", "free"};
inline constexpr std::array<std::string_view, 2> kCertainties{"weak", "strong"};

[[nodiscard]] std::string_view to_text(Kind kind);
[[nodiscard]] std::string_view to_text(Side side);
[[nodiscard]] std::string_view to_text(Method method);
[[nodiscard]] std::string_view to_text(Certainty certainty);
[[nodiscard]] std::optional<Kind> parse_kind(std::string_view text);
[[nodiscard]] std::optional<Side> parse_side(std::string_view text);
[[nodiscard]] std::optional<Method> parse_method(std::string_view text);
[[nodiscard]] std::optional<Certainty> parse_certainty(std::string_view text);
/// The names of all kinds, in the order of the enumeration: for "one of" in messages.
[[nodiscard]] const std::array<std::string_view, kKindCount>& kind_names();

/// A value of a field that only some kinds have.
using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

/// Empty ids and strings mean that the field is absent. `epoch` and `seq` are given by the store at commit; before that they are
/// empty and 0.
struct Record {
    std::string epoch;
    std::uint64_t seq = 0;
    Stamp at;
    bool wall_is_trusted = true;
    std::optional<MonoTime> mono;  ///< Absent in records files from elsewhere; then durations are measured by `at`.
    std::uint32_t boot = 0;
    Kind kind = Kind::started;

    PersonId person;
    HouseholdId household;
    std::uint32_t household_size = 0;      ///< 0: unknown.
    std::vector<std::string> person_tags;  ///< As they were at commit, sorted.
    CardId card;
    StrangerId stranger;
    DoorId door;
    DeviceId device;
    std::optional<Side> side;
    std::optional<Method> method;
    std::optional<Certainty> certainty;
    std::string reason;
    std::string tag;                    ///< tag_added, tag_removed.
    GateId origin;                      ///< A sibling gate, when the record came from there.
    bool late = false;                  ///< Its command ran before it was committed.
    std::map<std::string, Value> more;  ///< Fields of one kind: see docs/records.md.

    /// "<epoch>-<seq>".
    [[nodiscard]] std::string id() const;
};

/// A record of this moment.
[[nodiscard]] Record make_record(Kind kind, const Now& now);

/// Canonical bytes: one JSON object, keys in a fixed order (common fields first, then the others sorted), no blanks, absent
/// fields left out, UTF-8. What is stored is what is published.
[[nodiscard]] std::string to_json(const Record& record);
/// Reads canonical bytes, and any object with at least `at` and `kind`; unknown keys go to `more` when they fit a `Value`, else
/// are ignored. The error names the key.
[[nodiscard]] Result<Record> parse_record(std::string_view json);

/// The values of a field by its name in the rule language ("person", "door", "certainty", "person.tags", "reason", or a key of
/// `more`). Empty when absent.
[[nodiscard]] std::vector<std::string> field(const Record& record, std::string_view name);

}  // namespace menshen
