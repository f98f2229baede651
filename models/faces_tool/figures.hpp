#pragma once
/// What the subcommands print: JSON objects, one a line, as the other benches do.

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "core/result.hpp"
#include "models/calibration.hpp"

namespace menshen::models::faces_tool {

inline int complain(const Error& error) {
    fmt::print(stderr, "menshen-faces: {}\n", error.message);
    return 1;
}

/// {"figure": "face.fnmr", "value": 0.018, "unit": "share"}; `more` are further members: ", \"persons\": 315".
inline void figure(const std::string& name, double value, const char* unit, const std::string& more = {}) {
    fmt::print("{{\"figure\": \"{}\", \"value\": {:.6g}, \"unit\": \"{}\"{}}}\n", name, value, unit, more);
    std::fflush(stdout);
}

/// A rate with its interval.
inline void figure(const std::string& name, const Rate& rate, const std::string& more = {}) {
    figure(name, rate.value, "share", fmt::format(", \"low\": {:.4g}, \"high\": {:.4g}{}", rate.low, rate.high, more));
}

}  // namespace menshen::models::faces_tool
