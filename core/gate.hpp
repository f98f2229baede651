#pragma once
/// The gate as a pure function: (state, event, now) -> (records, commands). See docs/architecture.md.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/door.hpp"
#include "core/event.hpp"
#include "core/roster.hpp"

namespace menshen {

/// Whose sign of life an `activity` line is; with neither it counts for the gate only.
struct ActivityInput {
    DeviceId device;
    PersonId person;  ///< At most one of these.
    HouseholdId household;
};

struct GateSettings {
    SiteId site;
    GateId gate;
    std::vector<DoorSettings> doors;
    std::vector<ActivityInput> inputs{};
    std::set<DeviceId> cameras{};  ///< Those of the doors' readers that see faces.
    /// The kinds of record that each device can cause: told by its `device_online` and `device_offline` records, so that rules
    /// know when nobody was looking. A device that causes none need not be here.
    std::map<DeviceId, std::vector<Kind>> feeds{};
};

/// How a door looks from outside.
struct DoorView {
    DoorId id;
    DoorState state = DoorState::locked;
    Stamp since;  ///< Of `state`; the start of the gate before the first change.
};

/// Not thread-safe: the loop owns it. Reads no clock, does no I/O, never fails: whatever comes in becomes records.
class Gate {
public:
    /// Finds the index of a card number; a keyed hash, so that the core holds no secret.
    using IndexOf = std::function<CardIndex(const CardNumber&)>;

    Gate(const GateSettings& settings, IndexOf index_of);

    /// Locks every door: the first commands after a start.
    [[nodiscard]] Outcome start(const Now& now);
    /// Before start(): this door was released by fire in the run before, and nobody has locked it since.
    void resume_fire_release(const DoorId& id);
    [[nodiscard]] Outcome on_event(const Event& event, const Now& now);
    [[nodiscard]] Outcome on_time(const Now& now);
    [[nodiscard]] std::optional<MonoTime> next_deadline() const;

    /// The audit has let a grant through: unlocks. `now` may be later than the decision.
    [[nodiscard]] Outcome carry_out(const Grant& grant, const Now& now);
    /// The audit of a strict door did not come in time.
    [[nodiscard]] Outcome refuse_without_audit(const Grant& grant, const Now& now);

    [[nodiscard]] Roster& roster() { return roster_; }
    [[nodiscard]] const Roster& roster() const { return roster_; }
    [[nodiscard]] std::vector<DoorView> doors() const;  ///< By id.
    [[nodiscard]] const Door* door(const DoorId& id) const;

    /// Whether each card is compared with the face of whoever presents it: a rule with a legal basis wants to know.
    void compare_faces_with_cards(bool wanted) { compares_faces_ = wanted; }

    /// Whether faces can be compared at all, and whose cannot because they must be enrolled again: those come in by card alone.
    struct FaceCheck {
        bool works = true;  ///< While it does not, every camera counts as offline.
        std::set<PersonId> enrol_again{};
    };
    void set_face_check(FaceCheck check) { face_check_ = std::move(check); }

    /// Adds household, size and tags of the record's person, as they are now; of a record without a person, the size of its
    /// household. Tags whose end has come are left out, unless the clock is not trusted.
    void describe_person(Record& record) const;

private:
    struct Post {
        DoorId door;
        Side side = Side::in;
    };
    struct WalkUp {
        MonoTime seen;         ///< Last frame of this person or stranger.
        MonoTime decided;      ///< Last decision made for them.
        bool greeted = false;  ///< So far the face might open nothing.
    };

    void on(const CardRead& read, const Now& now, Outcome& out);
    void on(const CardMalformed& read, const Now& now, Outcome& out);
    void on(const FaceSeen& face, const Now& now, Outcome& out);
    void on(const FaceCompared& compared, const Now& now, Outcome& out);
    void on(const LineChanged& change, const Now& now, Outcome& out);
    void on(const DeviceChanged& change, const Now& now, Outcome& out);
    void on(const OpenRequested& request, const Now& now, Outcome& out);
    void on(const LockRequested& request, const Now& now, Outcome& out);
    void on(const ClockStepped& step, const Now& now, Outcome& out);
    void on(const LifeSign& sign, const Now& now, Outcome& out);

    void on_activity_line(const LineChanged& change, const Now& now, Outcome& out);
    [[nodiscard]] std::string reason_to_refuse(const Card* card, const DoorSettings& door, const Now& now) const;
    void decide(Record decision, const std::string& refusal, const Door& door, Outcome& out) const;
    [[nodiscard]] Record at_reader(Kind kind, const DeviceId& device, const Now& now) const;
    [[nodiscard]] Door* door_of(const DeviceId& reader);
    void note_states(const Now& now);
    // gate_faces.cpp
    void note_advice(const FaceSeen& face, const Now& now, Outcome& out);
    [[nodiscard]] std::vector<DeviceId> working_cameras(const Record& read) const;
    [[nodiscard]] bool needs_face(const Record& read, const Now& now) const;
    [[nodiscard]] bool needs_camera(const Record& read, const Now& now) const;
    /// True when the decision waits for the answer.
    [[nodiscard]] bool ask_for_face(const Record& read, const Now& now, Outcome& out);
    void settle(const FaceQuestions::Answer& answer, const Now& now, Outcome& out);
    void tell_face(const FaceQuestions::Named& named, const Now& now, Outcome& out) const;
    [[nodiscard]] bool is_news(const FaceSeen& face, const Now& now);
    [[nodiscard]] bool consents(const PersonId& person, const Now& now) const;

    IndexOf index_of_;
    Roster roster_;
    std::map<DoorId, Door> doors_;
    std::map<DoorId, DoorView> views_;
    std::map<DeviceId, Post> posts_;
    std::map<std::pair<DeviceId, std::string>, WalkUp> walk_ups_;  ///< By camera and identity; those that are over are dropped.
    std::map<DeviceId, MonoTime> advised_;                         ///< When a camera last recorded an advice.
    std::set<DeviceId> cameras_;
    FaceQuestions questions_;
    bool compares_faces_ = false;
    FaceCheck face_check_;
    std::map<DeviceId, bool> online_;
    std::map<DeviceId, ActivityInput> inputs_;
    std::map<DeviceId, bool> moving_;  ///< Activity lines as they were last reported; those that are away are not in it.
    std::map<std::pair<DeviceId, std::string>, MonoTime> signs_;  ///< Last activity record of each line and source.
    std::map<DeviceId, std::vector<std::string>> feeds_;
};

}  // namespace menshen
