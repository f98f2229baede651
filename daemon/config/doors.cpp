#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "daemon/config/sections.hpp"

namespace menshen::config {

namespace {

constexpr std::size_t kMostDevices = 64;
constexpr std::size_t kMostDoors = 16;
constexpr std::size_t kMostReaders = 8;  // of one side of a door

template <class Choice, std::size_t N>
Choice chosen(MapReader& reader, std::string_view key, const std::array<std::string_view, N>& choices, Choice otherwise) {
    const auto text = reader.choice(key, choices);
    if (!text) return otherwise;
    return static_cast<Choice>(std::find(choices.begin(), choices.end(), *text) - choices.begin());
}

/// Reads doors and keeps account of who uses which device.
class DoorReader {
public:
    DoorReader(const Devices& devices, const Context& context) : devices_(devices), context_(context) {
        for (const auto& [name, device] : devices_) names_.push_back(name);
    }

    DoorSettings read(const Node::Entry& entry);
    void complain_of_unused(const std::vector<ActivityInput>& inputs) const;

private:
    enum class Sharing : std::uint8_t { alone, shared };
    struct Post {
        std::string what;  ///< "doors.front.lock"
        std::string duty;  ///< "a lock"
        bool (*fits)(const drivers::Abilities&);
        Sharing sharing = Sharing::alone;
    };

    DeviceId use(const Node& at, const std::string& name, const Post& post);
    DeviceId single(MapReader& reader, std::string_view key, Post post);
    void read_names(MapReader& reader, DoorSettings& door);
    void read_readers(MapReader& reader, DoorSettings& door);
    std::vector<DeviceId> read_side(MapReader& reader, std::string_view side);
    void read_mode(MapReader& reader, DoorSettings& door);
    void read_times(MapReader& reader, DoorSettings& door);
    void check_ways_in(MapReader& reader, const DoorSettings& door);
    [[nodiscard]] bool any(const std::vector<DeviceId>& readers, bool drivers::Abilities::*ability) const;
    [[nodiscard]] bool all_readable(const std::vector<DeviceId>& readers) const;

    const Devices& devices_;
    const Context& context_;
    std::vector<std::string_view> names_;
    bool guessing_ = false;  ///< A name was not found.
    std::set<std::string> used_;
    /// A device may be lock and contact at once, but not the lock of two doors: (device, duty) -> where, "doors.front.lock".
    std::map<std::pair<std::string, std::string>, std::string> duties_;
};

DeviceId DoorReader::use(const Node& at, const std::string& name, const Post& post) {
    const auto device = devices_.find(name);
    if (device == devices_.end()) {
        guessing_ = true;
        context_.error(at, names_.empty() ? fmt::format("{} names the device \"{}\", and there are no devices", post.what, name)
                                          : fmt::format("{} names the device \"{}\", which is not there{}", post.what, name,
                                                        suggestion(name, names_)));
        return {};
    }
    used_.insert(name);
    const auto [before, is_new] = duties_.emplace(std::pair(name, post.duty), post.what);
    if (!is_new && post.sharing == Sharing::alone) {
        context_.error(at, fmt::format("{}: the device \"{}\" is {} already, at {}", post.what, name, post.duty, before->second));
    }
    if (device->second.readable && !post.fits(device->second.abilities)) {
        context_.error(
            at, fmt::format("{}: the device \"{}\" (driver {}) cannot be {}", post.what, name, device->second.driver, post.duty));
    }
    return DeviceId(name);
}

DeviceId DoorReader::single(MapReader& reader, std::string_view key, Post post) {
    const auto name = reader.text(key);
    if (!name) return {};
    post.what = reader.path_of(key);
    return use(*reader.take(key), *name, post);
}

std::vector<DeviceId> DoorReader::read_side(MapReader& reader, std::string_view side) {
    std::vector<DeviceId> out;
    const Node* node = reader.take(side);
    const auto names = reader.texts(side);
    if (node == nullptr || !names) return out;
    if (names->size() > kMostReaders) reader.complain(*node, side, fmt::format("may name {} readers at most", kMostReaders));
    const Post post{.what = reader.path_of(side), .duty = "a reader", .fits = [](const drivers::Abilities& a) {
                        return a.cards || a.frames;
                    }};
    for (std::size_t i = 0; i < names->size() && i < kMostReaders; ++i) {
        const Node& at = node->type == Node::Type::list && i < node->items.size() ? node->items[i] : *node;
        if (auto id = use(at, (*names)[i], post)) out.push_back(std::move(id));
    }
    return out;
}

void DoorReader::read_readers(MapReader& reader, DoorSettings& door) {
    const Node* node = reader.take("readers");
    if (node == nullptr) return;
    MapReader sides(*node, context_.file, reader.path_of("readers"), context_.problems);
    door.readers_in = read_side(sides, "in");
    door.readers_out = read_side(sides, "out");
    sides.finish();
}

void DoorReader::read_names(MapReader& reader, DoorSettings& door) {
    door.name_zh = door.name_en = door.id.str();
    const Node* node = reader.take("name");
    if (node == nullptr) return;
    if (node->type == Node::Type::scalar) {
        door.name_zh = door.name_en = node->scalar;
        return;
    }
    MapReader names(*node, context_.file, reader.path_of("name"), context_.problems);
    const auto zh = names.text("zh");
    const auto en = names.text("en");
    door.name_zh = zh.value_or(en.value_or(door.id.str()));
    door.name_en = en.value_or(zh.value_or(door.id.str()));
    names.finish();
}

void DoorReader::read_mode(MapReader& reader, DoorSettings& door) {
    const Node* node = reader.take("mode");
    if (node != nullptr && node->type == Node::Type::scalar && node->scalar == "face") {
        reader.complain(
            *node, "mode",
            "cannot be \"face\": a face is never the only way in. Use card_or_face, with a card reader beside the camera");
        door.mode = DoorMode::card_or_face;
        return;
    }
    door.mode = chosen(reader, "mode", kDoorModes, DoorMode::card);
}

void DoorReader::read_times(MapReader& reader, DoorSettings& door) {
    door.unlock = reader.duration("unlock", {500ms, 60s}).value_or(door.unlock);
    door.held_after = reader.duration("held_after", {1s, 10min}).value_or(door.held_after);
    door.audit = chosen(reader, "audit", kAudits, door.audit);
    door.relock = chosen(reader, "relock", kRelocks, door.relock);
    door.camera_offline = chosen(reader, "camera_offline", kCameraOfflines, door.camera_offline);
    door.untrusted_clock = chosen(reader, "untrusted_clock", kUntrustedClocks, door.untrusted_clock);
}

bool DoorReader::any(const std::vector<DeviceId>& readers, bool drivers::Abilities::*ability) const {
    return std::any_of(readers.begin(), readers.end(), [&](const DeviceId& id) {
        const auto device = devices_.find(id.str());
        return device != devices_.end() && device->second.abilities.*ability;
    });
}

bool DoorReader::all_readable(const std::vector<DeviceId>& readers) const {
    return std::all_of(readers.begin(), readers.end(), [&](const DeviceId& id) {
        const auto device = devices_.find(id.str());
        return device != devices_.end() && device->second.readable;
    });
}

void DoorReader::check_ways_in(MapReader& reader, const DoorSettings& door) {
    if (!all_readable(door.readers_in) || !all_readable(door.readers_out)) return;  // said already, and not known better
    const auto cards = &drivers::Abilities::cards;
    const auto frames = &drivers::Abilities::frames;
    const bool faces_open = door.mode == DoorMode::card_or_face;
    if (faces_open && any(door.readers_in, frames) && !any(door.readers_in, cards)) {
        reader.complain(reader.node(), "readers.in",
                        "holds cameras only: a face is never the only way in. Add a card reader, or set mode: card");
    }
    if (faces_open && any(door.readers_out, frames) && !any(door.readers_out, cards) && !door.exit_button) {
        reader.complain(reader.node(), "readers.out",
                        "holds cameras only: a face is never the only way out. Add a card reader or an exit_button");
    }
    if (door.mode != DoorMode::card && !any(door.readers_in, frames) && !any(door.readers_out, frames)) {
        const auto mode = kDoorModes.at(static_cast<std::size_t>(door.mode));
        context_.warn(reader.node(),
                      fmt::format("{} is {}, but no reader of this door is a camera", reader.path_of("mode"), mode));
    }
    if (!any(door.readers_in, cards)) {
        context_.warn(reader.node(),
                      reader.path_of("readers.in") + " holds no card reader: from outside only `menshen door open` opens it");
    }
}

DoorSettings DoorReader::read(const Node::Entry& entry) {
    DoorSettings door;
    door.id = DoorId(entry.key);
    MapReader reader(entry.value, context_.file, "doors." + entry.key, context_.problems);
    read_names(reader, door);
    read_readers(reader, door);
    std::ignore = reader.require("lock");
    door.lock =
        single(reader, "lock", {.what = {}, .duty = "a lock", .fits = [](const drivers::Abilities& a) { return a.lock; }});
    door.contact =
        single(reader, "contact",
               {.what = {}, .duty = "a contact", .fits = [](const drivers::Abilities& a) { return a.has(Line::contact); }});
    door.exit_button = single(
        reader, "exit_button",
        {.what = {}, .duty = "an exit button", .fits = [](const drivers::Abilities& a) { return a.has(Line::exit_button); }});
    door.fire = single(reader, "fire",
                       {.what = {},
                        .duty = "a fire input",
                        .fits = [](const drivers::Abilities& a) { return a.has(Line::fire); },
                        .sharing = Sharing::shared});
    read_mode(reader, door);
    read_times(reader, door);
    reader.finish();
    check_ways_in(reader, door);
    return door;
}

void DoorReader::complain_of_unused(const std::vector<ActivityInput>& inputs) const {
    if (guessing_) return;  // The unused one is most likely the one whose name was misspelt.
    for (const auto& [name, device] : devices_) {
        const auto is_it = [&](const ActivityInput& input) { return input.device.str() == name; };
        if (used_.contains(name) || std::any_of(inputs.begin(), inputs.end(), is_it)) continue;
        context_.problems.add(context_.file, device.place, fmt::format("devices.{} is used by no door", name), Severity::warning);
    }
}

/// Entries of a map, named by ids that are safe in topics; the others are complained of.
template <class Read>
void for_each_named(const Node& node, const Context& context, std::string_view path, std::size_t most, Read read) {
    if (node.type != Node::Type::map) {
        context.error(node, fmt::format("{} must be a map of names and settings", path));
        return;
    }
    if (node.entries.size() > most) context.error(node, fmt::format("{} may hold {} at most", path, most));
    for (std::size_t i = 0; i < node.entries.size() && i < most; ++i) {
        const auto& entry = node.entries[i];
        if (!is_topic_safe(entry.key)) {
            context.problems.add(context.file, entry.place,
                                 fmt::format("{}: the name \"{}\" must be 1 to 32 of a-z, 0-9 and -", path, entry.key));
        }
        read(entry);
    }
}

}  // namespace

Devices read_devices(const Node* node, const Context& context, Config& config) {
    Devices devices;
    if (node == nullptr) return devices;
    for_each_named(*node, context, "devices", kMostDevices, [&](const Node::Entry& entry) {
        Device device{.place = entry.place, .readable = false, .abilities = {}, .driver = {}};
        auto settings =
            drivers::read_device(DeviceId(entry.key), entry.value, context.file, "devices." + entry.key, context.problems);
        if (settings) {
            device.readable = true;
            device.abilities = settings->abilities;
            device.driver = settings->driver;
            config.devices.push_back(std::move(*settings));
        }
        devices.emplace(entry.key, std::move(device));
    });
    return devices;
}

void read_doors(const Node* node, const Devices& devices, const Context& context, Config& config) {
    if (node == nullptr) return;
    DoorReader doors(devices, context);
    for_each_named(*node, context, "doors", kMostDoors,
                   [&](const Node::Entry& entry) { config.gate.doors.push_back(doors.read(entry)); });
    if (node->type == Node::Type::map && node->entries.empty()) context.error(*node, "doors must hold one door at least");
    doors.complain_of_unused(config.gate.inputs);
}

}  // namespace menshen::config
