// Alerts, and what a person says to them.

#include <map>

#include "daemon/app/app.hpp"
#include "daemon/app/verb_args.hpp"
#include "daemon/app/verbs.hpp"
#include "rules/text.hpp"

namespace menshen::app {

namespace {

using control::Code;
using control::Reply;
using control::Request;
using nlohmann::json;

json describe(const App& app, const AlertChange& alert) {
    const auto names = app.names_for_house(alert);
    json to = json::array();
    for (const auto& recipient : alert.to) to.push_back(recipient.str());
    const auto filled = [&](const std::string& text) { return rules::fill_names(text, names.person, names.household); };
    return {{"id", alert.id.str()},
            {"rule", alert.rule.str()},
            {"per", alert.per},
            {"subject", alert.subject},
            {"state", to_text(alert.state)},
            {"severity", to_text(alert.severity)},
            {"fired_at", to_text(alert.fired_at)},
            {"at", to_text(alert.at)},
            {"title", {{"zh", alert.title_zh}, {"en", alert.title_en}}},
            {"text", {{"zh", filled(alert.text_zh)}, {"en", filled(alert.text_en)}}},
            {"to", to},
            {"by", alert.by},
            {"note", alert.note},
            {"reason", alert.reason}};
}

json open_alerts(App& app) {
    json out = json::array();
    const auto open = app.flow().engine().open_alerts();
    for (auto it = open.rbegin(); it != open.rend(); ++it) out.push_back(describe(app, *it));
    return out;
}

/// Closed ones are read back from the payloads that are kept for the platform, one for each recipient.
json closed_alerts(const std::vector<store::AlertRow>& rows) {
    json out = json::array();
    std::map<AlertId, std::size_t> places;
    for (const auto& row : rows) {
        if (row.open) continue;
        const auto [place, is_new] = places.try_emplace(row.alert, out.size());
        if (is_new) {
            auto alert = json::parse(row.payload, nullptr, false);
            if (!alert.is_object()) alert = json::object();
            alert.erase("alert");
            alert.erase("evidence");
            alert["id"] = row.alert.str();
            for (const auto* key : {"by", "note", "reason"}) alert.emplace(key, "");
            alert["to"] = json::array();
            out.push_back(std::move(alert));
        }
        out[place->second]["to"].push_back(row.to.str());
    }
    return out;
}

void list(App& app, const Request& request, const Reply& reply) {
    auto open = open_alerts(app);
    if (!Args(request).flag("all")) return reply.ok({{"alerts", open}});
    app.store().alerts(store::Store::Which::all, 1000, [reply, open = std::move(open)](const auto& rows) mutable {
        if (!rows) return reply.fail(Code::unavailable, rows.error().message);
        for (auto& alert : closed_alerts(*rows)) open.push_back(std::move(alert));
        reply.ok({{"alerts", open}});
    });
}

/// The one open alert whose id begins with `prefix`; answers when there is none or several.
std::optional<AlertId> find_alert(App& app, const std::string& prefix, const Reply& reply) {
    std::optional<AlertId> found;
    for (const auto& alert : app.flow().engine().open_alerts()) {
        if (alert.id.str().rfind(prefix, 0) != 0 || prefix.size() < 8) continue;
        if (found) {
            reply.fail(Code::bad_request, fmt::format("several alerts begin with \"{}\"; write more of the id", prefix));
            return std::nullopt;
        }
        found = alert.id;
    }
    if (!found) {
        reply.fail(Code::not_found,
                   fmt::format("no open alert has the id \"{}\" (eight characters at least); see menshen alerts", prefix));
    }
    return found;
}

void acknowledge(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const auto id = find_alert(app, args.text("id"), reply);
    if (!id) return;
    if (args.text("note").size() > 1000) return reply.fail(Code::bad_request, "the note is longer than 1000 bytes");
    const auto change =
        app.flow().engine().acknowledge(*id, {.by = request.peer.text(), .note = args.text("note"), .reason = {}}, app.now());
    if (!change) return reply.fail(Code::refused, change.error().message);
    app.flow().commit_alerts({*change}, [reply, id = *id](const store::Committed& committed) {
        reply.ok({{"id", id.str()}, {"state", "acknowledged"}, {"record", committed.records.front().id()}});
    });
}

}  // namespace

void add_alert_verbs(App& app, std::vector<control::Verb>& table) {
    answer(table, "alerts.list", [&app](const Request& request, const Reply& reply) { list(app, request, reply); });
    answer(table, "alerts.ack", [&app](const Request& request, const Reply& reply) { acknowledge(app, request, reply); });
}

}  // namespace menshen::app
