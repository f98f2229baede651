#include <algorithm>
#include <charconv>

#include "daemon/config/sections.hpp"

namespace menshen::config {

namespace {

constexpr double kSmallestShare = 1e-6;
constexpr double kLargestShare = 0.05;

/// "0.1%" or 0.001.
std::optional<double> read_share(MapReader& reader, std::string_view key) {
    const auto text = reader.text(key);
    if (!text) return std::nullopt;
    const bool percent = text->ends_with('%');
    const auto* end = text->data() + text->size() - (percent ? 1 : 0);
    double value = 0;
    const auto [stopped, error] = std::from_chars(text->data(), end, value);
    if (percent) value /= 100;
    if (error == std::errc{} && stopped == end && value >= kSmallestShare && value <= kLargestShare) return value;
    reader.complain(*reader.take(key), key, fmt::format("must be a share from 0.0001% to 5%, such as 0.1%, got \"{}\"", *text));
    return std::nullopt;
}

}  // namespace

void read_faces(const Node* node, const Devices& devices, const Context& context, Config& config) {
    const auto is_camera = [&](const DeviceId& id) {
        const auto device = devices.find(id.str());
        return device != devices.end() && device->second.abilities.frames;
    };
    const auto has_camera = [&](const DoorSettings& door) {
        return std::any_of(door.readers_in.begin(), door.readers_in.end(), is_camera) ||
               std::any_of(door.readers_out.begin(), door.readers_out.end(), is_camera);
    };
    const bool wanted = std::any_of(config.gate.doors.begin(), config.gate.doors.end(), has_camera);
    if (wanted) config.faces = Faces{};
    if (node == nullptr) return;
    if (!wanted) context.warn(*node, "faces is given, but no door has a camera");
    MapReader reader(*node, context.file, "faces", context.problems);
    Faces faces;
    faces.models = existing_path(reader, "models", context);
    faces.threads = static_cast<int>(reader.integer("threads", 1, 8).value_or(faces.threads));
    faces.embedder = reader.text("embedder").value_or("");
    faces.target_fpir = read_share(reader, "target_fpir").value_or(faces.target_fpir);
    faces.target_fmr = read_share(reader, "target_fmr").value_or(faces.target_fmr);
    if (const auto text = reader.choice("liveness", kLivenesses)) {
        faces.liveness = static_cast<Liveness>(std::find(kLivenesses.begin(), kLivenesses.end(), *text) - kLivenesses.begin());
    }
    faces.calibration = existing_path(reader, "calibration", context);
    reader.finish();
    if (wanted) config.faces = std::move(faces);
}

}  // namespace menshen::config
