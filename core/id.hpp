#pragma once
/// Names of things. A `DoorId` cannot be passed where a `PersonId` is wanted.

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace menshen {

/// A string that names one kind of thing. Empty means "none".
template <class Tag>
class Id {
public:
    Id() = default;
    explicit Id(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] const std::string& str() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }
    explicit operator bool() const { return !text_.empty(); }

    auto operator<=>(const Id&) const = default;
    bool operator==(const Id&) const = default;

private:
    std::string text_;
};

using SiteId = Id<struct SiteTag>;
using GateId = Id<struct GateTag>;
using DoorId = Id<struct DoorTag>;
using DeviceId = Id<struct DeviceTag>;
using RecipientId = Id<struct RecipientTag>;
using PersonId = Id<struct PersonTag>;
using HouseholdId = Id<struct HouseholdTag>;
using CardId = Id<struct CardTag>;
using StrangerId = Id<struct StrangerTag>;
using RuleId = Id<struct RuleTag>;
using AlertId = Id<struct AlertTag>;

/// True for `[a-z0-9-]{1,32}`: ids of sites, gates, doors, devices, recipients and users. They stand in MQTT topics.
[[nodiscard]] bool is_topic_safe(std::string_view text);

/// True for an opaque id: 1 to 64 letters, digits, `-`, `_`, `.`, `:` or `@`. Persons, households, cards, strangers.
[[nodiscard]] bool is_opaque_id(std::string_view text);

}  // namespace menshen

template <class Tag>
struct std::hash<menshen::Id<Tag>> {
    std::size_t operator()(const menshen::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
