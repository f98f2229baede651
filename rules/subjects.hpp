#pragma once
/// Who and what the rules know of: names as small numbers, and the tags and household of persons.

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/matcher.hpp"

namespace menshen::rules {

using Index = std::uint32_t;
inline constexpr Index kNone = 0xffffffff;

/// Strings as indexes. An index stays with its string until it is released; then it is given out again.
class Names {
public:
    [[nodiscard]] Index find(const std::string& name) const {
        const auto it = by_name_.find(name);
        return it == by_name_.end() ? kNone : it->second;
    }
    Index add(const std::string& name);
    void release(Index index);
    [[nodiscard]] const std::string& name(Index index) const { return *names_[index]; }
    [[nodiscard]] bool holds(Index index) const { return index < names_.size() && names_[index] != nullptr; }
    [[nodiscard]] std::size_t size() const { return by_name_.size(); }
    /// Indexes lie below this.
    [[nodiscard]] Index end() const { return static_cast<Index>(names_.size()); }
    /// In the order of the names.
    [[nodiscard]] std::vector<Index> sorted() const;
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    static std::size_t cost(const std::string& name) { return 88 + (name.size() > 15 ? name.size() + 16 : 0); }

    std::unordered_map<std::string, Index> by_name_;
    std::vector<const std::string*> names_;  // keys of the map, which stay where they are
    std::vector<Index> free_;
    std::size_t bytes_ = 0;
};

/// What is known of one person, whether a rule asks for it now or not.
struct PersonFacts {
    std::string household;
    std::vector<std::string> tags;  ///< Sorted.
    TagMask mask = 0;               ///< Of the tags that rules name.
};

/// Tags of one person or gate; more are ignored.
inline constexpr std::size_t kMostTagsEach = 64;

/// Sorted insertion and removal; false when nothing changed.
bool add_tag(std::vector<std::string>& tags, const std::string& tag);
bool remove_tag(std::vector<std::string>& tags, const std::string& tag);
[[nodiscard]] TagMask mask_of(const std::vector<std::string>& tags, const TagBits& bits);

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
