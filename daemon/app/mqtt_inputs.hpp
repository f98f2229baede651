#pragma once
/// What sensors and apps say by MQTT, against the config's `mqtt_inputs`. No broker and no clock here; loop thread only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "daemon/config/config.hpp"

namespace menshen::app {

class MqttInputs {
public:
    static constexpr std::size_t kPayloadLimit = 4096;

    explicit MqttInputs(std::vector<config::MqttInput> inputs) : inputs_(std::move(inputs)) {}

    /// The topics of `kind`, each once.
    [[nodiscard]] std::vector<std::string> topics(config::MqttInput::Kind kind) const;

    struct Incoming {
        std::string_view topic;
        std::string_view payload;
        bool retained = false;
    };
    /// The inputs that this message speaks for, in the order of the config. A retained one speaks for none: nobody knows when it
    /// was said.
    [[nodiscard]] std::vector<const config::MqttInput*> on_message(const Incoming& message);

    struct Counts {
        std::uint64_t taken = 0;    ///< Spoke for an input.
        std::uint64_t passed = 0;   ///< Retained, or said something that no `when` asks for.
        std::uint64_t garbled = 0;  ///< Too large, no JSON where a pointer looks into it, or without what the pointer names.
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }
    /// Counts a message whose effect is impossible (a person who is not registered), for the report.
    void complain(const config::MqttInput& input, std::string why);
    /// Once an hour at most: how many messages could not be understood since the last time, and the last reason. Nothing when
    /// there is nothing to say.
    [[nodiscard]] std::optional<std::string> report(MonoTime now);

private:
    enum class Verdict : std::uint8_t { meant, not_meant, garbled };
    [[nodiscard]] Verdict judge(const config::MqttInput& input, std::string_view payload, std::string& why) const;

    std::vector<config::MqttInput> inputs_;
    Counts counts_;
    std::uint64_t untold_ = 0;
    std::string last_why_;
    std::optional<MonoTime> told_;
};

/// MQTT's matching of a topic with a filter that may hold +.
[[nodiscard]] bool topic_fits(std::string_view filter, std::string_view topic);

}  // namespace menshen::app
