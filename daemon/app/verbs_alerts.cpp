// Alerts, and what a person says to them.

#include <algorithm>
#include <array>
#include <map>

#include "core/problems.hpp"
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
    json out{{"id", alert.id.str()},
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
             {"reason", alert.reason},
             {"evidence", json::object()}};
    for (const auto& [key, value] : alert.evidence) std::visit([&](const auto& v) { out["evidence"][key] = v; }, value);
    if (alert.until) out["until"] = to_text(*alert.until);
    return out;
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

constexpr std::size_t kLongestNote = 1000;

using Say = Result<AlertChange> (rules::Engine::*)(const AlertId&, const rules::Said&, const Now&);

/// What a person says to one open alert: reads it, lets the engine make the change, commits it, answers.
void say(App& app, const Request& request, const Reply& reply, Say how) {
    const Args args(request);
    const auto id = find_alert(app, args.text("id"), reply);
    if (!id) return;
    if (args.text("note").size() > kLongestNote) {
        return reply.fail(Code::bad_request, fmt::format("the note is longer than {} bytes", kLongestNote));
    }
    const auto until = read_end({args.text("until"), args.text("for")}, app.now());
    if (!until) return reply.fail(Code::bad_request, until.error().message);
    rules::Said said{.by = request.peer.text(), .note = args.text("note"), .reason = args.text("reason")};
    if (*until) said.until = app.config().zone.at(**until);
    app.flow().with_engine([&app, reply, how, id = *id, said](rules::Engine& engine) {
        const auto change = (engine.*how)(id, said, app.now());
        if (!change) return reply.fail(Code::refused, change.error().message);
        app.flow().commit_alerts({*change}, [reply, change = *change](const store::Committed& committed) {
            json result{{"id", change.id.str()}, {"state", to_text(change.state)}, {"record", committed.records.front().id()}};
            if (change.until) result["until"] = to_text(*change.until);
            reply.ok(result);
        });
    });
}

void snooze(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    if (!args.has("until") && !args.has("for")) return reply.fail(Code::bad_request, "say how long: until or for");
    say(app, request, reply, &rules::Engine::snooze);
}

void note(App& app, const Request& request, const Reply& reply) {
    if (Args(request).text("note").empty()) return reply.fail(Code::bad_request, "the note is empty");
    say(app, request, reply, &rules::Engine::note);
}

void close(App& app, const Request& request, const Reply& reply) {
    static constexpr std::array<std::string_view, 4> kReasons{"true", "false", "well", "duplicate"};
    const auto reason = Args(request).text("reason");
    if (std::find(kReasons.begin(), kReasons.end(), reason) == kReasons.end()) {
        return reply.fail(Code::bad_request, fmt::format("reason cannot be \"{}\"{}", reason, suggestion(reason, kReasons)));
    }
    say(app, request, reply, &rules::Engine::close);
}

/// The rule that a mute names; answers when there is none.
bool knows_rule(App& app, const std::string& rule, const Reply& reply) {
    const auto& rules = app.flow().engine().rules();
    if (rules.find(RuleId(rule)) != nullptr) return true;
    std::vector<std::string_view> known;
    for (const auto& held : rules.rules) known.push_back(held.id.str());
    reply.fail(Code::not_found, known.empty() ? "no rules are loaded; see menshen status"
                                              : fmt::format("there is no rule \"{}\"{}", rule, suggestion(rule, known)));
    return false;
}

void commit_mute(App& app, const Request& request, const Reply& reply, const Stamp& until) {
    const Args args(request);
    Record record = make_record(Kind::mute, app.now());
    record.reason = args.text("reason");
    record.more["rule"] = args.text("rule");
    if (args.has("subject")) record.more["subject"] = args.text("subject");
    record.more["until"] = to_text(until);
    record.more["by"] = request.peer.text();
    store::Batch batch;
    batch.records.push_back(std::move(record));
    json result{{"rule", args.text("rule")}, {"subject", args.text("subject")}, {"until", to_text(until)}};
    const bool taken = app.flow().commit(std::move(batch), [reply, result](const store::Committed& committed) mutable {
        result["record"] = committed.records.front().id();
        reply.ok(result);
    });
    if (!taken) reply.fail(Code::unavailable, "the disk takes no records now; see menshen status");
}

/// A subject is whatever stands in an alert; it need not be known: a mute may come before its first alert.
bool is_subject(const Args& args, const Reply& reply) {
    if (!args.has("subject") || is_opaque_id(args.text("subject"))) return true;
    reply.fail(Code::bad_request, "subject must be 1 to 64 of A-Z a-z 0-9 - _ . : @, as in menshen alerts");
    return false;
}

void mute(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    if (!knows_rule(app, args.text("rule"), reply) || !is_subject(args, reply)) return;
    if (args.text("reason").empty() || args.text("reason").size() > kLongestNote) {
        return reply.fail(Code::bad_request, fmt::format("say why, in 1 to {} bytes", kLongestNote));
    }
    const auto until = read_end({args.text("until"), args.text("for")}, app.now());
    if (!until) return reply.fail(Code::bad_request, until.error().message);
    if (!*until) return reply.fail(Code::bad_request, "say how long: until or for; a mute has an end");
    commit_mute(app, request, reply, app.config().zone.at(**until));
}

void unmute(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const auto mutes = app.flow().engine().mutes();
    const auto held = std::find_if(mutes.begin(), mutes.end(), [&](const rules::Mute& m) {
        return m.rule == args.text("rule") && m.subject == args.text("subject") && m.until > app.now().wall.time;
    });
    if (held == mutes.end()) {
        return reply.fail(Code::not_found, fmt::format("rule \"{}\" is not muted{}; see menshen alerts mutes", args.text("rule"),
                                                       args.has("subject") ? " for " + args.text("subject") : ""));
    }
    commit_mute(app, request, reply, app.now().wall);
}

void list_mutes(App& app, const Request&, const Reply& reply) {
    json out = json::array();
    for (const auto& mute : app.flow().engine().mutes()) {
        if (mute.until <= app.now().wall.time) continue;
        out.push_back({{"rule", mute.rule}, {"subject", mute.subject}, {"until", to_text(app.config().zone.at(mute.until))}});
    }
    reply.ok({{"mutes", out}});
}

}  // namespace

void add_alert_verbs(App& app, std::vector<control::Verb>& table) {
    answer(table, "alerts.list", app, list);
    answer(table, "alerts.ack",
           [&app](const Request& r, const Reply& reply) { say(app, r, reply, &rules::Engine::acknowledge); });
    answer(table, "alerts.snooze", app, snooze);
    answer(table, "alerts.note", app, note);
    answer(table, "alerts.close", app, close);
    answer(table, "alerts.mutes", app, list_mutes);
    answer(table, "alerts.mute", app, mute);
    answer(table, "alerts.unmute", app, unmute);
}

}  // namespace menshen::app
