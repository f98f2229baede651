#include "cli/platform/message.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace menshen::platform {

namespace {

using Json = nlohmann::json;

// SQLite's integers are signed.
constexpr std::uint64_t kHighest = (std::uint64_t{1} << 63) - 1;

struct Address {
    std::string gate;
    std::string what;  // "state", "records", "alerts"
    std::string to;
    std::string alert;
};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts(1);
    for (const char c : text)
        if (c == '/')
            parts.emplace_back();
        else
            parts.back().push_back(c);
    return parts;
}

std::optional<Address> parse_topic(std::string_view topic) {
    const auto parts = split(topic);
    if (parts.size() == 5) return Address{parts[3], parts[4], "", ""};
    if (parts.size() == 7 && parts[4] == "alerts") return Address{parts[3], parts[4], parts[5], parts[6]};
    return std::nullopt;
}

bool is_epoch(const std::string& text) {
    return text.size() == 8 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Reads members of one object and keeps the first complaint.
class Reader {
public:
    explicit Reader(const Json& json) : json_(json) {}

    std::string text(const char* key) {
        const auto found = json_.find(key);
        if (found != json_.end() && found->is_string()) return found->get<std::string>();
        return complain(fmt::format("{} must be a text", key)), std::string();
    }
    std::uint64_t number(const char* key, std::uint64_t lowest) {
        const auto found = json_.find(key);
        if (found != json_.end() && found->is_number_unsigned()) {
            const auto value = found->get<std::uint64_t>();
            if (value >= lowest && value <= kHighest) return value;
        }
        return complain(fmt::format("{} must be a whole number from {}", key, lowest)), lowest;
    }
    std::string epoch() {
        auto value = text("epoch");
        if (!is_epoch(value)) complain("epoch must be 8 lower-case hex digits");
        return value;
    }
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges(const char* key) {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
        const auto found = json_.find(key);
        if (found == json_.end() || !found->is_array()) return complain(fmt::format("{} must be a list", key)), out;
        for (const auto& range : *found) {
            const bool numbers =
                range.is_array() && range.size() == 2 && range[0].is_number_unsigned() && range[1].is_number_unsigned();
            if (!numbers) return complain(fmt::format("{} must hold pairs of numbers", key)), out;
            const auto first = range[0].get<std::uint64_t>();
            const auto last = range[1].get<std::uint64_t>();
            if (first == 0 || last < first || last > kHighest) return complain(fmt::format("{} holds no range", key)), out;
            out.emplace_back(first, last);
        }
        return out;
    }
    void complain(std::string what) {
        if (problem_.empty()) problem_ = std::move(what);
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    const Json& json_;
    std::string problem_;
};

Result<Message> parse_record(const Address& address, const Json& json, std::string_view payload) {
    Reader reader(json);
    RecordMessage record{{address.gate, reader.epoch()}, reader.number("seq", 1), reader.text("kind"), std::string(payload)};
    (void)reader.text("at");
    if (!reader.problem().empty()) return fail("record: {}", reader.problem());
    return record;
}

Result<Message> parse_alert(const Address& address, const Json& json, std::string_view payload, bool retained) {
    Reader reader(json);
    AlertMessage alert;
    alert.journal = {address.gate, reader.epoch()};
    alert.to = address.to;
    alert.alert = reader.text("alert");
    alert.change = reader.number("change", 1);
    alert.lane = reader.number("lane", 1);
    alert.previous = reader.number("previous", 0);
    alert.state = reader.text("state");
    alert.bytes = payload;
    alert.retained = retained;
    if (alert.alert != address.alert) reader.complain("alert is not the one of the topic");
    if (alert.previous >= alert.lane) reader.complain("previous must be below lane");
    if (!reader.problem().empty()) return fail("alert: {}", reader.problem());
    return alert;
}

Result<Message> parse_state(const Address& address, const Json& json) {
    const auto online = json.find("online");
    if (online == json.end() || !online->is_boolean()) return fail("state: online must be true or false");
    const auto outbox = json.find("outbox");
    if (outbox == json.end() && !online->get<bool>()) return OfflineMessage{};
    if (outbox == json.end() || !outbox->is_object()) return fail("state: outbox must be an object");
    Reader whole(json);
    Reader reader(*outbox);
    StateMessage state;
    state.journal = {address.gate, whole.epoch()};
    state.records_from = reader.number("records_from", 1);
    state.alerts_from = reader.number("alerts_from", 1);
    state.records_missing = reader.ranges("records_missing");
    state.alerts_missing = reader.ranges("alerts_missing");
    for (const auto* problem : {&whole.problem(), &reader.problem()})
        if (!problem->empty()) return fail("state: {}", *problem);
    return state;
}

}  // namespace

Result<Message> parse_message(std::string_view topic, std::string_view payload, bool retained) {
    const auto address = parse_topic(topic);
    if (!address) return fail("topic is not of the contract");
    if (address->what == "alerts" && payload.empty()) return ClearedMessage{};
    if (payload.size() > 1024 * 1024) return fail("{} bytes, more than 1 MiB", payload.size());
    const auto json = Json::parse(payload, nullptr, false);
    if (json.is_discarded()) return fail("not JSON");
    if (!json.is_object()) return fail("not a JSON object");
    if (address->what == "records") return parse_record(*address, json, payload);
    if (address->what == "alerts" && !address->to.empty()) return parse_alert(*address, json, payload, retained);
    if (address->what == "state") return parse_state(*address, json);
    return fail("topic is not of the contract");
}

}  // namespace menshen::platform
