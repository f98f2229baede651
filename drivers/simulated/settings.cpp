#include "drivers/simulated/settings.hpp"

#include <array>

#include "drivers/sink.hpp"

namespace menshen::drivers::simulated {

namespace {

constexpr std::array kLines{Line::contact, Line::exit_button, Line::fire, Line::tamper, Line::activity};

void add_line(MapReader& reader, const Node& node, std::vector<Line>& lines) {
    static const auto kNames = [] {
        std::array<std::string_view, kLines.size()> names;
        for (std::size_t i = 0; i < kLines.size(); ++i) names[i] = name_of(kLines[i]);
        return names;
    }();
    if (node.type != Node::Type::scalar) return reader.complain(node, "lines", "must hold names of lines only");
    for (const Line line : kLines) {
        if (node.scalar != name_of(line)) continue;
        for (const Line before : lines)
            if (before == line) return reader.complain(node, "lines", fmt::format("holds {} twice", node.scalar));
        lines.push_back(line);
        return;
    }
    reader.complain(node, "lines", fmt::format("cannot hold \"{}\"{}", node.scalar, suggestion(node.scalar, kNames)));
}

}  // namespace

void read_settings(MapReader& reader, DeviceSettings& device) {
    const Node* lines = reader.take("lines");
    if (lines != nullptr && lines->type == Node::Type::list)
        for (const auto& item : lines->items) add_line(reader, item, device.abilities.lines);
    else if (lines != nullptr)
        add_line(reader, *lines, device.abilities.lines);
    const Node* lock = reader.take("lock");
    device.abilities.lock = reader.boolean("lock").value_or(false);
    const Node* signals = reader.take("signals");
    device.abilities.signals = reader.boolean("signals").value_or(false);
    if (lines == nullptr && lock == nullptr && signals == nullptr)
        reader.complain(reader.node(), "", "has nothing to simulate; give lines, lock or signals");
    device.simulated = true;
    device.settings = std::make_shared<Settings>();
}

}  // namespace menshen::drivers::simulated
