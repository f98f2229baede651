#include "rules/recipients_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/document.hpp"
#include "rules/parse_parts.hpp"
#include "rules/parse_schedule.hpp"

namespace menshen::rules {

namespace {

constexpr std::array<std::string_view, 4> kRoles{"cadre", "police-liaison", "doctor", "family"};

RecipientId read_id(MapReader& map, std::string_view key) {
    const auto id = map.text(key);
    if (!id) return RecipientId{};
    if (is_topic_safe(*id)) return RecipientId(*id);
    map.complain(*map.node().find(key), key, fmt::format("cannot be \"{}\": ids have 1 to 32 of a-z, 0-9 and -", *id));
    return RecipientId{};
}

Recipient read_recipient(MapReader& map, const Schedules& schedules) {
    Recipient out;
    if (require(map, "id") != nullptr) out.id = read_id(map, "id");
    if (require(map, "role") != nullptr) {
        if (const auto role = map.choice("role", kRoles)) {
            out.role = static_cast<Role>(std::find(kRoles.begin(), kRoles.end(), *role) - kRoles.begin());
        }
    }
    out.name = map.text("name").value_or("");
    out.duty = read_schedule(map, "duty", &schedules);
    out.fallback = read_id(map, "fallback");
    map.finish();
    return out;
}

/// Checks what only the whole list can tell: twins, fallbacks to nobody, rings.
class ListCheck {
public:
    ListCheck(MapReader& map, const Node& list, const Recipients& recipients) : map_(map), list_(list), recipients_(recipients) {}

    void run() {
        for (const auto& recipient : recipients_) names_.push_back(recipient.id.str());
        std::set<std::string_view> seen;
        for (std::size_t i = 0; i < recipients_.size(); ++i) {
            const auto& recipient = recipients_[i];
            if (!recipient.id.empty() && !seen.insert(recipient.id.str()).second) {
                complain(i, "id", fmt::format("\"{}\" is taken by another recipient above", recipient.id.str()));
            }
            if (!recipient.fallback.empty()) check_fallback(i);
        }
    }

private:
    void check_fallback(std::size_t i) {
        const auto& recipient = recipients_[i];
        if (find(recipients_, recipient.fallback) == nullptr) {
            return complain(i, "fallback",
                            fmt::format("names \"{}\", who is not in the list{}", recipient.fallback.str(),
                                        suggestion(recipient.fallback.str(), names_)));
        }
        if (!recipient.duty) {
            map_.problems().add(map_.file(), list_.items[i].place,
                                fmt::format("{} is always on duty: the fallback is never asked", recipient.id.str()),
                                menshen::Severity::warning);
        }
        // A ring is told at its first member only: whoever leads into it is not to blame.
        const auto* at = find(recipients_, recipient.fallback);
        for (std::size_t step = 0; at != nullptr && step < recipients_.size(); ++step) {
            if (at->id == recipient.id) {
                if (in_ring_.contains(recipient.id.str())) return;
                mark_ring(recipient);
                return complain(i, "fallback", "leads back to " + recipient.id.str() + ": a line of fallbacks must have an end");
            }
            at = at->fallback.empty() ? nullptr : find(recipients_, at->fallback);
        }
    }

    void mark_ring(const Recipient& first) {
        const auto* at = &first;
        do {
            in_ring_.insert(at->id.str());
            at = find(recipients_, at->fallback);
        } while (at != nullptr && at->id != first.id);
    }

    void complain(std::size_t i, std::string_view key, std::string message) {
        const Node& item = list_.items[i];
        const Node* node = item.find(key);
        map_.problems().add(map_.file(), (node == nullptr ? item : *node).place,
                            fmt::format("recipients[{}].{} {}", i, key, message));
    }

    MapReader& map_;
    const Node& list_;
    const Recipients& recipients_;
    std::vector<std::string_view> names_;
    std::set<std::string> in_ring_;
};

}  // namespace

std::optional<Recipients> parse_recipients(std::string_view file, std::string_view text, const Schedules& schedules,
                                           Problems& problems) {
    const auto before = problems.errors();
    const auto root = parse_document(file, text, problems);
    if (!root) return std::nullopt;
    MapReader map(*root, std::string(file), "", problems);
    complain_of_empty_keys(*root, file, "", problems);
    Recipients out;
    const Node* list = root->type == Node::Type::list ? nullptr : require(map, "recipients");
    map.finish();
    if (list != nullptr && list->type != Node::Type::list) {
        map.complain(*list, "recipients", "must be a list, each item led by a dash");
    } else if (list != nullptr && list->items.size() > kMostRecipientsInFile) {
        map.complain(*list, "recipients", fmt::format("has more than {} recipients", kMostRecipientsInFile));
    } else if (list != nullptr) {
        for (std::size_t i = 0; i < list->items.size(); ++i) {
            MapReader one(list->items[i], map.file(), fmt::format("recipients[{}]", i), problems);
            if (list->items[i].type == Node::Type::null) one.complain(list->items[i], "", "must be a map of keys and values");
            out.push_back(list->items[i].type == Node::Type::map ? read_recipient(one, schedules) : Recipient{});
        }
        ListCheck(map, *list, out).run();
    }
    if (problems.errors() != before) return std::nullopt;
    return out;
}

}  // namespace menshen::rules
