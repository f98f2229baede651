#pragma once
/// Photographs as prints and screens held before a camera: for trying out attack-report, never for a figure about real attacks.
/// Pure; the same seed gives the same pictures.

#include <cstdint>
#include <vector>

#include "models/image.hpp"

namespace menshen::models {

enum class SimulatedView : std::uint8_t {
    person,  ///< The photograph as it is, nearer from frame to frame: what an attack is compared with.
    print,   ///< On paper with a white rim: less contrast, a dull white, tilted this way and that.
    screen,  ///< On a screen with a dark rim: its pixels beat against the camera's (moire), a glare, a bluish white.
};

struct Simulation {
    SimulatedView view = SimulatedView::person;
    int frames = 12;         ///< 1 to 64.
    int width = 480;         ///< Pixels of the camera's picture, 64 to 1280; the height is as much.
    std::uint64_t seed = 1;  ///< How it is held.
};

/// The frames of one clip. An empty photograph gives none.
[[nodiscard]] std::vector<Image> simulate_clip(const Image& photograph, const Simulation& how);

}  // namespace menshen::models
