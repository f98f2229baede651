#include <fmt/format.h>

#include <ostream>

#include "cli/checks.hpp"
#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

using Output = Shell::Output;

struct SayOptions {
    std::string id, note, reason;
    EndOptions end;
};

constexpr std::size_t kShortId = 8;  // what `alerts ack` takes at least
const char* const kIdHelp = "The alert's id, or its first 8 characters";

void show_alerts(const Shell& shell, const Json& result) {
    Table table({"ALERT", "STATE", "SEVERITY", "SINCE", "RULE", "SUBJECT", "TO", "TEXT"});
    for (const auto& alert : list_of(result, "alerts")) {
        auto text = in_language(alert, "text", shell.language);
        const auto note = cell(alert, "note");
        if (!note.empty()) text += fmt::format(" [{}: {}]", cell(alert, "by"), note);
        auto state = cell(alert, "state");
        if (state == "acknowledged" && alert.contains("until")) state += " until " + minutes(alert, "until");
        if (state == "resolved" && !cell(alert, "reason").empty()) state += " (" + cell(alert, "reason") + ")";
        table.add({cell(alert, "id").substr(0, kShortId), state, cell(alert, "severity"), minutes(alert, "fired_at"),
                   cell(alert, "rule"), cell(alert, "subject"), cell(alert, "to"), text});
    }
    table.print(shell.out, "no alerts");
}

int list_alerts(Shell& shell, bool all) {
    return shell.ask("alerts.list", {{"all", all}}, [&](const Json& result) { show_alerts(shell, result); });
}

void tell_state(const Shell& shell, const Json& result) {
    const auto until = minutes(result, "until");
    shell.out << printable(
                     fmt::format("{} is {}{}", cell(result, "id"), cell(result, "state"), until.empty() ? "" : " until " + until))
              << '\n';
}

/// A verb that says something to one alert; `name` is its name at the gate too.
CLI::App* add_say(CLI::App& alerts, Shell& shell, const std::string& name, const std::string& about,
                  const std::shared_ptr<SayOptions>& options) {
    auto* verb = shell.verb(alerts, name, about, Output::words_or_json);
    verb->add_option("ID,--id", options->id, kIdHelp)->required();
    verb->callback([&shell, options, name] {
        shell.action = [&shell, options, name] {
            Json args{{"id", options->id}};
            if (!options->note.empty()) args["note"] = options->note;
            if (!options->reason.empty()) args["reason"] = options->reason;
            options->end.put_into(args);
            return shell.ask("alerts." + name, args, [&](const Json& result) { tell_state(shell, result); });
        };
    });
    return verb;
}

void add_says(CLI::App& alerts, Shell& shell) {
    const auto acked = std::make_shared<SayOptions>();
    auto* ack = add_say(alerts, shell, "ack", "Say that somebody looks after it: no repeats, no escalation", acked);
    ack->add_option("--note", acked->note, "What was found");
    acked->end.add_to(*ack, EndOptions::Need::optional);

    const auto snoozed = std::make_shared<SayOptions>();
    auto* snooze = add_say(alerts, shell, "snooze", "Hear nothing more of it for a while", snoozed);
    snooze->add_option("--note", snoozed->note, "Why");
    snoozed->end.add_to(*snooze, EndOptions::Need::required);

    const auto closed = std::make_shared<SayOptions>();
    auto* close = add_say(alerts, shell, "close", "Say what came of it; it is over", closed);
    close->add_option("--reason", closed->reason, "true: it was so; false: it was not; well: visited, all is well; duplicate")
        ->required()
        ->check(one_of({"true", "false", "well", "duplicate"}));
    close->add_option("--note", closed->note, "What was found");

    const auto noted = std::make_shared<SayOptions>();
    auto* note = add_say(alerts, shell, "note", "Write something beside it", noted);
    note->add_option("NOTE,--note", noted->note, "The words")->required();
}

}  // namespace

void add_alert_verbs(CLI::App& app, Shell& shell) {
    auto* alerts = shell.verb(app, "alerts", "Open alerts; acknowledge, snooze, close, note; mute a rule", Output::words_or_json);
    const auto all = std::make_shared<bool>(false);
    alerts->add_flag("--all", *all, "Closed ones too");
    alerts->require_subcommand(0, 1);
    alerts->callback([&shell, alerts, all] {
        if (alerts->get_subcommands().empty()) shell.action = [&shell, all] { return list_alerts(shell, *all); };
    });
    auto* list = shell.verb(*alerts, "list", "The same as alerts alone", Output::words_or_json);
    list->add_flag("--all", *all, "Closed ones too");
    list->callback([&shell, all] { shell.action = [&shell, all] { return list_alerts(shell, *all); }; });
    add_says(*alerts, shell);
    add_mute_verbs(*alerts, shell);
}

}  // namespace menshen::cli
