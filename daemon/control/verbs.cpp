#include <algorithm>

#include "daemon/control/server.hpp"

namespace menshen::control {

namespace {

using Type = Arg::Type;
constexpr auto kOptional = Arg::Need::optional;

Arg text(std::string name) { return {std::move(name), Type::text, Arg::Need::required}; }
Arg optional(std::string name, Type type) { return {std::move(name), type, kOptional}; }

Verb ask(std::string name, std::vector<Arg> args = {}) {
    return {.name = std::move(name), .access = Access::read, .args = std::move(args), .answer = Verb::Answer::one, .handler = {}};
}

Verb change(std::string name, std::vector<Arg> args = {}) {
    return {
        .name = std::move(name), .access = Access::change, .args = std::move(args), .answer = Verb::Answer::one, .handler = {}};
}

Verb stream(std::string name, std::vector<Arg> args) {
    return {
        .name = std::move(name), .access = Access::read, .args = std::move(args), .answer = Verb::Answer::stream, .handler = {}};
}

Verb change_stream(std::string name, std::vector<Arg> args) {
    return {.name = std::move(name),
            .access = Access::change,
            .args = std::move(args),
            .answer = Verb::Answer::stream,
            .handler = {}};
}

}  // namespace

// docs/control.md says what each of them means.
std::vector<Verb> verb_table() {
    return {
        ask("status"),
        stream("tail", {optional("lines", Type::count), optional("follow", Type::boolean), optional("kinds", Type::texts)}),
        stream("records", {optional("from", Type::text), optional("to", Type::text), optional("kinds", Type::texts)}),
        ask("doors"),
        change("door.open", {text("door")}),
        change("door.lock", {text("door")}),
        ask("persons.list"),
        change("persons.add", {text("id"), text("name"), optional("household", Type::text),
                               optional("household_size", Type::count), optional("tags", Type::texts)}),
        change("persons.remove", {text("id")}),
        ask("cards.list"),
        change("cards.add", {text("id"), text("person"), text("number"), optional("valid_from", Type::text),
                             optional("valid_until", Type::text)}),
        change("cards.state", {text("id"), text("state")}),
        change("cards.remove", {text("id")}),
        ask("tag.list", {optional("person", Type::text)}),
        change("tag.add", {optional("person", Type::text), optional("gate", Type::boolean), text("tag"),
                           optional("until", Type::text), optional("for", Type::text)}),
        change("tag.remove", {optional("person", Type::text), optional("gate", Type::boolean), text("tag")}),
        change("tag.import", {text("name"), {"lines", Type::texts, Arg::Need::required}}),
        ask("stranger.list"),
        change("stranger.label", {text("id"), optional("label", Type::text), optional("until", Type::text),
                                  optional("for", Type::text), optional("remove", Type::boolean)}),
        change("face.enroll", {text("person"), {"consent", Type::object, Arg::Need::required}, optional("despite", Type::text)}),
        change_stream(
            "face.capture",
            {text("person"), text("camera"), {"consent", Type::object, Arg::Need::required}, optional("despite", Type::text)}),
        change("camera.snapshot", {text("camera")}),
        ask("face.report"),
        change("face.remove", {text("person")}),
        ask("models.list"),
        change("models.accept", {text("name"), text("notice_hash")}),
        change("stranger.wipe"),
        ask("alerts.list", {optional("all", Type::boolean)}),
        change("alerts.ack",
               {text("id"), optional("note", Type::text), optional("until", Type::text), optional("for", Type::text)}),
        change("alerts.snooze",
               {text("id"), optional("note", Type::text), optional("until", Type::text), optional("for", Type::text)}),
        change("alerts.note", {text("id"), text("note")}),
        change("alerts.close", {text("id"), text("reason"), optional("note", Type::text)}),
        ask("alerts.mutes"),
        change("alerts.mute", {text("rule"), optional("subject", Type::text), optional("until", Type::text),
                               optional("for", Type::text), text("reason")}),
        change("alerts.unmute", {text("rule"), optional("subject", Type::text), optional("reason", Type::text)}),
        change("reload"),
        ask("audit.verify"),
    };
}

bool set_handler(std::vector<Verb>& table, std::string_view name, Handler handler) {
    const auto verb = std::find_if(table.begin(), table.end(), [&](const Verb& v) { return v.name == name; });
    if (verb == table.end()) return false;
    verb->handler = std::move(handler);
    return true;
}

}  // namespace menshen::control
