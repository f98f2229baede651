#pragma once
/// What a driver, the vision worker, a person with a terminal or the clock says happened.

#include <cstdint>
#include <string>
#include <variant>

#include "core/id.hpp"

namespace menshen {

/// A whole card frame, parity included: the identity of a card (see docs/drivers.md). Facility and number are views of it.
struct CardNumber {
    std::uint16_t bits = 0;
    std::string hex;  ///< Upper case, right-aligned, leading zeros kept: ceil(bits / 4) digits.

    /// "26:2F623AE".
    [[nodiscard]] std::string text() const { return std::to_string(bits) + ":" + hex; }
    bool operator==(const CardNumber&) const = default;
};

/// A card was presented: once for each presentation, the driver has taken out repeats.
struct CardRead {
    DeviceId device;
    CardNumber number;
    std::string format;  ///< "H10301"; empty when the reader does not know.
};

/// A frame that is no card: wrong length, wrong parity, noise.
struct CardMalformed {
    DeviceId device;
    std::string raw;     ///< The bits as they came, "26:2F623AF".
    std::string reason;  ///< "H10301: leading parity is odd".
};

/// What a walk-up before a camera came to. At most one of `person` and `stranger` is set.
struct FaceSeen {
    DeviceId device;
    std::uint64_t walk_up = 0;  ///< The same for one visit to one camera; 0: not known.
    PersonId person;
    StrangerId stranger;
    bool new_stranger = false;
    std::uint32_t score_permille = 0;  ///< Cosine to the best person, times 1000.
    std::string advice;                ///< When the face could not be used: "come closer", "too dark".
    /// Why this match may not open a door by itself: "extrapolated" (the threshold was not measured for so many persons),
    /// "liveness_unknown", "liveness_suspect". Empty: it may.
    std::string greets_only;
};

/// The answer to a FaceQuestion (core/face_question.hpp). There may be several: a face that is seen better later is compared
/// anew.
struct FaceCompared {
    enum class Face : std::uint8_t { same, other, suspect };
    std::uint64_t question = 0;
    DeviceId device;  ///< The camera.
    std::uint64_t walk_up = 0;
    Face face = Face::other;  ///< `suspect`: the same, but perhaps only a picture of it.
    std::uint32_t score_permille = 0;
    PersonId person;  ///< Whose face it is, if it is somebody else's who is known.
};

/// Inputs that have a state: one slot each in the queue, the latest wins, never refused.
enum class Line : std::uint8_t { contact, exit_button, fire, tamper, activity };

struct LineChanged {
    DeviceId device;
    Line line = Line::contact;
    bool active = false;  ///< contact: open. exit button: pressed. fire: fire. tamper: tampered. activity: somebody moves.
};

/// A sign of life that came by another way than an input line: a message of a sensor.
struct LifeSign {
    DeviceId device;
    std::string source;  ///< Which sensor: an MQTT topic.
    PersonId person;     ///< At most one of these; neither: of the gate only.
    HouseholdId household;
};

struct DeviceChanged {
    DeviceId device;
    bool online = false;
    std::string reason;  ///< Why, when offline.
};

/// Somebody who may asks for a door to be opened, by the control socket.
struct OpenRequested {
    DoorId door;
    std::string by;  ///< "uid 1000 (li)".
};

/// Somebody who may asks for a door to be locked again after a fire release: no timer does that.
struct LockRequested {
    DoorId door;
    std::string by;
};

/// The wall clock was stepped, or became trusted; `by_ms` is new minus old.
struct ClockStepped {
    std::int64_t by_ms = 0;
    bool became_trusted = false;
};

using Event = std::variant<CardRead, CardMalformed, FaceSeen, LineChanged, DeviceChanged, OpenRequested, LockRequested,
                           ClockStepped, LifeSign, FaceCompared>;

}  // namespace menshen
