#include "daemon/config/config.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "daemon/config/sections.hpp"

namespace menshen::config {

namespace {

constexpr std::size_t kFileLimit = 1 << 20;
constexpr std::size_t kMostRecipients = 64;

Result<std::string> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail("cannot be opened: {}", std::strerror(errno));
    std::string text;
    std::string piece(64 * 1024, '\0');
    ssize_t got = 0;
    // One byte over the limit is enough for the parser to refuse it.
    while (text.size() <= kFileLimit && (got = ::read(fd, piece.data(), piece.size())) > 0) {
        text.append(piece, 0, static_cast<std::size_t>(got));
    }
    const int error = errno;
    ::close(fd);
    if (got < 0) return fail("cannot be read: {}", std::strerror(error));
    return text;
}

void read_identity(MapReader& reader, Config& config) {
    if (reader.require("site") != nullptr) config.gate.site = SiteId(topic_safe(reader, "site").value_or(""));
    if (reader.require("gate") != nullptr) config.gate.gate = GateId(topic_safe(reader, "gate").value_or(""));
    const auto zone = reader.required_text("zone");
    if (!zone) return;
    auto found = Zone::find(*zone);
    if (found) {
        config.zone = *found;
    } else {
        reader.complain(*reader.take("zone"), "zone", fmt::format("is not known: {}", found.error().message));
    }
}

void read_recipients(MapReader& reader, const Context& context, Config& config) {
    const Node* node = reader.take("recipients");
    if (node == nullptr) return;
    // No id holds a dot or a slash: a text that does is a file's path.
    if (node->type == Node::Type::scalar && node->scalar.find_first_of("./") != std::string::npos) {
        config.recipients_file = context.join(node->scalar);
        return;
    }
    const auto names = reader.texts("recipients").value_or(std::vector<std::string>{});
    if (names.size() > kMostRecipients) reader.complain(*node, "recipients", fmt::format("may be {} at most", kMostRecipients));
    for (const auto& name : names) {
        if (!is_topic_safe(name)) {
            reader.complain(*node, "recipients", fmt::format("must match [a-z0-9-]{{1,32}}, got \"{}\"", name));
        } else if (std::find(config.recipients.begin(), config.recipients.end(), RecipientId(name)) != config.recipients.end()) {
            reader.complain(*node, "recipients", fmt::format("names \"{}\" twice", name));
        } else {
            config.recipients.emplace_back(name);
        }
    }
}

Config read_root(MapReader& reader, const Context& context) {
    Config config;
    config.file = context.file;
    read_identity(reader, config);
    const auto devices = read_devices(reader.require("devices"), context, config);
    read_inputs(reader.take("inputs"), devices, context, config);
    read_doors(reader.require("doors"), devices, context, config);
    read_faces(reader.take("faces"), devices, context, config);
    read_mqtt(reader.take("mqtt"), context, config);
    read_mqtt_inputs(reader.take("mqtt_inputs"), context, config);
    note_feeds(devices, config);
    read_rules(reader.take("rules"), context, config);
    read_recipients(reader, context, config);
    if (const auto path = reader.text("calendar")) {
        if (path->empty()) reader.complain(*reader.take("calendar"), "calendar", "is empty");
        config.calendar_file = context.join(*path);
    }
    read_privacy(reader.take("privacy"), context, config);
    read_control(reader.take("control"), context, config);
    read_store(reader.take("store"), context, config);
    read_log(reader.take("log"), context, config);
    reader.finish();
    return config;
}

}  // namespace

std::string Context::join(const std::string& path) const {
    return folder.empty() || path.empty() ? path : (std::filesystem::path(folder) / path).string();
}

std::optional<std::string> topic_safe(MapReader& reader, std::string_view key) {
    auto text = reader.text(key);
    if (!text || is_topic_safe(*text)) return text;
    reader.complain(*reader.take(key), key,
                    fmt::format("must be 1 to 32 of a-z, 0-9 and -, since it stands in MQTT topics; got \"{}\"", *text));
    return std::nullopt;
}

std::optional<Config> read_config(const std::string& path, Problems& problems) {
    const auto text = read_file(path);
    if (!text) {
        problems.add(path, {}, text.error().message);
        return std::nullopt;
    }
    return read_config_text(path, *text, problems);
}

std::optional<Config> read_config_text(const std::string& file, std::string_view text, Problems& problems) {
    const auto before = problems.errors();
    const auto root = parse_document(file, text, problems);
    if (!root) return std::nullopt;
    if (root->type == Node::Type::null) {
        problems.add(file, {}, "the config is empty; docs/config.md has one to begin with");
        return std::nullopt;
    }
    MapReader reader(*root, file, "", problems);
    if (root->type != Node::Type::map) return std::nullopt;
    const Context context{.file = file, .folder = std::filesystem::path(file).parent_path().string(), .problems = problems};
    auto config = read_root(reader, context);
    if (problems.errors() > before) return std::nullopt;
    return config;
}

}  // namespace menshen::config
