#include "core/event_queue.hpp"

#include <algorithm>
#include <utility>

#include "core/result.hpp"

namespace menshen {

namespace {

/// Who spends its share for this read.
std::string source_of(const Event& event) {
    return std::visit(Match{
                          [](const OpenRequested& e) { return "open " + e.door.str(); },
                          [](const LockRequested& e) { return "open " + e.door.str(); },
                          [](const ClockStepped&) { return std::string("clock"); },
                          [](const auto& e) { return e.device.str(); },
                      },
                      event);
}

}  // namespace

std::optional<EventQueue::LevelKey> EventQueue::level_key(const Event& event) {
    if (const auto* line = std::get_if<LineChanged>(&event)) {
        switch (line->line) {
            case Line::contact:
                return LevelKey{line->device, Slot::contact};
            case Line::exit_button:
                return LevelKey{line->device, line->active ? Slot::exit_pressed : Slot::exit_released};
            case Line::fire:
                return LevelKey{line->device, Slot::fire};
            case Line::tamper:
                return LevelKey{line->device, Slot::tamper};
            case Line::activity:
                return LevelKey{line->device, line->active ? Slot::active : Slot::still};
        }
    }
    if (const auto* device = std::get_if<DeviceChanged>(&event)) return LevelKey{device->device, Slot::device};
    if (std::holds_alternative<ClockStepped>(event)) return LevelKey{DeviceId{}, Slot::clock};
    return std::nullopt;
}

bool EventQueue::is_half_of_a_pulse(Slot slot) {
    return slot == Slot::exit_pressed || slot == Slot::exit_released || slot == Slot::active || slot == Slot::still;
}

bool EventQueue::offer(Event event) {
    if (auto key = level_key(event)) {
        put_level(std::move(*key), std::move(event));
        return true;
    }
    return put_read(std::move(event));
}

void EventQueue::put_level(LevelKey key, Event event) {
    const auto waiting = levels_.find(key);
    if (waiting == levels_.end()) {
        level_order_.push_back(key);
        levels_.emplace(std::move(key), std::move(event));
        return;
    }
    if (is_half_of_a_pulse(key.second)) {
        // Of beginning and end the later one is taken later, so that the state left behind is the true one.
        level_order_.erase(std::find(level_order_.begin(), level_order_.end(), key));
        level_order_.push_back(key);
    }
    if (auto* step = std::get_if<ClockStepped>(&event)) {
        // A step is a difference, not a state: two that wait are one that is as large as both.
        const auto& before = std::get<ClockStepped>(waiting->second);
        step->by_ms += before.by_ms;
        step->became_trusted |= before.became_trusted;
    }
    waiting->second = std::move(event);
}

bool EventQueue::put_read(Event event) {
    std::string source = source_of(event);
    auto waiting = waiting_.find(source);
    if (waiting == waiting_.end()) {
        if (waiting_.size() >= limits_.sources) source.clear();
        waiting = waiting_.try_emplace(source, 0).first;
    }
    if (waiting->second >= limits_.share) {
        ++refused_;
        // The names of refused sources are bounded too: whoever comes after the limit is counted in common.
        const bool known = refused_since_.contains(source) || refused_since_.size() < limits_.sources;
        ++refused_since_[known ? source : std::string()];
        return false;
    }
    ++waiting->second;
    reads_.push_back(Read{std::move(source), std::move(event)});
    return true;
}

std::optional<Event> EventQueue::take() {
    if (!level_order_.empty()) {
        auto slot = levels_.extract(level_order_.front());
        level_order_.pop_front();
        return std::move(slot.mapped());
    }
    if (reads_.empty()) return std::nullopt;
    Read read = std::move(reads_.front());
    reads_.pop_front();
    const auto waiting = waiting_.find(read.source);
    if (--waiting->second == 0) waiting_.erase(waiting);
    return std::move(read.event);
}

std::vector<EventQueue::Refusals> EventQueue::report_refusals(MonoTime now) {
    // A stage or a new boot may set event time back; then the minute begins again rather than never ending.
    if (refused_since_.empty() || (reported_ && now >= *reported_ && now - *reported_ < 60s)) return {};
    std::vector<Refusals> report;
    for (auto& [source, count] : refused_since_) report.push_back({source, count});
    refused_since_.clear();
    reported_ = now;
    return report;
}

}  // namespace menshen
