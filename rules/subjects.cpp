#include "rules/subjects.hpp"

#include <algorithm>

namespace menshen::rules {

std::size_t Names::slot_of(std::string_view name, std::uint32_t hash) const {
    const auto mask = slots_.size() - 1;
    auto at = hash & mask;
    while (slots_[at].index != kNone && (slots_[at].hash != hash || names_[slots_[at].index] != name)) at = (at + 1) & mask;
    return at;
}

Index Names::find(std::string_view name) const { return slots_.empty() ? kNone : slots_[slot_of(name, hash_of(name))].index; }

Index Names::add(std::string_view name) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    const auto hash = hash_of(name);
    auto& slot = slots_[slot_of(name, hash)];
    if (slot.index != kNone) return slot.index;
    if (free_.empty()) {
        slot = {hash, end()};
        names_.emplace_back(name);
        held_.push_back(true);
    } else {
        slot = {hash, free_.back()};
        free_.pop_back();
        names_[slot.index] = name;
        held_[slot.index] = true;
    }
    ++size_;
    bytes_ += cost(name);
    return slot.index;
}

void Names::grow() {
    std::vector<Slot> old(std::max<std::size_t>(16, slots_.size() * 2));
    old.swap(slots_);
    const auto mask = slots_.size() - 1;
    for (const auto& slot : old) {
        if (slot.index == kNone) continue;
        auto at = slot.hash & mask;
        while (slots_[at].index != kNone) at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

void Names::release(Index index) {
    const auto mask = slots_.size() - 1;
    auto hole = slot_of(names_[index], hash_of(names_[index]));
    // Whatever was pushed aside by this name moves back, so that no search ends too early.
    for (auto at = (hole + 1) & mask; slots_[at].index != kNone; at = (at + 1) & mask) {
        const auto home = slots_[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        slots_[hole] = slots_[at];
        hole = at;
    }
    slots_[hole] = {};
    bytes_ -= cost(names_[index]);
    names_[index] = {};
    held_[index] = false;
    free_.push_back(index);
    --size_;
}

std::vector<Index> Names::sorted() const {
    std::vector<Index> out;
    for (Index i = 0; i < end(); ++i) {
        if (holds(i)) out.push_back(i);
    }
    std::sort(out.begin(), out.end(), [&](Index a, Index b) { return name(a) < name(b); });
    return out;
}

bool add_tag(std::vector<std::string>& tags, const std::string& tag) {
    const auto it = std::lower_bound(tags.begin(), tags.end(), tag);
    if (tag.empty() || tags.size() >= kMostTagsEach || (it != tags.end() && *it == tag)) return false;
    tags.insert(it, tag);
    return true;
}

bool remove_tag(std::vector<std::string>& tags, const std::string& tag) {
    const auto it = std::lower_bound(tags.begin(), tags.end(), tag);
    if (it == tags.end() || *it != tag) return false;
    tags.erase(it);
    return true;
}

TagMask mask_of(const std::vector<std::string>& tags, const TagBits& bits) {
    TagMask out = 0;
    for (const auto& tag : tags) out |= bits.bit(tag);
    return out;
}

}  // namespace menshen::rules
