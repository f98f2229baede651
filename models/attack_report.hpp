#pragma once
/// How well liveness holds against a recorded set of attacks. The words are those of ISO/IEC 30107-3 (APCER: the share of attacks
/// taken for living people, for each kind of attack by itself; BPCER: the share of living people refused), the figures are no
/// certificate after it: docs/liveness.md says why. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/calibration.hpp"
#include "models/liveness.hpp"
#include "models/parallax.hpp"

namespace menshen::models {

/// One presentation: a person, or an attack, before a camera.
struct LivenessClip {
    std::string type;  ///< Of the attack; empty: bona fide.
    std::string name;
    std::size_t frames = 0;
    std::size_t usable = 0;  ///< Frames with a face that passes the quality gate of recognition.
    LivenessVotes network;
    Parallax parallax;
};

/// One kind of attack, or the bona fide.
struct LivenessFigures {
    std::string type;
    std::size_t clips = 0;
    std::size_t no_response = 0;  ///< No usable face: neither accepted nor refused, and not in the rates.
    std::size_t live = 0, suspect = 0, unknown = 0;
    Rate error_refuse;                                  ///< APCER (or BPCER) when `suspect` is refused.
    Rate error_require;                                 ///< The same when all but `live` is refused.
    std::size_t network_spoke = 0, parallax_spoke = 0;  ///< Clips of which that witness said something.
};

struct LivenessReport {
    LivenessFigures bona_fide;
    std::vector<LivenessFigures> attacks;  ///< By type, in their alphabet.
    bool has_network = false;              ///< A liveness network took part.
};

/// With 95 % confidence intervals (Clopper and Pearson), clips taken as independent: several of one person are not.
[[nodiscard]] LivenessReport liveness_report(const std::vector<LivenessClip>& clips);

}  // namespace menshen::models
