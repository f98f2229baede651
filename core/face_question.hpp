#pragma once
/// Card and face: whoever presents a card is compared with its holder (1:1). Pure; event time is an argument.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/record.hpp"

namespace menshen {

/// Asks the vision worker to compare who stands before these cameras with one person.
struct FaceQuestion {
    std::uint64_t id = 0;
    PersonId owner;
    std::vector<DeviceId> cameras;
};

/// Questions that were asked and what became of them.
class FaceQuestions {
public:
    /// Who is in the picture may come forward for so long after the card.
    static constexpr Millis kAnswerWithin{5000};
    /// The end of a walk-up, and with it the name of a stranger, may come so long after the card.
    static constexpr Millis kNameWithin{30'000};

    enum class Purpose : std::uint8_t {
        evidence,  ///< A rule asks whose face it is; the card has been decided on.
        decision,  ///< The door opens only if it is the holder's face.
    };
    /// `read` is the record of the card: its door, side, card, person.
    [[nodiscard]] std::uint64_t ask(Record read, Purpose purpose, const Now& now);

    /// What became of one question.
    struct Answer {
        Record read;
        Purpose purpose = Purpose::evidence;
        std::optional<FaceCompared> face;  ///< Nothing: no usable face in time.
    };
    /// The holder was seen: nothing else needs to be waited for.
    [[nodiscard]] std::optional<Answer> take_same(const FaceCompared& compared, const Now& now);
    /// Whose time to be decided is over. Those with a face that nobody knows are kept for its name.
    [[nodiscard]] std::vector<Answer> take_due(const Now& now);

    /// Somebody whose face was not the holder's: nothing that is wanted, or what the walk-up came to, at most kNameWithin later.
    struct Named {
        Record read;
        FaceCompared face;
        StrangerId stranger;
    };
    [[nodiscard]] std::vector<Named> take_named(const FaceSeen& seen);
    [[nodiscard]] std::vector<Named> take_unnamed(const Now& now);
    void wait_for_name(const Answer& answer, const Now& now);

    [[nodiscard]] std::optional<MonoTime> next_deadline() const;
    static constexpr std::size_t kMost = 64;  ///< Beyond it the oldest is decided at once.

private:
    struct Pending {
        Answer answer;
        MonoTime by;
    };
    struct Unnamed {
        Record read;
        FaceCompared face;
        MonoTime by;
    };
    std::map<std::uint64_t, Pending> pending_;
    std::vector<Unnamed> unnamed_;
    std::uint64_t next_ = 1;
};

}  // namespace menshen
