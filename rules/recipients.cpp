#include "rules/recipients.hpp"

#include <algorithm>
#include <array>

namespace menshen::rules {

namespace {

/// A line of fallbacks longer than this is taken to be a ring.
constexpr int kLongestLine = 8;

}  // namespace

std::string_view to_text(Role role) {
    constexpr std::array<std::string_view, 4> names{"cadre", "police-liaison", "doctor", "family"};
    return names[static_cast<std::size_t>(role)];
}

Recipients recipients_named(const std::vector<RecipientId>& ids) {
    Recipients out;
    for (const auto& id : ids) out.emplace_back().id = id;
    return out;
}

const Recipient* find(const Recipients& recipients, const RecipientId& id) {
    const auto it = std::find_if(recipients.begin(), recipients.end(), [&](const Recipient& r) { return r.id == id; });
    return it == recipients.end() ? nullptr : &*it;
}

std::vector<RecipientId> on_duty(const std::vector<RecipientId>& to, const Recipients& recipients, const Stamp& at,
                                 const Calendar& calendar) {
    std::vector<RecipientId> out;
    for (const auto& named : to) {
        auto id = named;
        for (int step = 0; step < kLongestLine; ++step) {
            const auto* recipient = find(recipients, id);
            if (recipient == nullptr || !recipient->duty || recipient->duty->holds(at, calendar)) break;
            if (recipient->fallback.empty() || step + 1 == kLongestLine) {
                id = named;
                break;
            }
            id = recipient->fallback;
        }
        if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
    }
    return out;
}

}  // namespace menshen::rules
