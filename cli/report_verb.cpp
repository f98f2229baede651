#include <fmt/format.h>

#include <fstream>
#include <ostream>

#include "cli/gate_history.hpp"
#include "cli/table.hpp"
#include "rules/record_lines.hpp"
#include "rules/report.hpp"

namespace menshen::cli {

namespace {

using rules::Report;
using rules::ReportRow;
using rules::Tongue;

struct ReportOptions {
    std::string month, records;
    bool text = false, csv = false;
};

Json to_json(const ReportRow& row) {
    Json out{{"fired", row.fired},
             {"resolved_by_itself", row.by_itself},
             {"closed",
              {{"true", row.closed_true},
               {"false", row.closed_false},
               {"well", row.closed_well},
               {"duplicate", row.closed_duplicate}}},
             {"ended_by_mute", row.ended_by_mute},
             {"still_open", row.still_open},
             {"acknowledged", row.acknowledged},
             {"escalated", row.escalated},
             {"repeats", row.repeats},
             {"mutes", row.mutes}};
    const auto share = row.true_share();
    const auto median = row.time_to_acknowledge(0.5);
    const auto most = row.time_to_acknowledge(0.9);
    out["true_share"] = share ? Json(*share) : Json();
    out["ack_median_ms"] = median ? Json(*median) : Json();
    out["ack_p90_ms"] = most ? Json(*most) : Json();
    if (!row.rule.empty()) out["rule"] = row.rule;
    return out;
}

Json to_json(const Report& report) {
    Json list = Json::array();
    for (const auto& row : report.rules) list.push_back(to_json(row));
    return {{"month", to_text(report.month)},
            {"rules", std::move(list)},
            {"total", to_json(report.total)},
            {"recipients", report.by_recipient}};
}

void print(const Shell& shell, const Report& report) {
    const bool zh = shell.language == "zh";
    const auto tongue = zh ? Tongue::zh : Tongue::en;
    shell.out << (zh ? fmt::format("{} 的提醒\n", to_text(report.month)) : fmt::format("Alerts of {}\n", to_text(report.month)));
    if (report.total.fired == 0 && report.total.mutes == 0) {
        shell.out << (zh ? "没有提醒\n" : "none\n");
        return;
    }
    Table table(rules::report_head(tongue));
    for (auto& row : rules::report_rows(report, tongue)) table.add(std::move(row));
    table.print(shell.out, "");
    if (report.by_recipient.empty()) return;
    shell.out << '\n';
    Table people(zh ? std::vector<std::string>{"接收人", "收到的提醒"} : std::vector<std::string>{"RECIPIENT", "ALERTS"});
    for (const auto& [id, alerts] : report.by_recipient) people.add({id, fmt::format("{}", alerts)});
    people.print(shell.out, "");
}

Result<void> fold_file(const std::string& name, rules::ReportFold& fold) {
    std::ifstream file(name, std::ios::binary);
    if (!file) return fail("{}: cannot be opened", name);
    rules::RecordLines lines(file, name);
    Record record;
    for (;;) {
        const auto more = lines.next(record);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return {};
        if (const auto added = fold.add(record); !added) return fail("{}:{}: {}", name, lines.line(), added.error().message);
    }
}

/// From the first of the month, by the gate's clock; what came of its alerts later counts too.
int fold_journal(Shell& shell, const rules::Month& month, rules::ReportFold& fold) {
    const auto clock = ask_gate_clock(shell);
    if (!clock) return clock.error();
    const auto offset = to_text(clock->now).substr(23);
    JournalQuery query;
    query.from = fmt::format("{}-01T00:00:00.000{}", to_text(month), offset);
    query.kinds = {"alert", "mute"};
    bool broken = false;
    const auto code = for_each_parsed(shell, query, [&](Record& record) {
        const auto added = fold.add(record);
        if (!added) shell.complain(added.error().message);
        broken = !added;
        return !broken;
    });
    return broken ? static_cast<int>(kFailed) : code;
}

int run_report(Shell& shell, const ReportOptions& options) {
    const auto month = rules::parse_month(options.month);
    if (!month) {
        shell.complain(month.error().message);
        return kUsage;
    }
    rules::ReportFold fold(*month);
    if (options.records.empty()) {
        const auto code = fold_journal(shell, *month, fold);
        if (code != kDone) return code;
    } else if (const auto folded = fold_file(options.records, fold); !folded) {
        shell.complain(folded.error().message);
        return kFailed;
    }
    const auto report = fold.report();
    if (options.csv) {
        shell.out << rules::report_csv(report, shell.language == "zh" ? Tongue::zh : Tongue::en);
    } else if (shell.json) {
        shell.out << to_json(report).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    } else {
        print(shell, report);
    }
    return kDone;
}

}  // namespace

void add_report_verb(CLI::App& app, Shell& shell) {
    auto* verb = app.add_subcommand("report", "What came of a month's alerts: true share, time to acknowledge, by rule");
    const auto options = std::make_shared<ReportOptions>();
    verb->add_option("--month", options->month, "2026-11")->required();
    verb->add_option("--records", options->records, "A file of records; default: the journal of the gate that runs here");
    auto* text = verb->add_flag("--text", options->text, "A table for people (this is what comes by itself)");
    auto* csv = verb->add_flag("--csv", options->csv, "For spreadsheets");
    verb->add_option("--lang", shell.language, "zh or en")->check(CLI::IsMember({"zh", "en"}));
    shell.add_socket(*verb);
    shell.add_json(*verb);
    auto* json = verb->get_option("--json");
    csv->excludes(text)->excludes(json);
    text->excludes(json);
    verb->callback([&shell, options] { shell.action = [&shell, options] { return run_report(shell, *options); }; });
}

}  // namespace menshen::cli
