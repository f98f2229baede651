#include <fmt/format.h>

#include <ostream>

#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

struct AckOptions {
    std::string id, note;
};

constexpr std::size_t kShortId = 8;  // what `alerts ack` takes at least

void show_alerts(const Shell& shell, const Json& result) {
    Table table({"ALERT", "STATE", "SEVERITY", "SINCE", "RULE", "SUBJECT", "TO", "TEXT"});
    for (const auto& alert : list_of(result, "alerts")) {
        auto text = in_language(alert, "text", shell.language);
        const auto note = cell(alert, "note");
        if (!note.empty()) text += fmt::format(" [{}: {}]", cell(alert, "by"), note);
        table.add({cell(alert, "id").substr(0, kShortId), cell(alert, "state"), cell(alert, "severity"),
                   minutes(alert, "fired_at"), cell(alert, "rule"), cell(alert, "subject"), cell(alert, "to"), text});
    }
    table.print(shell.out, "no alerts");
}

}  // namespace

void add_alert_verbs(CLI::App& app, Shell& shell) {
    auto* alerts = shell.verb(app, "alerts", "Open alerts; acknowledge one", Shell::Output::words_or_json);
    const auto all = std::make_shared<bool>(false);
    alerts->add_flag("--all", *all, "Closed ones too");
    alerts->require_subcommand(0, 1);
    alerts->callback([&shell, alerts, all] {
        if (!alerts->get_subcommands().empty()) return;
        shell.action = [&shell, all] {
            return shell.ask("alerts.list", {{"all", *all}}, [&](const Json& result) { show_alerts(shell, result); });
        };
    });
    auto* ack =
        shell.verb(*alerts, "ack", "Say that somebody looks after it: no repeats, no escalation", Shell::Output::words_or_json);
    const auto options = std::make_shared<AckOptions>();
    ack->add_option("ID,--id", options->id, "The alert's id, or its first 8 characters")->required();
    ack->add_option("--note", options->note, "What was found");
    ack->callback([&shell, options] {
        shell.action = [&shell, options] {
            Json args{{"id", options->id}};
            if (!options->note.empty()) args["note"] = options->note;
            return shell.ask("alerts.ack", args, [&](const Json& result) {
                shell.out << printable(fmt::format("{} is {}", cell(result, "id"), cell(result, "state"))) << '\n';
            });
        };
    });
}

}  // namespace menshen::cli
