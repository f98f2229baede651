#pragma once
/// Where a device puts what it saw, and what a stage may say that a simulated device saw. No Asio here.

#include <string>
#include <string_view>
#include <variant>

#include "core/event.hpp"
#include "core/frame.hpp"
#include "core/result.hpp"

namespace menshen::drivers {

/// Loop thread only; never blocks.
class EventSink {
public:
    virtual ~EventSink() = default;
    /// Queues `event` for the core. False when the share of its source is full: the event is dropped and counted (levels never
    /// are).
    virtual bool offer(Event event) = 0;
    /// Hands a picture to the vision worker; the newest of a camera wins. False when there is no vision worker.
    virtual bool offer(Frame frame) = 0;
};

/// A raw Wiegand frame arrives at a simulated reader: '0' and '1' in the order of arrival.
struct InjectBits {
    std::string bits;
};
/// A simulated input changes.
struct InjectLine {
    Line line = Line::contact;
    bool active = false;
};
/// A picture file stands before a camera; it is read off the loop.
struct InjectPicture {
    std::string path;
};
/// The device breaks, and every restart fails, until it is mended.
struct InjectFault {
    std::string reason;
};
struct InjectMend {};

/// What the stage says happened to one device.
struct Injection {
    DeviceId device;
    std::variant<InjectBits, InjectLine, InjectPicture, InjectFault, InjectMend> what;
};

/// The text form, for sockets and scripts. `what` is one of
///   bits     value "1011..." or "26:2F623AE" (bits:hex)
///   contact, exit_button, fire, tamper, activity     value "on" or "off"
///   picture  value a path
///   fail     value the reason (may be empty)
///   mend     no value
[[nodiscard]] Result<Injection> parse_injection(DeviceId device, std::string_view what, std::string_view value);

[[nodiscard]] std::string_view name_of(Line line);

}  // namespace menshen::drivers
