#include <fmt/format.h>

#include <ostream>

#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

using Output = Shell::Output;

std::string with(std::string_view what, const std::string& detail) {
    return detail.empty() ? std::string(what) : fmt::format("{} ({})", what, detail);
}

void line(std::ostream& out, std::string_view name, const std::string& text) {
    out << fmt::format("{:<9} {}\n", name, printable(text));
}

std::string counted(const Json& object, std::initializer_list<std::pair<const char*, const char*>> parts) {
    std::string text;
    for (const auto& [key, noun] : parts) {
        const auto value = cell(object, key);
        if (!value.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", value, noun);
    }
    return text;
}

void show_services(std::ostream& out, const Json& status) {
    const auto mqtt = part_of(status, "mqtt");
    line(out, "mqtt",
         with(cell(mqtt, "state") + (cell(mqtt, "broker").empty() ? "" : " " + cell(mqtt, "broker")), cell(mqtt, "error")));
    const auto outbox = part_of(status, "outbox");
    line(out, "outbox",
         fmt::format("{}, {} of {}", counted(outbox, {{"records", "records"}, {"alerts", "alerts"}}), in_bytes(outbox, "bytes"),
                     in_bytes(outbox, "limit_bytes")));
    const auto store = part_of(status, "store");
    line(out, "store",
         with(fmt::format("{}, {}", counted(store, {{"records", "records"}, {"queue", "waiting"}, {"late", "late"}}),
                          in_bytes(store, "bytes")),
              cell(store, "problem")));
    const auto vision = part_of(status, "vision");
    line(out, "vision",
         with(fmt::format("{}, {}", cell(vision, "state"),
                          counted(vision, {{"templates", "templates"}, {"strangers", "strangers"}})),
              cell(vision, "error")));
    const auto rules = part_of(status, "rules");
    line(out, "rules", with(counted(rules, {{"rules", "rules"}, {"open_alerts", "open alerts"}}), cell(rules, "error")));
    const auto roster = part_of(status, "roster");
    line(out, "roster",
         fmt::format("version {}: {}", cell(roster, "version"),
                     counted(roster, {{"persons", "persons"}, {"cards", "cards"}, {"faces", "faces"}})));
    const auto config = part_of(status, "config");
    line(out, "config", with(cell(config, "file"), cell(config, "error")));
}

void show_status(const Shell& shell, const Json& status) {
    auto& out = shell.out;
    out << printable(fmt::format("{} {}, menshend {}{}", cell(status, "site"), cell(status, "gate"), cell(status, "version"),
                                 status.value("simulated", false) ? ", simulated time" : ""))
        << '\n';
    line(out, "time", minutes(status, "now") + (status.value("clock_trusted", true) ? "" : " (clock NOT trusted)"));
    const Millis up{status.value("up_ms", std::int64_t{0})};
    line(out, "up",
         fmt::format("{}, boot {}, journal {}-{}", in_words_en(up), cell(status, "boot"), cell(status, "epoch"),
                     cell(status, "seq")));
    show_services(out, status);
    out << '\n';
    Table doors({"DOOR", "NAME", "STATE"});
    for (const auto& door : list_of(status, "doors")) {
        doors.add({cell(door, "door"), in_language(door, "name", shell.language), cell(door, "state")});
    }
    doors.print(out, "no doors");
    out << '\n';
    Table devices({"DEVICE", "DRIVER", "STATE", "SINCE", "REASON"});
    for (const auto& device : list_of(status, "devices")) {
        devices.add({cell(device, "device"), cell(device, "driver"), device.value("online", false) ? "online" : "OFFLINE",
                     minutes(device, "since"), cell(device, "reason")});
    }
    devices.print(out, "no devices");
}

std::string readers_of(const Json& door) {
    const auto readers = part_of(door, "readers");
    const auto in = cell(readers, "in");
    const auto out = cell(readers, "out");
    return fmt::format("{}{}{}{}", in.empty() ? "" : "in: " + in, in.empty() || out.empty() ? "" : "; ",
                       out.empty() ? "" : "out: ", out);
}

void show_doors(const Shell& shell, const Json& result) {
    Table table({"DOOR", "NAME", "STATE", "SINCE", "CONTACT", "MODE", "AUDIT", "LOCK", "READERS", "OFFLINE"});
    for (const auto& door : list_of(result, "doors")) {
        table.add({cell(door, "door"), in_language(door, "name", shell.language),
                   cell(door, "state") + (door.value("fire", false) ? ", FIRE" : ""), minutes(door, "since"),
                   cell(door, "contact"), cell(door, "mode"), cell(door, "audit"), cell(door, "lock"), readers_of(door),
                   cell(door, "offline")});
    }
    table.print(shell.out, "no doors");
}

void add_door_change(CLI::App& parent, Shell& shell, const std::string& what, const std::string& about, const std::string& done) {
    auto* verb = shell.verb(parent, what, about, Output::words_or_json);
    const auto door = std::make_shared<std::string>();
    verb->add_option("DOOR,--door", *door, "Its id, see `menshen doors`")->required();
    verb->callback([&shell, door, what, done] {
        shell.action = [&shell, door, what, done] {
            return shell.ask("door." + what, {{"door", *door}}, [&](const Json& result) {
                shell.out << printable(fmt::format("{} {} (record {})", *door, done, cell(result, "record"))) << '\n';
            });
        };
    });
}

void add_audit(CLI::App& app, Shell& shell) {
    auto* audit = app.add_subcommand("audit", "The journal's chain");
    audit->require_subcommand(1);
    auto* verify = shell.verb(*audit, "verify", "Walk the whole chain: was a record cut out or changed?", Output::words_or_json);
    verify->callback([&shell] {
        shell.action = [&shell] {
            const auto result = shell.fetch({.socket = {}, .verb = "audit.verify", .photos = {}}, Json::object());
            if (!result) return result.error();
            const bool whole = result->value("ok", false);
            const auto verdict = whole ? "whole" : "BROKEN: " + cell(*result, "problem");
            shell.print(*result, [&](const Json& found) {
                shell.out << printable(fmt::format("{} records, {} erased, head {}: {}", cell(found, "records"),
                                                   cell(found, "erased"), cell(found, "head"), verdict))
                          << '\n';
            });
            return static_cast<int>(whole ? kDone : kFailed);
        };
    });
}

}  // namespace

void add_reload(CLI::App& app, Shell& shell) {
    shell.verb(app, "reload", "Read config and rules again; with a mistake in them what runs goes on", Output::words_or_json)
        ->callback([&shell] {
            shell.action = [&shell] {
                return shell.ask("reload", Json::object(),
                                 [&](const Json& result) { shell.out << "reloaded, " << cell(result, "rules") << " rules\n"; });
            };
        });
}

void add_gate_verbs(CLI::App& app, Shell& shell) {
    shell.verb(app, "status", "How the gate is: doors, devices, broker, store", Output::words_or_json)->callback([&shell] {
        shell.action = [&shell] {
            return shell.ask("status", Json::object(), [&](const Json& result) { show_status(shell, result); });
        };
    });
    shell.verb(app, "doors", "The doors, their state and devices", Output::words_or_json)->callback([&shell] {
        shell.action = [&shell] {
            return shell.ask("doors", Json::object(), [&](const Json& result) { show_doors(shell, result); });
        };
    });
    auto* door = app.add_subcommand("door", "Open a door, or lock it after a fire release");
    door->require_subcommand(1);
    add_door_change(*door, shell, "open", "Unlock a door once, as if a card had been granted; your name goes on record",
                    "is unlocked");
    add_door_change(*door, shell, "lock", "Lock a door again after a fire release", "is locked");
    add_reload(app, shell);
    add_audit(app, shell);
}

}  // namespace menshen::cli
