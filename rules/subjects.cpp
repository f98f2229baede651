#include "rules/subjects.hpp"

#include <algorithm>

namespace menshen::rules {

Index Names::add(const std::string& name) {
    const auto next = free_.empty() ? static_cast<Index>(names_.size()) : free_.back();
    const auto [it, is_new] = by_name_.try_emplace(name, next);
    if (!is_new) return it->second;
    if (free_.empty()) {
        names_.push_back(&it->first);
    } else {
        free_.pop_back();
        names_[next] = &it->first;
    }
    bytes_ += cost(name);
    return next;
}

void Names::release(Index index) {
    const std::string name = *names_[index];
    bytes_ -= cost(name);
    names_[index] = nullptr;
    by_name_.erase(name);
    free_.push_back(index);
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
