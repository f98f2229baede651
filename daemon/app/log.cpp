#include "daemon/app/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>

namespace menshen::log {

namespace {

std::atomic<Level> least_level{Level::info};

char priority(Level level) {
    switch (level) {
        case Level::debug:
            return '7';
        case Level::info:
            return '6';
        case Level::warning:
            return '4';
        case Level::error:
            return '3';
    }
    return '6';
}

}  // namespace

void set_level(Level least) { least_level = least; }

void write(Level level, std::string_view line) {
    if (level < least_level) return;
    std::string out = fmt::format("<{}>{}\n", priority(level), line);
    // A line break inside a line would let a device's text pass for a line of ours.
    std::replace(out.begin(), out.end() - 1, '\n', ' ');
    // One write a line: lines of several threads do not mix. A log that cannot be written is no reason to stop.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, out.data(), out.size());
}

}  // namespace menshen::log
