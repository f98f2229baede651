#pragma once
/// Asks a camera what it is and what it offers, and agrees on what it will send.

#include "core/result.hpp"
#include "drivers/v4l2_camera/calls.hpp"
#include "drivers/v4l2_camera/yuv.hpp"

namespace menshen::drivers::v4l2_camera {

/// Of an opened device; returns what the driver says it will send, which may be other than the wish. Every list is asked for up
/// to a limit. Also asks to be told when what is sent changes. Fails when it is no camera, or sends nothing that is understood
/// here.
[[nodiscard]] Result<Layout> negotiate(Calls& calls, const Wish& wish);

}  // namespace menshen::drivers::v4l2_camera
