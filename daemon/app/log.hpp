#pragma once
/// One line an event on stderr, led by journald's priority prefix (sd-daemon(3)): "<6>door opened door=front". Any thread.
///
/// What the levels mean: error: something the technician must mend; warning: it works on, but somebody should look; info: what a
/// person would want to see of a normal day; debug: for whoever writes the code. Never card numbers, names, digits or templates.

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace menshen::log {

enum class Level : unsigned char { debug, info, warning, error };

void set_level(Level least);
void write(Level level, std::string_view line);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace menshen::log
