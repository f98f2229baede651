#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ostream>

#include "cli/checks.hpp"
#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

using Output = Shell::Output;

struct PersonOptions {
    std::string id, name, household;
    int household_size = 0;
    std::vector<std::string> tags;
};

struct CardOptions {
    std::string id, person, number, from, until;
};

void show_persons(const Shell& shell, const Json& result) {
    Table table({"PERSON", "NAME", "HOUSEHOLD", "SIZE", "TAGS", "CARDS", "FACE"});
    for (const auto& person : list_of(result, "persons")) {
        const auto face = part_of(person, "face");
        table.add({cell(person, "id"), cell(person, "name"), cell(person, "household"), cell(person, "household_size"),
                   cell(person, "tags"), cell(person, "cards"),
                   face.empty() ? "" : fmt::format("{}, until {}", cell(face, "state"), cell(face, "until"))});
    }
    table.print(shell.out, "nobody is registered yet; see `menshen persons add --help`");
}

void show_cards(const Shell& shell, const Json& result) {
    Table table({"CARD", "PERSON", "NAME", "STATE", "FROM", "UNTIL"});
    for (const auto& card : list_of(result, "cards")) {
        table.add({cell(card, "id"), cell(card, "person"), cell(card, "name"), cell(card, "state"), minutes(card, "valid_from"),
                   minutes(card, "valid_until")});
    }
    table.print(shell.out, "no cards yet; see `menshen cards add --help`");
}

void set_if(Json& args, const char* key, const std::string& value) {
    if (!value.empty()) args[key] = value;
}

void add_person_add(CLI::App& persons, Shell& shell) {
    auto* verb =
        shell.verb(persons, "add", "Register a person, or change name, household and tags of one", Output::words_or_json);
    const auto options = std::make_shared<PersonOptions>();
    verb->add_option("--id", options->id, "Opaque id, 1 to 64 of letters, digits and -_.:@")->required()->check(opaque_id());
    verb->add_option("--name", options->name, "As people call them")->required();
    verb->add_option("--household", options->household, "Id of the flat, such as 3-201")->check(opaque_id());
    verb->add_option("--household-size", options->household_size, "How many are registered there")->check(CLI::Range(1, 100));
    verb->add_option("--tag", options->tags, "Such as lives-alone; may be repeated")->check(opaque_id());
    verb->callback([&shell, options] {
        shell.action = [&shell, options] {
            Json args{{"id", options->id}, {"name", options->name}};
            set_if(args, "household", options->household);
            if (options->household_size > 0) args["household_size"] = options->household_size;
            if (!options->tags.empty()) args["tags"] = options->tags;
            return shell.ask("persons.add", args, [&](const Json& result) {
                shell.out << options->id << " is registered (roster version " << cell(result, "roster_version") << ")\n";
            });
        };
    });
}

void add_persons(CLI::App& app, Shell& shell) {
    auto* persons = shell.verb(app, "persons", "Who is registered; add and remove", Output::words_or_json);
    persons->require_subcommand(0, 1);
    persons->callback([&shell, persons] {
        if (!persons->get_subcommands().empty()) return;
        shell.action = [&shell] {
            return shell.ask("persons.list", Json::object(), [&](const Json& result) { show_persons(shell, result); });
        };
    });
    add_person_add(*persons, shell);
    auto* remove = shell.verb(*persons, "remove", "Remove a person with cards and face", Output::words_or_json);
    const auto id = std::make_shared<std::string>();
    remove->add_option("ID,--id", *id, "Person")->required();
    remove->callback([&shell, id] {
        shell.action = [&shell, id] {
            return shell.ask("persons.remove", {{"id", *id}}, [&](const Json& result) {
                shell.out << printable(fmt::format("{} is removed, with {} cards and {} face templates", *id,
                                                   cell(result, "cards"), cell(result, "templates")))
                          << '\n';
            });
        };
    });
}

void add_card_add(CLI::App& cards, Shell& shell) {
    auto* verb = shell.verb(cards, "add", "Give a card to a person", Output::words_or_json);
    const auto options = std::make_shared<CardOptions>();
    verb->add_option("--id", options->id, "Opaque id of the card, not its number")->required()->check(opaque_id());
    verb->add_option("--person", options->person, "Whose it is")->required();
    verb->add_option("--number", options->number, "The whole frame with its parity, BITS:HEX: 26:2F623AE")
        ->required()
        ->transform(card_number());
    verb->add_option("--from", options->from, "Valid from, as 2026-11-01T00:00:00+08:00")->check(time_with_offset());
    verb->add_option("--until", options->until, "Valid until, exclusive")->check(time_with_offset());
    verb->callback([&shell, options] {
        shell.action = [&shell, options] {
            Json args{{"id", options->id}, {"person", options->person}, {"number", options->number}};
            set_if(args, "valid_from", options->from);
            set_if(args, "valid_until", options->until);
            return shell.ask("cards.add", args, [&](const Json& result) {
                shell.out << printable(fmt::format("card {} is {}'s (roster version {})", options->id, options->person,
                                                   cell(result, "roster_version")))
                          << '\n';
            });
        };
    });
}

void add_card_change(CLI::App& cards, Shell& shell, const std::string& name, const std::string& about, const std::string& state) {
    auto* verb = shell.verb(cards, name, about, Output::words_or_json);
    const auto id = std::make_shared<std::string>();
    verb->add_option("ID,--id", *id, "Card")->required();
    verb->callback([&shell, id, state] {
        shell.action = [&shell, id, state] {
            Json args{{"id", *id}};
            set_if(args, "state", state);
            return shell.ask(state.empty() ? "cards.remove" : "cards.state", args, [&](const Json&) {
                shell.out << printable(fmt::format("card {} is {}", *id, state.empty() ? "removed" : state)) << '\n';
            });
        };
    });
}

void add_cards(CLI::App& app, Shell& shell) {
    auto* cards = shell.verb(app, "cards", "The cards; add, suspend, activate, lost, remove", Output::words_or_json);
    cards->require_subcommand(0, 1);
    cards->callback([&shell, cards] {
        if (!cards->get_subcommands().empty()) return;
        shell.action = [&shell] {
            return shell.ask("cards.list", Json::object(), [&](const Json& result) { show_cards(shell, result); });
        };
    });
    add_card_add(*cards, shell);
    add_card_change(*cards, shell, "suspend", "Refuse a card until it is activated again", "suspended");
    add_card_change(*cards, shell, "activate", "Accept a card again", "active");
    add_card_change(*cards, shell, "lost", "Refuse a card as lost", "lost");
    add_card_change(*cards, shell, "remove", "Forget a card", "");
}

}  // namespace

void add_roster_verbs(CLI::App& app, Shell& shell) {
    add_persons(app, shell);
    add_cards(app, shell);
}

}  // namespace menshen::cli
