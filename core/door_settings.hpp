#pragma once
/// What the config says of a door.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"

namespace menshen {

/// What opens the door. A face alone is never the only way in, so there is no mode for it. With `card_and_face` the card of a
/// person whose face is enrolled needs that face beside it; who gave none comes in by card alone.
enum class DoorMode : std::uint8_t { card, card_or_face, card_and_face };
/// When the lock goes back: 1 s after the leaf opens (strikes), when it closes (magnets, motor locks), or at the end of `unlock`
/// only.
enum class Relock : std::uint8_t { on_opening, on_closing, after_time };
/// `prompt`: unlock after the commit or 100 ms, whichever is first. `strict`: after the commit; refused after 3 s without one.
enum class Audit : std::uint8_t { prompt, strict };
/// What becomes of credentials with a validity while the wall clock is not trusted.
enum class UntrustedClock : std::uint8_t { allow, deny };

inline constexpr std::array<std::string_view, 3> kDoorModes{"card", "card_or_face", "card_and_face"};
inline constexpr std::array<std::string_view, 3> kRelocks{"on_opening", "on_closing", "after_time"};
inline constexpr std::array<std::string_view, 2> kAudits{"prompt", "strict"};
/// What a door with `card_and_face` does while none of its cameras works.
enum class CameraOffline : std::uint8_t { allow, deny };

inline constexpr std::array<std::string_view, 2> kCameraOfflines{"allow", "deny"};
inline constexpr std::array<std::string_view, 2> kUntrustedClocks{"allow", "deny"};

struct DoorSettings {
    DoorId id;
    std::string name_zh, name_en;
    std::vector<DeviceId> readers_in, readers_out;  ///< Card readers and cameras, by the side a person comes from.
    DeviceId lock;
    DeviceId contact;      ///< None: the grant itself counts as the passage, and held and forced are not watched.
    DeviceId exit_button;  ///< None: opening from inside looks forced unless there is no contact either.
    DeviceId fire;         ///< May be shared by several doors.
    DoorMode mode = DoorMode::card;
    Relock relock = Relock::on_closing;
    Audit audit = Audit::prompt;
    UntrustedClock untrusted_clock = UntrustedClock::allow;
    CameraOffline camera_offline = CameraOffline::allow;  ///< `allow`: the card alone opens then.
    Millis unlock{5s};                                    ///< 500ms to 60s.
    Millis held_after{30s};                               ///< 1s to 10m, from the opening.
};

}  // namespace menshen
