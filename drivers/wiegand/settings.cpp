#include "drivers/wiegand/settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace menshen::drivers::wiegand {

namespace {

void read_source(MapReader& reader) {
    const Node* node = reader.require("source");
    if (node == nullptr || (node->type == Node::Type::scalar && node->scalar == "simulated")) return;
    if (node->type == Node::Type::scalar && node->scalar == "gpio") {
        reader.complain(*node, "source", "cannot be gpio yet: this version has no GPIO source; the only choice is simulated");
        return;
    }
    static constexpr std::array<std::string_view, 1> kSources{"simulated"};
    (void)reader.choice("source", kSources);
}

void add_format(MapReader& reader, const Node& node, std::vector<const Format*>& formats) {
    if (node.type != Node::Type::scalar) return reader.complain(node, "formats", "must hold names of formats only");
    const Format* format = find_format(node.scalar);
    if (format == nullptr)
        return reader.complain(node, "formats",
                               fmt::format("cannot hold \"{}\"{}", node.scalar, suggestion(node.scalar, format_names())));
    const auto rival = std::find_if(formats.begin(), formats.end(), [&](const Format* f) { return f->bits == format->bits; });
    if (rival != formats.end())
        return reader.complain(node, "formats",
                               fmt::format("cannot hold both {} and {}: both have {} bits, and a frame does not say which it is; "
                                           "keep the one this reader sends",
                                           (*rival)->name, format->name, format->bits));
    if (!format->is_checked())
        reader.problems().add(
            reader.file(), node.place,
            fmt::format("{}: {} has no parity that could be checked: a loose wire can turn one card into another",
                        reader.path_of("formats"), format->name),
            Severity::warning);
    formats.push_back(format);
}

}  // namespace

void read_settings(MapReader& reader, DeviceSettings& device) {
    auto settings = std::make_shared<Settings>();
    read_source(reader);
    if (const Node* node = reader.require("formats"); node != nullptr) {
        if (node->type == Node::Type::list) {
            for (const auto& item : node->items) add_format(reader, item, settings->formats);
            if (node->items.empty())
                reader.complain(*node, "formats", "is empty; name what this reader sends, for example H10301");
        } else {
            add_format(reader, *node, settings->formats);
        }
    }
    settings->hold = reader.duration("hold", {Presence::kShortestHold, Presence::kLongestHold}).value_or(Presence::kDefaultHold);
    device.simulated = true;
    device.abilities.cards = true;
    device.abilities.signals = true;
    device.settings = std::move(settings);
}

}  // namespace menshen::drivers::wiegand
