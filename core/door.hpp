#pragma once
/// One door: lock, contact, exit button and fire input as a state machine. Pure; event time is an argument.

#include <optional>
#include <string_view>
#include <vector>

#include "core/command.hpp"
#include "core/door_settings.hpp"
#include "core/face_question.hpp"
#include "core/record.hpp"

namespace menshen {

/// A decision to let somebody pass, on its way to the lock.
struct Grant {
    DoorId door;
    DeviceId reader;  ///< Where the person stands; none for remote.
    Record granted;   ///< The record of the decision; the passage repeats its person, card, side, method.
    Audit audit = Audit::prompt;
};

/// What follows from an event, in this order.
struct Outcome {
    std::vector<Record> records;          ///< Committed together, in one transaction.
    std::vector<Command> commands;        ///< Run at once: they never wait on audit.
    std::vector<FaceQuestion> questions;  ///< For the vision worker.
    std::vector<Grant> grants;            ///< Carried out when the door's `audit` setting says: see Gate::carry_out.
};

/// Worst first: the state shown is the first that applies.
enum class DoorState : std::uint8_t { fire_release, forced, held, open, unlocked, locked };
[[nodiscard]] std::string_view to_text(DoorState state);

class Door {
public:
    explicit Door(DoorSettings settings) : settings_(std::move(settings)) {}

    /// Unlocks for somebody. Without a contact, or with the leaf open, it is a passage at once; else when the leaf opens in time.
    void grant(const Grant& grant, const Now& now, Outcome& out);
    /// The first report after a start, or after contact_lost(), says how the leaf stands: an open one was not forced now.
    void on_contact(bool open, const Now& now, Outcome& out);
    /// The contact's device is away; what happens meanwhile is not seen.
    void contact_lost() { contact_known_ = false; }
    void on_exit_button(bool pressed, const Now& now, Outcome& out);
    /// Releases the lock while fire lasts, and after it until lock_again().
    void on_fire(bool active, const Now& now, Outcome& out);
    /// At start: the fire release of the run before has not been ended by anybody.
    void resume_fire_release() { fire_release_ = unlocked_ = true; }
    /// Ends a fire release once the input is quiet; false while it is not.
    [[nodiscard]] bool lock_again(const Now& now, Outcome& out);

    void on_time(const Now& now, Outcome& out);
    [[nodiscard]] std::optional<MonoTime> next_deadline() const;

    /// Drives the lock to where it should be: at start, and when its device comes back.
    void restate(Outcome& out) const;

    [[nodiscard]] DoorState state() const;
    [[nodiscard]] bool is_open() const { return open_; }
    [[nodiscard]] bool fire_active() const { return fire_active_; }
    [[nodiscard]] const DoorSettings& settings() const { return settings_; }

private:
    void set_lock(bool unlocked, Outcome& out);
    void relock(Outcome& out);
    void authorise(const Now& now);
    void forget_unused(const Now& now);
    void record_opening(const Now& now, Outcome& out);
    [[nodiscard]] Record record(Kind kind, const Now& now) const;
    [[nodiscard]] Record passage(const Record& granted, const Now& now) const;

    DoorSettings settings_;
    bool unlocked_ = false;
    bool open_ = false;
    bool contact_known_ = false;
    bool held_ = false;
    bool forced_ = false;
    bool fire_active_ = false;
    bool fire_release_ = false;
    bool exit_pressed_ = false;
    std::optional<MonoTime> lock_at_;        ///< When the lock goes back.
    std::optional<MonoTime> allowed_until_;  ///< An opening before this is no force; ends a little after the lock went back.
    std::optional<MonoTime> forced_at_;      ///< An opening nobody was allowed: forced unless an exit request follows by then.
    std::optional<MonoTime> held_at_;
    std::vector<Record> waiting_;  ///< Grants whose passage has not happened yet.
};

}  // namespace menshen
