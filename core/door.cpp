#include "core/door.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace menshen {

namespace {

/// The contact's edge may come before the exit button's: so long an opening may wait for its reason.
constexpr Millis kExitGrace{500};
/// A strike that falls back on the first edge of the contact catches the latch.
constexpr Millis kStrikeDelay{1000};
/// The leaf may leave its frame just as the lock falls back.
constexpr Millis kOpeningGrace{1000};
constexpr std::size_t kWaitingLimit = 16;

}  // namespace

std::string_view to_text(DoorState state) {
    static constexpr std::array<std::string_view, 6> kNames{"fire_release", "forced", "held", "open", "unlocked", "locked"};
    return kNames[static_cast<std::size_t>(state)];
}

Record Door::record(Kind kind, const Now& now) const {
    Record record = make_record(kind, now);
    record.door = settings_.id;
    return record;
}

Record Door::passage(const Record& granted, const Now& now) const {
    Record record = granted;
    const Record stamped = make_record(Kind::passage, now);
    record.kind = stamped.kind;
    record.at = stamped.at;
    record.wall_is_trusted = stamped.wall_is_trusted;
    record.mono = stamped.mono;
    record.boot = stamped.boot;
    record.reason.clear();
    record.more.clear();
    return record;
}

void Door::set_lock(bool unlocked, Outcome& out) {
    unlocked_ = unlocked;
    out.commands.emplace_back(SetLock{settings_.lock, unlocked});
}

void Door::relock(Outcome& out) {
    lock_at_.reset();
    if (unlocked_ && !fire_release_) set_lock(false, out);
}

void Door::authorise(const Now& now) {
    lock_at_ = now.mono + settings_.unlock;
    allowed_until_ = *lock_at_ + kOpeningGrace;
    forced_at_.reset();
    if (open_ && !held_) held_at_ = now.mono + settings_.held_after;
}

void Door::grant(const Grant& grant, const Now& now, Outcome& out) {
    authorise(now);
    if (!unlocked_) set_lock(true, out);
    if (grant.reader) out.commands.emplace_back(Signal{grant.reader, Signal::Meaning::granted});
    if (!settings_.contact || open_) {
        out.records.push_back(passage(grant.granted, now));
    } else if (waiting_.size() < kWaitingLimit) {
        waiting_.push_back(grant.granted);
    }
}

void Door::record_opening(const Now& now, Outcome& out) {
    out.records.push_back(record(Kind::door_opened, now));
    for (const auto& granted : waiting_) out.records.push_back(passage(granted, now));
    waiting_.clear();
}

void Door::on_contact(bool open, const Now& now, Outcome& out) {
    const bool was_known = std::exchange(contact_known_, true);
    if (open == open_) return;
    open_ = open;
    if (!was_known && open) {
        record_opening(now, out);
        if (!fire_release_) held_at_ = now.mono + settings_.held_after;
        return;
    }
    if (!open) {
        out.records.push_back(record(Kind::door_closed, now));
        held_ = forced_ = false;
        held_at_.reset();
        forced_at_.reset();
        if (settings_.relock != Relock::after_time) {
            relock(out);
            allowed_until_.reset();
        }
        return;
    }
    const bool allowed = fire_release_ || (allowed_until_ && now.mono <= *allowed_until_);
    record_opening(now, out);
    if (fire_release_) return;
    if (!allowed) {
        forced_at_ = now.mono + kExitGrace;
        return;
    }
    held_at_ = now.mono + settings_.held_after;
    if (settings_.relock == Relock::on_opening && lock_at_) lock_at_ = std::min(*lock_at_, now.mono + kStrikeDelay);
}

void Door::on_exit_button(bool pressed, const Now& now, Outcome& out) {
    if (pressed == exit_pressed_) return;
    exit_pressed_ = pressed;
    if (!pressed) return;
    Record request = record(Kind::exit_request, now);
    request.side = Side::out;
    request.method = Method::exit_button;
    out.records.push_back(request);
    grant({.door = settings_.id, .granted = request}, now, out);
}

void Door::on_fire(bool active, const Now& now, Outcome& out) {
    if (active == fire_active_) return;
    fire_active_ = active;
    Record note = record(Kind::command, now);
    note.more["command"] = std::string(active ? "fire_release" : "fire_over");
    out.records.push_back(std::move(note));
    if (!active) return;
    fire_release_ = true;
    held_ = forced_ = false;
    held_at_.reset();
    forced_at_.reset();
    lock_at_.reset();
    set_lock(true, out);
}

bool Door::lock_again(const Now& now, Outcome& out) {
    if (fire_active_) return false;
    fire_release_ = false;
    relock(out);
    if (open_) held_at_ = now.mono + settings_.held_after;
    return true;
}

void Door::forget_unused(const Now& now) {
    if (!allowed_until_ || now.mono < *allowed_until_) return;
    allowed_until_.reset();
    waiting_.clear();
}

void Door::on_time(const Now& now, Outcome& out) {
    if (lock_at_ && *lock_at_ <= now.mono) relock(out);
    forget_unused(now);
    if (forced_at_ && *forced_at_ <= now.mono) {
        forced_at_.reset();
        forced_ = true;
        out.records.push_back(record(Kind::door_forced, now));
    }
    if (held_at_ && *held_at_ <= now.mono) {
        held_at_.reset();
        held_ = true;
        out.records.push_back(record(Kind::door_held, now));
    }
}

std::optional<MonoTime> Door::next_deadline() const {
    std::optional<MonoTime> next;
    for (const auto& at : {lock_at_, allowed_until_, forced_at_, held_at_}) {
        if (at && (!next || *at < *next)) next = at;
    }
    return next;
}

void Door::restate(Outcome& out) const { out.commands.emplace_back(SetLock{settings_.lock, unlocked_}); }

DoorState Door::state() const {
    if (fire_release_) return DoorState::fire_release;
    if (forced_) return DoorState::forced;
    if (held_) return DoorState::held;
    if (open_) return DoorState::open;
    return unlocked_ ? DoorState::unlocked : DoorState::locked;
}

}  // namespace menshen
