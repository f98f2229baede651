#pragma once
/// The gate's config file, read and checked as a whole (docs/config.md). Light: no Asio, no device code (target menshen_config).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/gate.hpp"
#include "core/id.hpp"
#include "core/problems.hpp"
#include "core/zone.hpp"
#include "drivers/settings.hpp"

namespace menshen::config {

struct Tls {
    std::string ca;    ///< PEM file of the authority that signed the broker's certificate.
    std::string cert;  ///< PEM files of this gate's own certificate: both or neither.
    std::string key;
};

enum class Protocol : std::uint8_t { v3_1_1, v5 };
/// Whose word empties the outbox.
enum class Delivery : std::uint8_t {
    platform,  ///< The platform's `confirm`.
    broker,    ///< The broker's acknowledgement: a broker that crashes may lose what it acknowledged.
};

struct Mqtt {
    std::string host;
    std::uint16_t port = 1883;  ///< 8883 when `tls` is given and no port.
    Protocol protocol = Protocol::v3_1_1;
    Delivery delivery = Delivery::platform;
    std::string username;
    std::string password_file;  ///< The password is its first line.
    std::optional<Tls> tls;
    Millis retry_min{1'000};
    Millis retry_max{60'000};
};

/// The name under which records tell of what came by MQTT; no device of a config can have it.
inline constexpr std::string_view kMqttDevice = "mqtt:inputs";

/// A topic on which a sensor or an app speaks to the gate.
struct MqttInput {
    enum class Kind : std::uint8_t { activity, tag };
    std::string topic;  ///< May hold + for one level; never below menshen/v1/.
    Kind kind = Kind::activity;
    PersonId person;        ///< At most one of these; neither: of the gate.
    HouseholdId household;  ///< Of an activity only.
    std::string tag;        ///< Of a tag, and how long it holds.
    Millis lasts{};
    /// Which messages count: any when `when_values` is empty; else those whose payload, or what the JSON pointer finds in it, is
    /// one of them.
    std::optional<std::string> when_pointer;
    std::vector<std::string> when_values;
};

/// What may stand in alerts that leave the gate, beside opaque ids.
struct Privacy {
    bool household_names = false;
    bool person_names = false;
};

/// What is asked of a face beside its likeness. `refuse`: one that looks like a picture opens nothing. `require`: nor does one of
/// which that cannot be told.
enum class Liveness : std::uint8_t { off, refuse, require };
inline constexpr std::array<std::string_view, 3> kLivenesses{"off", "refuse", "require"};

struct Faces {
    std::string models;         ///< Folder that `menshen-models fetch` filled.
    int threads = 1;            ///< 1 to 8; 1 leaves the other cores to the door.
    std::string embedder;       ///< By the manifest's name; empty: its first.
    double target_fpir = 1e-3;  ///< 1:N: the share of strangers who may be taken for somebody; up to 0.05.
    double target_fmr = 1e-4;   ///< 1:1: the share of other people's faces that may pass with somebody's card.
    Liveness liveness = Liveness::refuse;
    std::string calibration;  ///< The site's own table; empty: the shipped one of the embedder.
};

struct Control {
    std::string socket = "/run/menshen/control.sock";
};

struct Store {
    std::uint64_t outbox_limit = 64ull << 20;            ///< Bytes, 1 MB to 4 GB.
    Millis keep_records = std::chrono::hours(24 * 180);  ///< 1 day to 10 years.
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Paths are absolute, or were relative to the folder of the config file and are joined with it.
struct Config {
    std::string file;  ///< As it was given.
    Zone zone{std::chrono::minutes{0}};
    GateSettings gate;                             ///< Site, gate, doors and inputs: what the core needs.
    std::vector<drivers::DeviceSettings> devices;  ///< In the order of the file.
    std::optional<Mqtt> mqtt;                      ///< None: never connects.
    std::vector<std::string> rule_paths;           ///< Files and folders for rules::load_rules, in the order of the file.
    std::uint64_t rules_memory = 64ull << 20;      ///< Bytes of rule state, 1 MB to 1 GB.
    std::vector<RecipientId> recipients;           ///< As listed; empty when there is a file.
    std::string recipients_file;                   ///< For rules::load_recipients; empty: none.
    std::string calendar_file;                     ///< For rules::load_calendar; empty: none.
    std::vector<MqttInput> mqtt_inputs;            ///< Only beside `mqtt`.
    Privacy privacy;
    std::optional<Faces> faces;  ///< Always present when a door has a camera.
    Control control;
    Store store;
    LogLevel log_level = LogLevel::info;
};

/// Reads the file; when it cannot be opened that is a problem too. Nothing when there is any error; warnings do not count.
[[nodiscard]] std::optional<Config> read_config(const std::string& path, Problems& problems);

/// The same with the text given; `file` names it in messages, and its folder is where relative paths begin.
[[nodiscard]] std::optional<Config> read_config_text(const std::string& file, std::string_view text, Problems& problems);

/// "512KB", "64MB", "4GB" (powers of 1024), or plain bytes.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace menshen::config
