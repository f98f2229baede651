// Persons and cards.

#include <algorithm>

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

/// The record of a change by hand: what, to whom, by whom. Never names or numbers.
Record change_record(const App& app, const Request& request, std::string change) {
    Record record = make_record(Kind::roster_changed, app.now());
    record.more["change"] = std::move(change);
    record.more["by"] = request.peer.text();
    return record;
}

const Person* find_person(App& app, const std::string& id, const Reply& reply) {
    const auto* person = app.gate().roster().person(PersonId(id));
    if (person == nullptr) reply.fail(Code::not_found, fmt::format("there is no person \"{}\"; see menshen persons", id));
    return person;
}

const Card* find_card(App& app, const std::string& id, const Reply& reply) {
    const auto* card = app.gate().roster().card(CardId(id));
    if (card == nullptr) reply.fail(Code::not_found, fmt::format("there is no card \"{}\"; see menshen cards", id));
    return card;
}

/// Commits, then answers with `result` and the roster's version.
void change(App& app, const Reply& reply, std::vector<store::RosterChange> changes, std::vector<Record> records, json result) {
    app.change_roster(std::move(changes), std::move(records),
                      [reply, result = std::move(result)](const Result<store::Committed>& committed) mutable {
                          if (!committed) return reply.fail(Code::refused, committed.error().message);
                          result["roster_version"] = committed->roster_version;
                          if (!committed->records.empty()) result["record"] = committed->records.back().id();
                          reply.ok(result);
                      });
}

void list_persons(App& app, const Request&, const Reply& reply) {
    const auto& roster = app.gate().roster();
    std::map<PersonId, json> cards;
    for (const auto& [id, card] : roster.cards()) cards[card.person].push_back(id.str());
    json out = json::array();
    for (const auto& [id, person] : roster.persons()) {
        json entry{{"id", id.str()}, {"name", person.name}, {"tags", person.tags}, {"cards", json::array()}, {"face", nullptr}};
        for (const auto& [tag, end] : person.tag_ends) entry["tag_ends"][tag] = to_text(app.config().zone.at(end));
        if (person.household) entry["household"] = person.household.str();
        const auto* household = roster.household(person.household);
        if (household != nullptr && household->size > 0) entry["household_size"] = household->size;
        if (cards.contains(id)) entry["cards"] = cards[id];
        if (const auto* face = roster.face(id)) {
            entry["face"] = {{"state", to_text(face->state)}, {"templates", face->templates}, {"until", face->until}};
        }
        out.push_back(std::move(entry));
    }
    reply.ok({{"persons", out}});
}

std::string bad_person(const Args& args) {
    if (!is_opaque_id(args.text("id"))) return "id must be 1 to 64 of A-Z a-z 0-9 - _ . : @";
    if (args.text("name").empty() || args.text("name").size() > 200) return "name must have 1 to 200 bytes";
    if (args.has("household") && !is_opaque_id(args.text("household")))
        return "household must be 1 to 64 of A-Z a-z 0-9 - _ . : @";
    if (args.has("household_size") && !args.has("household")) return "household_size needs the household";
    const auto size = args.count("household_size", 1);
    if (size < 1 || size > 100) return "household_size must be from 1 to 100";
    for (const auto& tag : args.texts("tags")) {
        if (!is_topic_safe(tag)) return fmt::format("tag \"{}\" must be 1 to 32 of a-z 0-9 -", tag);
    }
    return {};
}

void add_person(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    if (const auto bad = bad_person(args); !bad.empty()) return reply.fail(Code::bad_request, bad);
    const auto& roster = app.gate().roster();
    std::vector<store::RosterChange> changes;
    Person person{.id = PersonId(args.text("id")),
                  .name = args.text("name"),
                  .household = HouseholdId(args.text("household")),
                  .tags = args.texts("tags")};
    std::sort(person.tags.begin(), person.tags.end());
    person.tags.erase(std::unique(person.tags.begin(), person.tags.end()), person.tags.end());
    if (person.household) {
        const auto* held = roster.household(person.household);
        Household household = held != nullptr ? *held : Household{.id = person.household};
        if (args.has("household_size")) household.size = args.count("household_size", 1);
        changes.emplace_back(store::PutHousehold{household});
    }
    const auto* before = roster.person(person.id);
    // A tag that stays keeps its end.
    if (before != nullptr) {
        for (const auto& [tag, end] : before->tag_ends) {
            if (std::binary_search(person.tags.begin(), person.tags.end(), tag)) person.tag_ends[tag] = end;
        }
    }
    changes.emplace_back(store::PutPerson{person});
    std::vector<Record> records{change_record(app, request, before == nullptr ? "person_added" : "person_changed")};
    records[0].person = person.id;
    records[0].household = person.household;
    // A tag begins or ends with a record of its own: rules fold these.
    const auto old_tags = before == nullptr ? std::vector<std::string>() : before->tags;
    const auto say = [&](Kind kind, const std::string& tag) {
        Record record = app.tag_record(kind, {.person = person.id, .stranger = {}, .tag = tag, .until = {}}, request.peer.text());
        record.household = person.household;
        record.person_tags = person.tags;
        records.push_back(std::move(record));
    };
    for (const auto& tag : person.tags) {
        if (!std::binary_search(old_tags.begin(), old_tags.end(), tag)) say(Kind::tag_added, tag);
    }
    for (const auto& tag : old_tags) {
        if (!std::binary_search(person.tags.begin(), person.tags.end(), tag)) say(Kind::tag_removed, tag);
    }
    change(app, reply, std::move(changes), std::move(records), {{"id", person.id.str()}});
}

void remove_person(App& app, const Request& request, const Reply& reply) {
    const Person* person = find_person(app, Args(request).text("id"), reply);
    if (person == nullptr) return;
    const auto& roster = app.gate().roster();
    const auto cards = std::count_if(roster.cards().begin(), roster.cards().end(),
                                     [&](const auto& entry) { return entry.second.person == person->id; });
    const auto* face = roster.face(person->id);
    Record record = change_record(app, request, "person_removed");
    record.person = person->id;
    change(app, reply, {store::RemovePerson{person->id}}, {record},
           {{"id", person->id.str()}, {"cards", cards}, {"templates", face == nullptr ? 0 : face->templates}});
}

void list_cards(App& app, const Request&, const Reply& reply) {
    const auto& roster = app.gate().roster();
    const auto moment = [&](const std::optional<WallTime>& at) {
        return at ? json(to_text(app.config().zone.at(*at))) : json(nullptr);
    };
    json out = json::array();
    for (const auto& [id, card] : roster.cards()) {
        const auto* person = roster.person(card.person);
        out.push_back({{"id", id.str()},
                       {"person", card.person.str()},
                       {"name", person == nullptr ? "" : person->name},
                       {"state", to_text(card.state)},
                       {"valid_from", moment(card.valid_from)},
                       {"valid_until", moment(card.valid_until)}});
    }
    reply.ok({{"cards", out}});
}

/// "26:2F623AE": what the reader said, parity included. A number without its length would fit several cards.
std::string bad_card_number(const std::string& number) {
    const auto colon = number.find(':');
    const auto digits = number.substr(colon == std::string::npos ? 0 : colon + 1);
    const bool hex = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    });
    int bits = 0;
    if (colon != std::string::npos && colon > 0 && colon <= 3) {
        for (const char c : number.substr(0, colon)) bits = c >= '0' && c <= '9' ? bits * 10 + (c - '0') : 1000;
    }
    if (!hex || bits < 8 || bits > 128 || digits.size() != static_cast<std::size_t>(bits + 3) / 4) {
        return "number must be <bits>:<hex> as the reader sends it, capital letters, leading zeros kept: 26:2F623AE";
    }
    return {};
}

void add_card(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    if (!is_opaque_id(args.text("id"))) return reply.fail(Code::bad_request, "id must be 1 to 64 of A-Z a-z 0-9 - _ . : @");
    if (const auto bad = bad_card_number(args.text("number")); !bad.empty()) return reply.fail(Code::bad_request, bad);
    const Person* person = find_person(app, args.text("person"), reply);
    if (person == nullptr) return;
    store::PutCard put;
    put.card.id = CardId(args.text("id"));
    put.card.person = person->id;
    put.number = args.text("number");
    for (const auto* key : {"valid_from", "valid_until"}) {
        if (!args.has(key)) continue;
        const auto stamp = parse_stamp(args.text(key));
        if (!stamp) return reply.fail(Code::bad_request, fmt::format("{}: {}", key, stamp.error().message));
        (std::string_view(key) == "valid_from" ? put.card.valid_from : put.card.valid_until) = stamp->time;
    }
    if (put.card.valid_from && put.card.valid_until && *put.card.valid_from >= *put.card.valid_until) {
        return reply.fail(Code::bad_request, "valid_until must lie after valid_from");
    }
    Record record = change_record(app, request, "card_added");
    record.card = put.card.id;
    record.person = person->id;
    const auto id = put.card.id.str();
    change(app, reply, {std::move(put)}, {record}, {{"id", id}});
}

void set_card_state(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const Card* card = find_card(app, args.text("id"), reply);
    if (card == nullptr) return;
    const auto state = parse_credential_state(args.text("state"));
    if (!state) return reply.fail(Code::bad_request, "state must be active, suspended or lost");
    Record record = change_record(app, request, "card_state");
    record.card = card->id;
    record.person = card->person;
    record.more["before"] = std::string(to_text(card->state));
    record.more["after"] = args.text("state");
    store::PutCard put{.card = *card, .number = {}};
    put.card.state = *state;
    change(app, reply, {std::move(put)}, {record}, {{"id", card->id.str()}, {"state", args.text("state")}});
}

void remove_card(App& app, const Request& request, const Reply& reply) {
    const Card* card = find_card(app, Args(request).text("id"), reply);
    if (card == nullptr) return;
    Record record = change_record(app, request, "card_removed");
    record.card = card->id;
    record.person = card->person;
    change(app, reply, {store::RemoveCard{card->id}}, {record}, {{"id", card->id.str()}});
}

}  // namespace

void add_roster_verbs(App& app, std::vector<control::Verb>& table) {
    answer(table, "persons.list", app, list_persons);
    answer(table, "persons.add", app, add_person);
    answer(table, "persons.remove", app, remove_person);
    answer(table, "cards.list", app, list_cards);
    answer(table, "cards.add", app, add_card);
    answer(table, "cards.state", app, set_card_state);
    answer(table, "cards.remove", app, remove_card);
}

}  // namespace menshen::app
