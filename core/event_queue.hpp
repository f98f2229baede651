#pragma once
/// The bounded queue between the translators at the edge and the core (design: "How a card becomes an unlocked door", step 1).
/// Loop thread only; never blocks; memory is bounded by the number of devices.
///
/// Two kinds of events:
/// - levels (LineChanged, DeviceChanged, ClockStepped): a slot for each (device, line), for each device's own state, and for the
///   clock. A newer value replaces an older one that nobody has taken yet; they are never refused and are taken first, in the
///   order in which the slots became full. Clock steps that wait add up.
///   An exit button has two slots, pressed and released: a press so short that nobody took it before the release still opens. So
///   has an activity line: a pulse of a motion sensor is a sign of life however short it is.
/// - reads (everything else): a share for each source; beyond its share a source is refused and the refusal is counted. One
/// source
///   cannot use another's share. Taken in the order in which they came.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/time.hpp"

namespace menshen {

class EventQueue {
public:
    struct Limits {
        std::size_t share = 64;     ///< Reads of one source that may wait.
        std::size_t sources = 256;  ///< Sources with a share of their own; any more have one share in common, named "".
    };

    EventQueue() : EventQueue(Limits{}) {}
    explicit EventQueue(Limits limits) : limits_(limits) {}

    /// False when the source's share is full: the event is dropped and counted. Always true for levels.
    bool offer(Event event);
    /// Levels first. Nothing when empty.
    [[nodiscard]] std::optional<Event> take();

    [[nodiscard]] bool empty() const { return level_order_.empty() && reads_.empty(); }
    [[nodiscard]] std::size_t levels_waiting() const { return level_order_.size(); }
    [[nodiscard]] std::size_t reads_waiting() const { return reads_.size(); }

    /// Refusals since the start.
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

    struct Refusals {
        std::string source;
        std::uint64_t count = 0;
    };
    /// Who was refused how often since the last report: for the one counter record a minute. Empty when there is nothing to say
    /// or the last report is less than a minute old; else the counts begin again.
    [[nodiscard]] std::vector<Refusals> report_refusals(MonoTime now);

private:
    enum class Slot : std::uint8_t { contact, exit_pressed, exit_released, fire, tamper, active, still, device, clock };
    [[nodiscard]] static bool is_half_of_a_pulse(Slot slot);
    using LevelKey = std::pair<DeviceId, Slot>;
    struct Read {
        std::string source;
        Event event;
    };

    static std::optional<LevelKey> level_key(const Event& event);
    void put_level(LevelKey key, Event event);
    bool put_read(Event event);

    Limits limits_;
    std::map<LevelKey, Event> levels_;
    std::deque<LevelKey> level_order_;
    std::deque<Read> reads_;
    std::map<std::string, std::size_t> waiting_;          ///< Reads in the queue, by source; a source without any is not in it.
    std::map<std::string, std::uint64_t> refused_since_;  ///< Since the last report, by source.
    std::uint64_t refused_ = 0;
    std::optional<MonoTime> reported_;
};

}  // namespace menshen
