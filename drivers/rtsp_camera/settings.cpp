#include "drivers/rtsp_camera/settings.hpp"

#include <array>
#include <filesystem>

namespace menshen::drivers::rtsp_camera {

namespace {

void read_url(MapReader& reader, Settings& settings) {
    const auto text = reader.required_text("url");
    if (!text) return;
    auto url = parse_url(*text);
    if (url) {
        settings.url = std::move(*url);
    } else {
        reader.complain(*reader.take("url"), "url", url.error().message);
    }
}

// As mqtt.password_file: relative to the config's folder, and only a warning when it is not there, since a config may be checked
// on another machine.
void read_password_file(MapReader& reader, Settings& settings) {
    const auto text = reader.text("password_file");
    if (!text) return;
    const Node& at = *reader.take("password_file");
    if (text->empty()) return reader.complain(at, "password_file", "is empty");
    settings.password_file = (std::filesystem::path(reader.file()).parent_path() / *text).string();
    std::error_code ignored;
    if (!std::filesystem::exists(settings.password_file, ignored)) {
        auto message = fmt::format("{}: {} is not there", reader.path_of("password_file"), settings.password_file);
        reader.problems().add(reader.file(), at.place, std::move(message), Severity::warning);
    }
}

void read_login(MapReader& reader, Settings& settings) {
    settings.username = reader.text("username").value_or("");
    read_password_file(reader, settings);
    const Node* username = reader.take("username");
    const Node* password = reader.take("password_file");
    if (username != nullptr && settings.username.find(':') != std::string::npos)
        reader.complain(*username, "username", "may hold no colon");
    if (password != nullptr && username == nullptr && !settings.url.has_place_for_password())
        reader.complain(*password, "password_file", "needs a username beside it");
    if (settings.url.has_place_for_password() && password == nullptr)
        reader.complain(reader.node(), "url", "has {password} in it, so password_file must be given");
}

}  // namespace

void read_settings(MapReader& reader, DeviceSettings& device) {
    static constexpr std::array<std::string_view, 2> kTransports{"tcp", "udp"};
    auto settings = std::make_shared<Settings>();
    read_url(reader, *settings);
    read_login(reader, *settings);
    if (reader.choice("transport", kTransports) == "udp") settings->transport = Transport::udp;
    settings->fps = static_cast<int>(reader.integer("fps", 1, 30).value_or(settings->fps));
    settings->longest_side = static_cast<int>(reader.integer("longest_side", 320, 3840).value_or(settings->longest_side));
    device.abilities.frames = true;
    device.settings = std::move(settings);
}

}  // namespace menshen::drivers::rtsp_camera
