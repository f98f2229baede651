#pragma once
/// Whether anything moved before a camera since a moment ago: nobody has to look for faces fifteen times a second in a picture of
/// an empty path. Pure; one object a camera, one thread at a time; time is an argument.
///
/// A small grey picture is compared with a background that follows it slowly. Told apart by their shape: exposure multiplies the
/// whole picture, a lamp's flicker under a rolling shutter whole rows, noise is everywhere alike; what moves is a patch. Where in
/// doubt the answer is to look: a look too many costs milliseconds, one too few keeps a person waiting.

#include <cstdint>
#include <vector>

#include "core/time.hpp"
#include "models/image.hpp"

namespace menshen::models {

struct MotionSettings {
    Millis awake_after{3000};  ///< Every frame is looked at for so long after the last motion.
    Millis look_every{1000};   ///< A still scene is looked at so often all the same: the change may have been too small.
    Millis pause{2000};        ///< After so long without a frame the scene is a new one.
    Millis follow{4000};       ///< In so long the background takes over about two thirds of a change that stays.
};

class MotionGate {
public:
    enum class Answer : std::uint8_t { look, pass };

    explicit MotionGate(MotionSettings settings = {}) : settings_(settings) {}

    /// What to do with the next frame of this camera. A first one, one of another size, one after a pause and one from the past
    /// begin a new scene, which is awake.
    [[nodiscard]] Answer see(const GreyPicture& picture, MonoTime now);
    /// This frame is looked at whatever it shows, and not given to see(): somebody is there, or somebody waits. The next one
    /// begins a new scene.
    void look_anyway(MonoTime now);

private:
    void begin(const GreyPicture& picture);
    [[nodiscard]] bool has_moved(const GreyPicture& picture);
    void measure_rows(const GreyPicture& picture);
    void subtract(const GreyPicture& picture);
    [[nodiscard]] float noise();
    [[nodiscard]] std::size_t windows_above(float limit) const;
    void follow(const GreyPicture& picture, Millis passed);

    MotionSettings settings_;
    int width_ = 0, height_ = 0;     ///< Of the background; 0: none.
    std::vector<float> background_;  ///< Grey levels.
    MonoTime seen_, looked_, awake_until_;
    // Of one call; members only so that no frame takes memory anew.
    std::vector<float> gains_;  ///< Of each row: how much brighter it is than the background.
    std::vector<float> changes_;
    std::vector<float> scratch_;
};

}  // namespace menshen::models
