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

namespace {

auto place_of(TagList& tags, std::string_view name) {
    return std::lower_bound(tags.begin(), tags.end(), name, [](const Tag& tag, std::string_view x) { return tag.name < x; });
}

}  // namespace

bool add_tag(TagList& tags, const Tag& tag) {
    const auto it = place_of(tags, tag.name);
    if (it != tags.end() && it->name == tag.name) {
        if (it->until == tag.until) return false;
        it->until = tag.until;
        return true;
    }
    if (tag.name.empty() || tags.size() >= kMostTagsEach) return false;
    tags.insert(it, tag);
    return true;
}

bool remove_tag(TagList& tags, const std::string& name) {
    const auto it = place_of(tags, name);
    if (it == tags.end() || it->name != name) return false;
    tags.erase(it);
    return true;
}

bool set_tags(TagList& tags, const std::vector<std::string>& names) {
    const auto same = [](const Tag& tag, const std::string& name) { return tag.name == name; };
    if (tags.size() == names.size() && std::equal(tags.begin(), tags.end(), names.begin(), same)) return false;
    TagList now;
    for (const auto& name : names) {
        const auto* held = find_tag(tags, name);
        add_tag(now, held != nullptr ? *held : Tag{name, Tag::kNoEnd});
    }
    if (now == tags) return false;
    tags = std::move(now);
    return true;
}

const Tag* find_tag(const TagList& tags, std::string_view name) {
    const auto it =
        std::lower_bound(tags.begin(), tags.end(), name, [](const Tag& tag, std::string_view x) { return tag.name < x; });
    return it != tags.end() && it->name == name ? &*it : nullptr;
}

TagMask mask_of(const TagList& tags, const TagBits& bits) {
    TagMask out = 0;
    for (const auto& tag : tags) out |= bits.bit(tag.name);
    return out;
}

}  // namespace menshen::rules
