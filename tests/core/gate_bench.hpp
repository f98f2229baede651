#pragma once
// A gate with one resident, one front door with everything, and a time that only the test moves.

#include "core/gate.hpp"

namespace menshen::test {

inline const DoorId kFront("front");

inline DoorSettings front_door() {
    DoorSettings door;
    door.id = kFront;
    door.readers_in = {DeviceId("in"), DeviceId("camera")};
    door.lock = DeviceId("lock");
    door.contact = DeviceId("contact");
    door.exit_button = DeviceId("exit");
    door.fire = DeviceId("fire");
    door.mode = DoorMode::card_or_face;
    return door;
}

class Bench {
public:
    explicit Bench(DoorSettings door = front_door())
        : gate({.site = SiteId("site"), .gate = GateId("gate"), .doors = {std::move(door)}, .cameras = {DeviceId("camera")}},
               [](const CardNumber& n) { return n.hex + "0000000000000000"; }) {
        auto& roster = gate.roster();
        roster.put(Household{.id = HouseholdId("h1"), .name = "1-101", .size = 2});
        roster.put(Person{.id = PersonId("p1"), .name = "Li", .household = HouseholdId("h1"), .tags = {"lives-alone"}});
        roster.put(Card{.id = CardId("c1"), .person = PersonId("p1"), .index = "AA0000000000000000"});
        roster.put(FaceConsent{.person = PersonId("p1")});
        // The contact's first report says how the leaf stands.
        (void)gate.on_event(LineChanged{DeviceId("contact"), Line::contact, false}, now);
    }

    Outcome send(const Event& event) {
        auto out = gate.on_event(event, now);
        for (const auto& grant : out.grants) append(out, gate.carry_out(grant, now));
        return out;
    }
    /// Runs over every deadline of the next `span`.
    Outcome wait(Millis span) {
        Outcome all;
        const auto end = now.mono + span;
        while (const auto at = gate.next_deadline()) {
            if (*at > end) break;
            now.mono = std::max(now.mono, *at);
            append(all, gate.on_time(now));
        }
        now.mono = end;
        return all;
    }
    Outcome card(const std::string& hex) { return send(CardRead{DeviceId("in"), {26, hex}, "H10301"}); }
    Outcome line(const char* device, Line line, bool active) { return send(LineChanged{DeviceId(device), line, active}); }
    Outcome contact(bool open) { return line("contact", Line::contact, open); }
    [[nodiscard]] DoorState state() const { return gate.doors().front().state; }

    static void append(Outcome& out, const Outcome& more) {
        out.records.insert(out.records.end(), more.records.begin(), more.records.end());
        out.commands.insert(out.commands.end(), more.commands.begin(), more.commands.end());
        out.questions.insert(out.questions.end(), more.questions.begin(), more.questions.end());
    }

    Gate gate;
    Now now{.wall = *parse_stamp("2026-11-01T08:00:00+08:00")};
};

inline std::vector<std::string> kinds(const Outcome& out) {
    std::vector<std::string> names;
    for (const auto& record : out.records) names.emplace_back(to_text(record.kind));
    return names;
}

using Names = std::vector<std::string>;

inline std::optional<bool> lock_command(const Outcome& out) {
    std::optional<bool> unlocked;
    for (const auto& command : out.commands) {
        if (const auto* lock = std::get_if<SetLock>(&command)) unlocked = lock->unlocked;
    }
    return unlocked;
}

}  // namespace menshen::test
