#include "daemon/app/mqtt_inputs.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace menshen::app {

namespace {

using config::MqttInput;

constexpr Millis kReportEvery{3'600'000};
constexpr int kDeepest = 32;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// As it would stand in the config: "ON", true, 21.5.
bool says(const nlohmann::json& value, const std::string& wanted) {
    if (value.is_string()) return value.get_ref<const std::string&>() == wanted;
    if (!value.is_number()) return value.dump() == wanted;
    const auto number = nlohmann::json::parse(wanted, nullptr, false);
    return number.is_number() && number == value;
}

/// A payload of nothing but brackets must not cost the stack.
bool is_too_deep(std::string_view text) {
    int depth = 0;
    for (const char c : text) {
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        if (depth > kDeepest) return true;
    }
    return false;
}

}  // namespace

bool topic_fits(std::string_view filter, std::string_view topic) {
    for (;;) {
        const auto filter_end = filter.find('/');
        const auto topic_end = topic.find('/');
        const auto level = filter.substr(0, filter_end);
        if (level != "+" && level != topic.substr(0, topic_end)) return false;
        if (filter_end == std::string_view::npos || topic_end == std::string_view::npos) return filter_end == topic_end;
        filter.remove_prefix(filter_end + 1);
        topic.remove_prefix(topic_end + 1);
    }
}

std::vector<std::string> MqttInputs::topics(MqttInput::Kind kind) const {
    std::vector<std::string> out;
    for (const auto& input : inputs_) {
        if (input.kind == kind && std::find(out.begin(), out.end(), input.topic) == out.end()) out.push_back(input.topic);
    }
    return out;
}

MqttInputs::Verdict MqttInputs::judge(const MqttInput& input, std::string_view payload, std::string& why) const {
    if (payload.size() > kPayloadLimit) {
        why = fmt::format("{} bytes; at most {} are looked at", payload.size(), kPayloadLimit);
        return Verdict::garbled;
    }
    if (input.when_values.empty()) return Verdict::meant;
    const auto is_wanted = [&](const auto& test) {
        return std::any_of(input.when_values.begin(), input.when_values.end(), test) ? Verdict::meant : Verdict::not_meant;
    };
    if (!input.when_pointer) return is_wanted([&](const std::string& wanted) { return trimmed(payload) == wanted; });
    const auto json = is_too_deep(payload) ? nlohmann::json(nlohmann::json::value_t::discarded)
                                           : nlohmann::json::parse(payload, nullptr, false);
    if (json.is_discarded()) {
        why = "no JSON";
        return Verdict::garbled;
    }
    try {
        const auto& found = json.at(nlohmann::json::json_pointer(*input.when_pointer));
        return is_wanted([&](const std::string& wanted) { return says(found, wanted); });
    } catch (const nlohmann::json::exception&) {
        why = fmt::format("nothing at {}", *input.when_pointer);
        return Verdict::garbled;
    }
}

std::vector<const MqttInput*> MqttInputs::on_message(const Incoming& message) {
    std::vector<const MqttInput*> out;
    for (const auto& input : inputs_) {
        if (!topic_fits(input.topic, message.topic)) continue;
        std::string why;
        const auto verdict = message.retained ? Verdict::not_meant : judge(input, message.payload, why);
        if (verdict == Verdict::meant) out.push_back(&input);
        counts_.taken += verdict == Verdict::meant ? 1 : 0;
        counts_.passed += verdict == Verdict::not_meant ? 1 : 0;
        if (verdict == Verdict::garbled) complain(input, std::move(why));
    }
    return out;
}

void MqttInputs::complain(const MqttInput& input, std::string why) {
    ++counts_.garbled;
    ++untold_;
    last_why_ = fmt::format("{}: {}", input.topic, why);
}

std::optional<std::string> MqttInputs::report(MonoTime now) {
    if (untold_ == 0 || (told_ && now >= *told_ && now - *told_ < kReportEvery)) return std::nullopt;
    told_ = now;
    const auto count = std::exchange(untold_, 0);
    return fmt::format("{} messages of mqtt_inputs could not be used; the last: {}", count, last_why_);
}

}  // namespace menshen::app
