#include "daemon/config/sections.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>

namespace menshen::config {

namespace {

constexpr std::array<std::string_view, 2> kProtocols{"3.1.1", "5"};
constexpr std::array<std::string_view, 2> kDeliveries{"platform", "broker"};
constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kNames{"household", "person"};
constexpr std::size_t kMostRulePaths = 64;
constexpr std::size_t kSocketPathLimit = 107;  // sockaddr_un without its final zero
constexpr std::uint64_t kMega = 1ull << 20;

void read_tls(const Node& node, const std::string& path, const Context& context, Mqtt& mqtt) {
    MapReader reader(node, context.file, path, context.problems);
    Tls tls;
    std::ignore = reader.require("ca");
    tls.ca = existing_path(reader, "ca", context);
    tls.cert = existing_path(reader, "cert", context);
    tls.key = existing_path(reader, "key", context);
    if (tls.cert.empty() != tls.key.empty()) reader.complain(node, "", "needs both cert and key, or neither");
    reader.finish();
    mqtt.tls = tls;
}

void read_retry(const Node& node, const std::string& path, const Context& context, Mqtt& mqtt) {
    MapReader reader(node, context.file, path, context.problems);
    mqtt.retry_min = reader.duration("min", {100ms, 10min}).value_or(mqtt.retry_min);
    mqtt.retry_max = reader.duration("max", {100ms, 1h}).value_or(std::max(mqtt.retry_min, mqtt.retry_max));
    if (mqtt.retry_min > mqtt.retry_max) {
        reader.complain(node, "", fmt::format("has min {} above max {}", to_text(mqtt.retry_min), to_text(mqtt.retry_max)));
    }
    reader.finish();
}

bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= 253 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7F && c != '/'; });
}

}  // namespace

std::string existing_path(MapReader& reader, std::string_view key, const Context& context) {
    const auto text = reader.text(key);
    if (!text) return {};
    const Node& at = *reader.take(key);
    if (text->empty()) {
        reader.complain(at, key, "is empty");
        return {};
    }
    auto path = context.join(*text);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) context.warn(at, fmt::format("{}: {} is not there", reader.path_of(key), path));
    return path;
}

void read_mqtt(const Node* node, const Context& context, Config& config) {
    if (node == nullptr) return;
    MapReader reader(*node, context.file, "mqtt", context.problems);
    Mqtt mqtt;
    mqtt.host = reader.required_text("host").value_or("");
    if (const Node* host = reader.take("host"); host != nullptr && host->type == Node::Type::scalar && !is_host(mqtt.host)) {
        reader.complain(*host, "host", fmt::format("must be a name or an address without a scheme, got \"{}\"", mqtt.host));
    }
    const Node* tls = reader.take("tls");
    if (tls != nullptr) read_tls(*tls, "mqtt.tls", context, mqtt);
    mqtt.port = static_cast<std::uint16_t>(reader.integer("port", 1, 65535).value_or(tls != nullptr ? 8883 : 1883));
    if (reader.choice("protocol", kProtocols) == "5") mqtt.protocol = Protocol::v5;
    if (reader.choice("delivery", kDeliveries) == "broker") mqtt.delivery = Delivery::broker;
    mqtt.username = reader.text("username").value_or("");
    mqtt.password_file = existing_path(reader, "password_file", context);
    if (!mqtt.password_file.empty() && mqtt.username.empty()) {
        reader.complain(*reader.take("password_file"), "password_file", "needs a username beside it");
    }
    if (const Node* retry = reader.take("retry")) read_retry(*retry, "mqtt.retry", context, mqtt);
    reader.finish();
    config.mqtt = std::move(mqtt);
}

void read_rules(const Node* node, const Context& context, Config& config) {
    if (node == nullptr) return;
    MapReader reader(*node, context.file, "rules", context.problems);
    const Node* files = reader.require("files");
    for (const auto& path : reader.texts("files").value_or(std::vector<std::string>{})) {
        if (path.empty()) reader.complain(*files, "files", "holds an empty path");
        config.rule_paths.push_back(context.join(path));
    }
    if (const auto text = reader.text("memory")) {
        const auto size = parse_size(*text);
        if (size && *size >= kMega && *size <= 1024 * kMega) {
            config.rules_memory = *size;
        } else {
            reader.complain(*reader.take("memory"), "memory", fmt::format("must be from 1MB to 1GB, got \"{}\"", *text));
        }
    }
    if (config.rule_paths.size() > kMostRulePaths) {
        reader.complain(*files, "files", fmt::format("may hold {} paths at most; name a folder", kMostRulePaths));
    }
    reader.finish();
}

void read_privacy(const Node* node, const Context& context, Config& config) {
    if (node == nullptr) return;
    MapReader reader(*node, context.file, "privacy", context.problems);
    const Node* names = reader.take("names_in_alerts");
    for (const auto& name : reader.texts("names_in_alerts").value_or(std::vector<std::string>{})) {
        if (name == "household") {
            config.privacy.household_names = true;
        } else if (name == "person") {
            config.privacy.person_names = true;
        } else {
            reader.complain(*names, "names_in_alerts", fmt::format("cannot hold \"{}\"{}", name, suggestion(name, kNames)));
        }
    }
    reader.finish();
}

void read_control(const Node* node, const Context& context, Config& config) {
    if (node == nullptr) return;
    MapReader reader(*node, context.file, "control", context.problems);
    if (const auto path = reader.text("socket")) {
        config.control.socket = context.join(*path);
        if (path->empty() || config.control.socket.size() > kSocketPathLimit) {
            reader.complain(*reader.take("socket"), "socket",
                            fmt::format("must be a path of 1 to {} bytes, got \"{}\"", kSocketPathLimit, config.control.socket));
        }
    }
    reader.finish();
}

void read_store(const Node* node, const Context& context, Config& config) {
    if (node == nullptr) return;
    MapReader reader(*node, context.file, "store", context.problems);
    if (const auto text = reader.text("outbox_limit")) {
        const auto size = parse_size(*text);
        if (size && *size >= kMega && *size <= 4096 * kMega) {
            config.store.outbox_limit = *size;
        } else {
            reader.complain(*reader.take("outbox_limit"), "outbox_limit",
                            fmt::format("must be from 1MB to 4GB, got \"{}\"", *text));
        }
    }
    if (const Node* kept = reader.take("retention")) {
        MapReader retention(*kept, context.file, "store.retention", context.problems);
        config.store.keep_records = retention.duration("records", {24h, 24h * 3650}).value_or(config.store.keep_records);
        retention.finish();
    }
    reader.finish();
}

void read_log(const Node* node, const Context& context, Config& config) {
    if (node == nullptr) return;
    MapReader reader(*node, context.file, "log", context.problems);
    if (const auto level = reader.choice("level", kLogLevels)) {
        const auto at = std::find(kLogLevels.begin(), kLogLevels.end(), *level) - kLogLevels.begin();
        config.log_level = static_cast<LogLevel>(at);
    }
    reader.finish();
}

Result<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    constexpr std::array<std::pair<std::string_view, int>, 5> kUnits{{{"", 0}, {"B", 0}, {"KB", 10}, {"MB", 20}, {"GB", 30}}};
    const auto* found = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) { return u.first == unit; });
    if (error != std::errc{} || found == kUnits.end()) return fail("\"{}\" is no size; write 512KB, 64MB or 4GB", text);
    if (number > std::numeric_limits<std::uint64_t>::max() >> found->second) return fail("\"{}\" is too large", text);
    return number << found->second;
}

}  // namespace menshen::config
