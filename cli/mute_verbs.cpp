// alerts mute, unmute, mutes.

#include <fmt/format.h>

#include <ostream>

#include "cli/checks.hpp"
#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

using Output = Shell::Output;

struct MuteOptions {
    std::string rule, subject, reason;
    EndOptions end;
};

Json to_args(const MuteOptions& options) {
    Json args{{"rule", options.rule}};
    if (!options.subject.empty()) args["subject"] = options.subject;
    if (!options.reason.empty()) args["reason"] = options.reason;
    options.end.put_into(args);
    return args;
}

std::string what(const MuteOptions& options) {
    return options.subject.empty() ? options.rule : fmt::format("{} for {}", options.rule, options.subject);
}

std::shared_ptr<MuteOptions> add_rule(CLI::App& verb) {
    const auto options = std::make_shared<MuteOptions>();
    verb.add_option("RULE,--rule", options->rule, "The rule's id")->required();
    verb.add_option("SUBJECT,--subject", options->subject, "Only for this person, card, door, ...; without one for all")
        ->check(opaque_id());
    return options;
}

}  // namespace

void add_mute_verbs(CLI::App& alerts, Shell& shell) {
    auto* mute =
        shell.verb(alerts, "mute", "A rule raises nothing for a while, for all or for one subject", Output::words_or_json);
    const auto muted = add_rule(*mute);
    muted->end.add_to(*mute, EndOptions::Need::required);
    mute->add_option("--reason", muted->reason, "Why; it goes into the journal")->required();
    mute->callback([&shell, muted] {
        shell.action = [&shell, muted] {
            return shell.ask("alerts.mute", to_args(*muted), [&](const Json& result) {
                shell.out << printable(fmt::format("{} is muted until {}", what(*muted), minutes(result, "until"))) << '\n';
            });
        };
    });
    auto* unmute = shell.verb(alerts, "unmute", "Lift a mute", Output::words_or_json);
    const auto lifted = add_rule(*unmute);
    unmute->add_option("--reason", lifted->reason, "Why");
    unmute->callback([&shell, lifted] {
        shell.action = [&shell, lifted] {
            return shell.ask("alerts.unmute", to_args(*lifted), [&](const Json&) {
                shell.out << printable(fmt::format("{} is not muted any more", what(*lifted))) << '\n';
            });
        };
    });
    auto* mutes = shell.verb(alerts, "mutes", "The mutes that hold", Output::words_or_json);
    mutes->callback([&shell] {
        shell.action = [&shell] {
            return shell.ask("alerts.mutes", Json::object(), [&](const Json& result) {
                Table table({"RULE", "SUBJECT", "UNTIL"});
                for (const auto& held : list_of(result, "mutes")) {
                    const auto subject = cell(held, "subject");
                    table.add({cell(held, "rule"), subject.empty() ? "(all)" : subject, minutes(held, "until")});
                }
                table.print(shell.out, "no rule is muted");
            });
        };
    });
}

}  // namespace menshen::cli
