#pragma once

namespace menshen::app {

inline constexpr const char* kVersion = MENSHEN_VERSION;

}  // namespace menshen::app
