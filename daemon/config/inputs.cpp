// Signs of life: input lines and MQTT messages, and what each device can tell.

#include <algorithm>
#include <array>
#include <set>

#include "daemon/config/sections.hpp"

namespace menshen::config {

namespace {

constexpr std::array<std::string_view, 2> kKinds{"activity", "tag"};
constexpr std::size_t kMostMqttInputs = 64;
constexpr std::size_t kTopicLimit = 256;
constexpr std::size_t kMostValues = 16;

/// Whose it is: a person, a household, or neither.
void read_whose(MapReader& reader, PersonId& person, HouseholdId& household) {
    for (const auto* key : {"person", "household"}) {
        const auto text = reader.text(key);
        if (!text) continue;
        if (!is_opaque_id(*text)) {
            reader.complain(*reader.take(key), key, fmt::format("must be 1 to 64 of A-Z a-z 0-9 - _ . : @, got \"{}\"", *text));
        } else if (std::string_view(key) == "person") {
            person = PersonId(*text);
        } else {
            household = HouseholdId(*text);
        }
    }
    if (person && household) {
        reader.complain(reader.node(), "", "names both a person and a household; a person's household is known already");
    }
}

std::vector<std::string_view> levels_of(std::string_view topic) {
    std::vector<std::string_view> out;
    for (;;) {
        const auto end = topic.find('/');
        out.push_back(topic.substr(0, end));
        if (end == std::string_view::npos) return out;
        topic.remove_prefix(end + 1);
    }
}

/// Why it cannot be subscribed to; empty when it can.
std::string bad_topic(std::string_view topic) {
    const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
    if (topic.empty() || topic.size() > kTopicLimit) return fmt::format("must have 1 to {} bytes", kTopicLimit);
    if (std::any_of(topic.begin(), topic.end(), is_control)) return "holds a control character";
    if (topic.find('#') != std::string_view::npos) return "cannot hold the wildcard #; name the topics, or use + for one level";
    if (topic.front() == '$') return "cannot begin with $: those topics are the broker's own";
    const auto levels = levels_of(topic);
    for (const auto level : levels) {
        if (level.size() > 1 && level.find('+') != std::string_view::npos) return "holds a + that is not a whole level";
    }
    const auto may_be = [&](std::size_t at, std::string_view word) { return levels[at] == word || levels[at] == "+"; };
    if (levels.size() > 2 && may_be(0, "menshen") && may_be(1, "v1")) {
        return "lies below menshen/v1/, where gates speak to the platform; no sensor may speak there";
    }
    return {};
}

void read_when(const Node& node, const std::string& path, const Context& context, MqttInput& input) {
    const Node* values = &node;
    if (node.type == Node::Type::map) {
        MapReader reader(node, context.file, path, context.problems);
        const Node* pointer = reader.require("pointer");
        input.when_pointer = reader.text("pointer").value_or("");
        if (pointer != nullptr && !input.when_pointer->empty() && input.when_pointer->front() != '/') {
            reader.complain(*pointer, "pointer", fmt::format("must begin with /, as in /state; got \"{}\"", *input.when_pointer));
        }
        values = reader.require("equals");
        if (values != nullptr) input.when_values = reader.texts("equals").value_or(std::vector<std::string>{});
        reader.finish();
    } else if (node.type == Node::Type::list) {
        for (const auto& item : node.items) input.when_values.push_back(item.scalar);
        const auto is_scalar = [](const Node& item) { return item.type == Node::Type::scalar; };
        if (!std::all_of(node.items.begin(), node.items.end(), is_scalar)) context.error(node, path + " must hold texts only");
    } else {
        input.when_values.push_back(node.scalar);
    }
    if (values != nullptr && (input.when_values.empty() || input.when_values.size() > kMostValues)) {
        context.error(*values, fmt::format("{} must give 1 to {} values", path, kMostValues));
    }
}

void read_tag(MapReader& reader, MqttInput& input) {
    const Node* tag = reader.require("tag");
    input.tag = reader.text("tag").value_or("");
    if (tag != nullptr && tag->type == Node::Type::scalar && !is_topic_safe(input.tag)) {
        reader.complain(*tag, "tag", fmt::format("must be 1 to 32 of a-z, 0-9 and -, got \"{}\"", input.tag));
    }
    std::ignore = reader.require("for");
    input.lasts = reader.duration("for", {1min, 24h * 30}).value_or(1min);
    if (const Node* household = reader.take("household")) {
        reader.complain(*household, "household", "cannot have a tag: name a person, or nobody for a tag of the gate");
    }
}

MqttInput read_mqtt_input(const Node& node, const std::string& path, const Context& context) {
    MqttInput input;
    MapReader reader(node, context.file, path, context.problems);
    const Node* topic = reader.require("topic");
    input.topic = reader.text("topic").value_or("");
    if (topic != nullptr && topic->type == Node::Type::scalar) {
        if (const auto why = bad_topic(input.topic); !why.empty()) {
            reader.complain(*topic, "topic", fmt::format("{}; got \"{}\"", why, input.topic.substr(0, 64)));
        }
    }
    const auto kind = reader.choice("kind", kKinds);
    if (!kind && reader.take("kind") == nullptr) std::ignore = reader.require("kind");
    read_whose(reader, input.person, input.household);
    if (kind == "tag") {
        input.kind = MqttInput::Kind::tag;
        read_tag(reader, input);
    } else {
        for (const auto* key : {"tag", "for"}) {
            const Node* extra = reader.take(key);
            if (extra != nullptr && kind) reader.complain(*extra, key, "is for kind: tag only");
        }
    }
    if (const Node* when = reader.take("when")) read_when(*when, path + ".when", context, input);
    reader.finish();
    return input;
}

void feed(std::set<Kind>& kinds, const drivers::Abilities& abilities) {
    if (abilities.cards) kinds.insert(Kind::card_read);
    if (abilities.frames) kinds.insert({Kind::face_seen, Kind::card_face});
}

}  // namespace

void read_inputs(const Node* node, const Devices& devices, const Context& context, Config& config) {
    if (node == nullptr) return;
    if (node->type != Node::Type::map)
        return context.error(*node, "inputs must be a map of devices and whose sign of life each is");
    std::vector<std::string_view> able;
    for (const auto& [name, device] : devices) {
        if (device.abilities.has(Line::activity)) able.push_back(name);
    }
    for (const auto& entry : node->entries) {
        const auto path = "inputs." + entry.key;
        const auto device = devices.find(entry.key);
        const auto complain = [&](std::string message) { context.problems.add(context.file, entry.place, std::move(message)); };
        if (device == devices.end()) {
            complain(fmt::format("{} is no device{}", path,
                                 able.empty() ? "; none has an activity line" : suggestion(entry.key, able)));
        } else if (device->second.readable && !device->second.abilities.has(Line::activity)) {
            complain(fmt::format("{}: the device (driver {}) has no activity line; a simulated one has it with lines: [activity]",
                                 path, device->second.driver));
        }
        ActivityInput input{.device = DeviceId(entry.key), .person = {}, .household = {}};
        if (entry.value.type != Node::Type::null) {
            MapReader reader(entry.value, context.file, path, context.problems);
            read_whose(reader, input.person, input.household);
            reader.finish();
        }
        config.gate.inputs.push_back(std::move(input));
    }
}

void read_mqtt_inputs(const Node* node, const Context& context, Config& config) {
    if (node == nullptr) return;
    if (node->type != Node::Type::list) return context.error(*node, "mqtt_inputs must be a list; each has a topic and a kind");
    if (!config.mqtt) context.error(*node, "mqtt_inputs needs the broker: give mqtt too");
    if (node->items.size() > kMostMqttInputs)
        context.error(*node, fmt::format("mqtt_inputs may hold {} at most", kMostMqttInputs));
    for (std::size_t i = 0; i < node->items.size() && i < kMostMqttInputs; ++i) {
        config.mqtt_inputs.push_back(read_mqtt_input(node->items[i], fmt::format("mqtt_inputs[{}]", i + 1), context));
    }
}

void note_feeds(const Devices& devices, Config& config) {
    std::map<std::string, std::set<Kind>> feeds;
    for (const auto& [name, device] : devices) feed(feeds[name], device.abilities);
    for (const auto& door : config.gate.doors) {
        for (const auto* side : {&door.readers_in, &door.readers_out}) {
            for (const auto& reader : *side) {
                const auto device = devices.find(reader.str());
                if (device == devices.end()) continue;
                if (device->second.abilities.frames) config.gate.cameras.insert(reader);
                const bool opens = device->second.abilities.cards || door.mode == DoorMode::card_or_face;
                if (opens) feeds[reader.str()].insert({Kind::granted, Kind::denied, Kind::passage});
            }
        }
        if (door.contact) {
            feeds[door.contact.str()].insert({Kind::door_opened, Kind::door_closed, Kind::door_held, Kind::door_forced});
        }
        if (door.exit_button) feeds[door.exit_button.str()].insert(Kind::exit_request);
    }
    for (const auto& input : config.gate.inputs) feeds[input.device.str()].insert(Kind::activity);
    const auto is_activity = [](const MqttInput& input) { return input.kind == MqttInput::Kind::activity; };
    if (std::any_of(config.mqtt_inputs.begin(), config.mqtt_inputs.end(), is_activity)) {
        feeds[std::string(kMqttDevice)].insert(Kind::activity);
    }
    for (const auto& [name, kinds] : feeds) {
        if (!kinds.empty()) config.gate.feeds[DeviceId(name)].assign(kinds.begin(), kinds.end());
    }
}

}  // namespace menshen::config
