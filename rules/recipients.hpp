#pragma once
/// Whom alerts go to: people with a role, duty hours, and somebody who takes over outside of them (`recipients.yaml`).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "rules/schedule.hpp"

namespace menshen::rules {

enum class Role : std::uint8_t { cadre, police_liaison, doctor, family };
[[nodiscard]] std::string_view to_text(Role role);  ///< "police-liaison"

struct Recipient {
    RecipientId id;
    Role role = Role::cadre;
    std::string name;              ///< For people who read the file and the reports.
    std::optional<Schedule> duty;  ///< Nothing: always.
    RecipientId fallback;          ///< Who takes over outside duty hours; may be empty.
};
using Recipients = std::vector<Recipient>;

/// Recipients of whom only the ids are known: always on duty.
[[nodiscard]] Recipients recipients_named(const std::vector<RecipientId>& ids);
[[nodiscard]] const Recipient* find(const Recipients& recipients, const RecipientId& id);

/// Who gets an alert at this moment: each of `to` who is on duty, and for one who is not the first of the line of fallbacks who
/// is. When nobody of the line is on duty the one first named gets it: an alert is never for nobody. No one twice; the order
/// stays. An id that the list does not hold stands for itself.
[[nodiscard]] std::vector<RecipientId> on_duty(const std::vector<RecipientId>& to, const Recipients& recipients, const Stamp& at,
                                               const Calendar& calendar);

}  // namespace menshen::rules
