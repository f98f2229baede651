#pragma once
/// Is it a living face, or a picture of one? Two weak witnesses: a network's opinion of single frames, voted over the walk-up,
/// and the movement of the five points (models/parallax.hpp). Either may only refuse: nothing here makes a match surer. Pure.
/// docs/liveness.md says what was measured and what was only simulated.

#include <cstdint>
#include <optional>
#include <string_view>

namespace menshen::models {

/// What a gate asks of liveness.
enum class Liveness : std::uint8_t {
    off,      ///< It refuses nothing.
    refuse,   ///< A suspect face opens nothing; one of which nothing is known may.
    require,  ///< Only a live face opens a door by itself.
};

/// What the witnesses say.
enum class LivenessFinding : std::uint8_t {
    unknown,  ///< None has seen enough.
    live,     ///< One says so, and none says otherwise.
    suspect,  ///< One says that it is a picture.
};

/// The network's votes over one walk-up. Neighbouring frames agree with each other, so it takes several.
class LivenessVotes {
public:
    static constexpr int kLeast = 4;         ///< Fewer votes say nothing.
    static constexpr float kLive = 0.7F;     ///< Mean from which they say `live`.
    static constexpr float kSuspect = 0.4F;  ///< Mean below which they say `suspect`.

    /// One frame's opinion, 0 to 1; anything else is no vote.
    void add(float live);
    [[nodiscard]] LivenessFinding finding() const;
    [[nodiscard]] int count() const { return count_; }
    [[nodiscard]] std::optional<float> mean() const;

private:
    int count_ = 0;
    double sum_ = 0;
};

/// Two witnesses as one: one that suspects outweighs the other.
[[nodiscard]] LivenessFinding both(LivenessFinding one, LivenessFinding other);

/// Why a face may not open a door by itself: "liveness_unknown", "liveness_suspect"; empty when it may.
[[nodiscard]] std::string_view reason_to_refuse(LivenessFinding finding, Liveness rule);

}  // namespace menshen::models
