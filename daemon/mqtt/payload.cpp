#include "daemon/mqtt/payload.hpp"

#include <nlohmann/json.hpp>

namespace menshen::mqtt {

namespace {

using Json = nlohmann::ordered_json;

// A byte that is no UTF-8 must not cost the message: it becomes U+FFFD.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json ranges_json(const std::vector<Range>& ranges) {
    Json list = Json::array();
    for (const auto& [first, last] : ranges) list.push_back({first, last});
    return list;
}

Json lane_json(const OutboxState& outbox) {
    return {{"records_from", outbox.head.records.from},
            {"records_to", outbox.head.records.to},
            {"records_missing", ranges_json(outbox.records_missing)},
            {"alerts_from", outbox.head.alerts.from},
            {"alerts_to", outbox.head.alerts.to},
            {"alerts_missing", ranges_json(outbox.alerts_missing)}};
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

std::string filled(std::string text, const AlertNames& names) {
    replace_all(text, "{person}", names.person);
    replace_all(text, "{household}", names.household);
    return text;
}

Json value_json(const Value& value) {
    return std::visit([](const auto& v) -> Json { return v; }, value);
}

bool is_epoch(std::string_view text) {
    return text.size() == 8 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Topics::Topics(const SiteId& site, const GateId& gate) : root_("menshen/v1/" + site.str() + "/" + gate.str() + "/") {}

std::string Topics::alert(const RecipientId& to, const AlertId& alert) const {
    return root_ + "alerts/" + to.str() + "/" + alert.str();
}

std::string state_payload(const GateState& gate, const OutboxState& outbox, bool online) {
    Json doors = Json::object();
    for (const auto& [door, state] : gate.doors) doors[door.str()] = state;
    Json devices = Json::object();
    for (const auto& [device, state] : gate.devices) devices[device.str()] = state;
    Json queues = Json::object();
    for (const auto& [name, depth] : gate.queues) queues[name] = depth;
    const Json state{{"online", online},
                     {"at", to_text(gate.at)},
                     {"version", gate.version},
                     {"epoch", outbox.head.epoch},
                     {"rules_version", gate.rules_version},
                     {"roster_version", gate.roster_version},
                     {"clock_trusted", gate.wall_is_trusted},
                     {"doors", doors},
                     {"devices", devices},
                     {"queues", queues},
                     {"chain", {{"seq", gate.chain_seq}, {"head", gate.chain_head}}},
                     {"outbox", lane_json(outbox)}};
    return dump(state);
}

std::string will_payload() { return R"({"online":false})"; }

std::string alert_body(const AlertChange& change, const AlertNames& names) {
    Json evidence = Json::object();
    for (const auto& [key, value] : change.evidence) evidence[key] = value_json(value);
    Json body{{"alert", change.id.str()},
              {"change", change.change},
              {"rule", change.rule.str()},
              {"per", change.per},
              {"subject", change.subject},
              {"state", to_text(change.state)},
              {"severity", to_text(change.severity)},
              {"at", to_text(change.at)},
              {"fired_at", to_text(change.fired_at)},
              {"title", {{"zh", filled(change.title_zh, names)}, {"en", filled(change.title_en, names)}}},
              {"text", {{"zh", filled(change.text_zh, names)}, {"en", filled(change.text_en, names)}}},
              {"evidence", evidence}};
    if (!change.by.empty()) body["by"] = change.by;
    if (!change.note.empty()) body["note"] = change.note;
    if (!change.reason.empty()) body["reason"] = change.reason;
    if (change.until) body["until"] = to_text(*change.until);
    return dump(body);
}

std::string stamp_alert(std::string_view body, const std::string& epoch, std::uint64_t lane, std::uint64_t previous) {
    const auto rest = body.size() > 2 ? "," + std::string(body.substr(1)) : std::string("}");
    return fmt::format(R"({{"epoch":"{}","lane":{},"previous":{})", epoch, lane, previous) + rest;
}

Result<Confirm> parse_confirm(std::string_view payload) {
    if (payload.size() > 1024) return fail("confirm: {} bytes; a confirm has at most 1024", payload.size());
    const auto json = nlohmann::json::parse(payload, nullptr, false);
    if (json.is_discarded()) return fail("confirm: not JSON");
    if (!json.is_object()) return fail("confirm: not a JSON object");
    const auto epoch = json.find("epoch");
    if (epoch == json.end() || !epoch->is_string() || !is_epoch(epoch->get_ref<const std::string&>()))
        return fail("confirm: epoch must be 8 lower-case hex digits");
    for (const auto* key : {"records", "alerts"}) {
        const auto found = json.find(key);
        if (found == json.end() || !found->is_number_unsigned())
            return fail("confirm: {} must be a whole number, 0 or more", key);
    }
    for (const auto& [key, value] : json.items())
        if (key != "epoch" && key != "records" && key != "alerts")
            return fail("confirm: {} is not known here (one of: epoch, records, alerts)", key.substr(0, 64));
    return Confirm{epoch->get<std::string>(), json["records"].get<std::uint64_t>(), json["alerts"].get<std::uint64_t>()};
}

}  // namespace menshen::mqtt
