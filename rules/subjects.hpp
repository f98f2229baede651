#pragma once
/// Who and what the rules know of: names as small numbers, and the tags and household of persons.

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/matcher.hpp"

namespace menshen::rules {

using Index = std::uint32_t;
inline constexpr Index kNone = 0xffffffff;

/// Strings as indexes. An index stays with its string until it is released; then it is given out again.
/// A table of its own, because the look-up is most of the work of a record: half as many steps through memory as a
/// std::unordered_map.
class Names {
public:
    [[nodiscard]] Index find(std::string_view name) const;
    /// For whoever will look several names up: first the first of all of them, then the second, then the look-ups.
    void prefetch_slot(std::uint32_t hash) const {
        if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
    }
    void prefetch_name(std::uint32_t hash) const {
        if (slots_.empty()) return;
        const auto index = slots_[hash & (slots_.size() - 1)].index;
        if (index != kNone) __builtin_prefetch(&names_[index]);
    }
    [[nodiscard]] static std::uint32_t hash_of(std::string_view name) {
        return static_cast<std::uint32_t>(std::hash<std::string_view>{}(name));
    }
    Index add(std::string_view name);
    void release(Index index);
    [[nodiscard]] const std::string& name(Index index) const { return names_[index]; }
    [[nodiscard]] bool holds(Index index) const { return index < held_.size() && held_[index]; }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Indexes lie below this.
    [[nodiscard]] Index end() const { return static_cast<Index>(names_.size()); }
    /// In the order of the names.
    [[nodiscard]] std::vector<Index> sorted() const;
    [[nodiscard]] std::size_t bytes() const { return bytes_ + slots_.size() * sizeof(Slot); }

private:
    struct Slot {
        std::uint32_t hash = 0;
        Index index = kNone;
    };
    static std::size_t cost(std::string_view name) { return sizeof(std::string) + 1 + (name.size() > 15 ? name.size() + 17 : 0); }
    /// Where the name is, or the free slot in which it belongs. There is always a free slot.
    [[nodiscard]] std::size_t slot_of(std::string_view name, std::uint32_t hash) const;
    void grow();

    std::vector<Slot> slots_;  // a power of two of them, at most three quarters full
    std::vector<std::string> names_;
    std::vector<bool> held_;
    std::vector<Index> free_;
    std::size_t size_ = 0;
    std::size_t bytes_ = 0;
};

/// A tag, and the wall time (ms since 1970) at which it ends by itself.
struct Tag {
    static constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();
    std::string name;
    std::int64_t until = kNoEnd;
    bool operator==(const Tag&) const = default;
};
using TagList = std::vector<Tag>;  ///< Sorted by name.

/// What is known of one person, whether a rule asks for it now or not.
struct PersonFacts {
    std::string household;
    TagList tags;
    TagMask mask = 0;  ///< Of the tags that rules name.
};

/// Tags of one person or gate; more are ignored.
inline constexpr std::size_t kMostTagsEach = 64;

/// Sorted insertion (a tag that is there gets the new end) and removal; false when nothing changed.
bool add_tag(TagList& tags, const Tag& tag);
bool remove_tag(TagList& tags, const std::string& name);
/// The list becomes these names, sorted; those that stay keep their end. False when nothing changed.
bool set_tags(TagList& tags, const std::vector<std::string>& names);
[[nodiscard]] const Tag* find_tag(const TagList& tags, std::string_view name);
[[nodiscard]] TagMask mask_of(const TagList& tags, const TagBits& bits);

class Persons {
public:
    /// Facts grow with the names they belong to.
    [[nodiscard]] PersonFacts& at(Index person) {
        if (person >= facts_.size()) facts_.resize(person + 1);
        return facts_[person];
    }
    [[nodiscard]] const PersonFacts* find(Index person) const { return person < facts_.size() ? &facts_[person] : nullptr; }

private:
    std::vector<PersonFacts> facts_;
};

}  // namespace menshen::rules
