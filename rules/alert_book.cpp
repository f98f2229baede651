#include "rules/alert_book.hpp"

#include "core/digest.hpp"

namespace menshen::rules {

Index AlertBook::add(OpenAlert alert) {
    const auto index = next_++;
    by_id_[alert.id] = index;
    open_.emplace(index, std::move(alert));
    return index;
}

void AlertBook::remove(Index index) {
    const auto it = open_.find(index);
    if (it == open_.end()) return;
    timers_.erase({it->second.timer, it->second.id});
    by_id_.erase(it->second.id);
    open_.erase(it);
}

void AlertBook::set_timer(Index index, std::int64_t at) {
    auto& alert = open_.at(index);
    if (alert.timer == at) return;
    timers_.erase({alert.timer, alert.id});
    alert.timer = at;
    if (at != OpenAlert::kForever) timers_.insert({at, alert.id});
}

std::optional<Index> AlertBook::next_timer() const {
    if (timers_.empty()) return std::nullopt;
    return by_id_.at(std::get<1>(*timers_.begin()));
}

Index AlertBook::find(const AlertId& id) const {
    const auto it = by_id_.find(id);
    return it == by_id_.end() ? kNone : it->second;
}

AlertId alert_id(const Key& key, const std::string& rule, const std::string& subject, const std::string& started_by) {
    // Lengths first, so that no two different triples read the same.
    const auto text =
        fmt::format("alert {}:{} {}:{} {}:{}", rule.size(), rule, subject.size(), subject, started_by.size(), started_by);
    return AlertId(to_hex(hmac_sha256(key, text)).substr(0, 20));
}

}  // namespace menshen::rules
