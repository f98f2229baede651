// Tags of persons and of the gate, and strangers' labels.

#include "core/problems.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/verb_args.hpp"
#include "daemon/app/verbs.hpp"

namespace menshen::app {

namespace {

using control::Code;
using control::Reply;
using control::Request;
using nlohmann::json;

json end_of(const App& app, const std::optional<WallTime>& until) {
    return until ? json(to_text(app.config().zone.at(*until))) : json(nullptr);
}

json describe(const App& app, const HeldTag& held) {
    json out{{"tag", held.tag}, {"until", end_of(app, held.until)}};
    if (held.person) {
        out["person"] = held.person.str();
    } else {
        out["gate"] = true;
    }
    return out;
}

void list_tags(App& app, const Request& request, const Reply& reply) {
    const PersonId only(Args(request).text("person"));
    if (only && app.gate().roster().person(only) == nullptr) {
        return reply.fail(Code::not_found, fmt::format("there is no person \"{}\"; see menshen persons", only.str()));
    }
    json out = json::array();
    for (const auto& held : held_tags(app.gate().roster(), {})) {
        if (!only || held.person == only) out.push_back(describe(app, held));
    }
    reply.ok({{"tags", out}});
}

/// Whose tag a request means and which; answers when that makes no sense.
std::optional<HeldTag> read_tag(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    HeldTag out{.person = PersonId(args.text("person")), .stranger = {}, .tag = args.text("tag"), .until = {}};
    if (out.person.empty() == !args.flag("gate")) {
        reply.fail(Code::bad_request, "say whose tag it is: a person, or the gate");
        return std::nullopt;
    }
    if (out.person && app.gate().roster().person(out.person) == nullptr) {
        reply.fail(Code::not_found, fmt::format("there is no person \"{}\"; see menshen persons", out.person.str()));
        return std::nullopt;
    }
    if (!is_topic_safe(out.tag)) {
        reply.fail(Code::bad_request, fmt::format("tag \"{}\" must be 1 to 32 of a-z 0-9 -", out.tag));
        return std::nullopt;
    }
    return out;
}

/// Commits the change of one tag, then answers with all tags that are held now.
void change_tag(App& app, const Reply& reply, const HeldTag& held, store::RosterChange change, Record record) {
    app.change_roster({std::move(change)}, {std::move(record)}, [&app, reply, held](const Result<store::Committed>& committed) {
        if (!committed) return reply.fail(Code::refused, committed.error().message);
        json names = json::array();
        for (const auto& [tag, until] : app.gate().roster().tags_of(held.person)) names.push_back(tag);
        json result = describe(app, held);
        result["tags"] = std::move(names);
        result["record"] = committed->records.back().id();
        reply.ok(result);
    });
}

std::string whose(const HeldTag& held) { return held.person ? held.person.str() : "the gate"; }

void add_tag(App& app, const Request& request, const Reply& reply) {
    auto wanted = read_tag(app, request, reply);
    if (!wanted) return;
    const Args args(request);
    const auto until = read_end({args.text("until"), args.text("for")}, app.now());
    if (!until) return reply.fail(Code::bad_request, until.error().message);
    wanted->until = *until;
    const auto tags = app.gate().roster().tags_of(wanted->person);
    const auto held = tags.find(wanted->tag);
    if (held != tags.end() && held->second == *until) {
        return reply.fail(Code::refused, fmt::format("{} has the tag \"{}\" already", whose(*wanted), wanted->tag));
    }
    change_tag(app, reply, *wanted, store::PutTag{wanted->person, wanted->tag, wanted->until},
               app.tag_record(Kind::tag_added, *wanted, request.peer.text()));
}

void remove_tag(App& app, const Request& request, const Reply& reply) {
    const auto wanted = read_tag(app, request, reply);
    if (!wanted) return;
    if (!app.gate().roster().tags_of(wanted->person).contains(wanted->tag)) {
        return reply.fail(Code::refused, fmt::format("{} has not the tag \"{}\"", whose(*wanted), wanted->tag));
    }
    change_tag(app, reply, *wanted, store::RemoveTag{wanted->person, wanted->tag},
               app.tag_record(Kind::tag_removed, *wanted, request.peer.text()));
}

void import_tags(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const auto& roster = app.gate().roster();
    const auto file = read_tag_file(args.text("name"), args.texts("lines"), roster, app.now());
    if (!file.problems.empty()) return reply.fail(Code::refused, fmt::format("{}", fmt::join(file.problems, "\n")));
    std::vector<store::RosterChange> changes;
    std::vector<Record> records;
    for (const auto& line : file.lines) {
        const auto tags = roster.tags_of(line.person);
        const auto held = tags.find(line.tag);
        if (held != tags.end() && held->second == line.until) continue;  // as it is
        changes.emplace_back(store::PutTag{line.person, line.tag, line.until});
        const HeldTag tag{.person = line.person, .stranger = {}, .tag = line.tag, .until = line.until};
        records.push_back(app.tag_record(Kind::tag_added, tag, request.peer.text()));
    }
    const json result{{"set", changes.size()}, {"unchanged", file.lines.size() - changes.size()}};
    if (changes.empty()) return reply.ok(result);
    app.change_roster(std::move(changes), std::move(records), [reply, result](const Result<store::Committed>& committed) {
        if (!committed) return reply.fail(Code::refused, committed.error().message);
        reply.ok(result);
    });
}

void list_strangers(App& app, const Request&, const Reply& reply) {
    json out = json::array();
    const auto& zone = app.config().zone;
    for (const auto& [id, note] : app.strangers()) {
        out.push_back({{"id", id.str()},
                       {"label", note.label},
                       {"until", end_of(app, note.until)},
                       {"first_seen", to_text(zone.at(note.first_seen))},
                       {"last_seen", to_text(zone.at(note.last_seen))},
                       {"sightings", note.sightings}});
    }
    reply.ok({{"strangers", out}});
}

/// The stranger that a request names by the whole id or its first eight characters; answers when there is none or several.
std::optional<StrangerId> find_stranger(App& app, const std::string& prefix, const Reply& reply) {
    std::optional<StrangerId> found;
    for (const auto& [id, note] : app.strangers()) {
        if (id.str() == prefix) return id;
        if (prefix.size() < 8 || !id.str().starts_with(prefix)) continue;
        if (found) {
            reply.fail(Code::bad_request, fmt::format("several strangers begin with \"{}\"; write more of the id", prefix));
            return std::nullopt;
        }
        found = id;
    }
    if (!found) reply.fail(Code::not_found, fmt::format("there is no stranger \"{}\"; see menshen stranger list", prefix));
    return found;
}

void label_stranger(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const auto label = args.text("label");
    if (label.empty() == !args.flag("remove")) return reply.fail(Code::bad_request, "give a label, or remove");
    if (!label.empty() && !is_topic_safe(label)) {
        return reply.fail(Code::bad_request, fmt::format("label \"{}\" must be 1 to 32 of a-z 0-9 -", label));
    }
    const auto until = read_end({args.text("until"), args.text("for")}, app.now());
    if (!until) return reply.fail(Code::bad_request, until.error().message);
    const auto id = find_stranger(app, args.text("id"), reply);
    if (!id) return;
    const auto& note = app.strangers().at(*id);
    if (label.empty() && note.label.empty()) return reply.fail(Code::refused, fmt::format("stranger {} has no label", id->str()));
    if (!label.empty() && label == note.label && *until == note.until) {
        return reply.fail(Code::refused, fmt::format("stranger {} has the label \"{}\" already", id->str(), label));
    }
    std::vector<Record> records;
    const auto say = [&](Kind kind, const std::string& tag, std::optional<WallTime> end) {
        records.push_back(app.tag_record(kind, {.person = {}, .stranger = *id, .tag = tag, .until = end}, request.peer.text()));
    };
    // One label at a time: the one before ends with its own record.
    if (!note.label.empty() && note.label != label) say(Kind::tag_removed, note.label, {});
    if (!label.empty()) say(Kind::tag_added, label, *until);
    json result{{"id", id->str()}, {"label", label}, {"until", end_of(app, *until)}};
    app.label_stranger({.id = *id, .label = label, .until = *until}, std::move(records),
                       [reply, result](const Result<store::Committed>& committed) mutable {
                           if (!committed) return reply.fail(Code::refused, committed.error().message);
                           result["record"] = committed->records.back().id();
                           reply.ok(result);
                       });
}

void wipe_strangers(App& app, const Request& request, const Reply& reply) {
    app.wipe_strangers(request.peer.text(), [reply](const Result<std::size_t>& wiped) {
        if (!wiped) return reply.fail(Code::refused, wiped.error().message);
        reply.ok({{"wiped", *wiped}});
    });
}

}  // namespace

void add_tag_verbs(App& app, std::vector<control::Verb>& table) {
    answer(table, "tag.list", app, list_tags);
    answer(table, "tag.add", app, add_tag);
    answer(table, "tag.remove", app, remove_tag);
    answer(table, "tag.import", app, import_tags);
    answer(table, "stranger.list", app, list_strangers);
    answer(table, "stranger.label", app, label_stranger);
    answer(table, "stranger.wipe", app, wipe_strangers);
}

}  // namespace menshen::app
