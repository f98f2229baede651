#pragma once
/// The parts of the config file. Private to this room.

#include <map>
#include <string>
#include <vector>

#include "daemon/config/config.hpp"

namespace menshen::config {

/// What every part needs to know.
struct Context {
    std::string file;
    std::string folder;  ///< Of the config file; empty: the working folder.
    Problems& problems;

    /// An absolute path as it is, a relative one joined with the folder.
    [[nodiscard]] std::string join(const std::string& path) const;
    void error(const Node& at, std::string message) const { problems.add(file, at.place, std::move(message)); }
    void warn(const Node& at, std::string message) const { problems.add(file, at.place, std::move(message), Severity::warning); }
};

/// A device of the file: every one that is named, readable or not, so that a door that uses it is not told that it is missing.
struct Device {
    Place place;
    bool readable = false;
    drivers::Abilities abilities;
    std::string driver;
};
using Devices = std::map<std::string, Device>;

/// A path below `key`, joined; a warning when nothing is there, for the check may run on another machine than the gate.
[[nodiscard]] std::string existing_path(MapReader& reader, std::string_view key, const Context& context);
[[nodiscard]] std::optional<std::string> topic_safe(MapReader& reader, std::string_view key);

[[nodiscard]] Devices read_devices(const Node* node, const Context& context, Config& config);
/// Before the doors.
void read_inputs(const Node* node, const Devices& devices, const Context& context, Config& config);
/// After `mqtt`.
void read_mqtt_inputs(const Node* node, const Context& context, Config& config);
/// Last: the kinds of record that each device can cause.
void note_feeds(const Devices& devices, Config& config);
/// Also says which devices neither a door nor an input uses.
void read_doors(const Node* node, const Devices& devices, const Context& context, Config& config);
/// After the doors: the face pipeline runs when one of them has a camera.
void read_faces(const Node* node, const Devices& devices, const Context& context, Config& config);
void read_mqtt(const Node* node, const Context& context, Config& config);
void read_rules(const Node* node, const Context& context, Config& config);
void read_privacy(const Node* node, const Context& context, Config& config);
void read_control(const Node* node, const Context& context, Config& config);
void read_store(const Node* node, const Context& context, Config& config);
void read_log(const Node* node, const Context& context, Config& config);

}  // namespace menshen::config
