#include <fmt/format.h>

#include <ostream>

#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

struct TailOptions {
    int lines = 20;
    bool follow = false;
    std::vector<std::string> kinds;
};

std::string to_seconds(const Stamp& stamp) {
    auto text = to_text(stamp).substr(0, 19);
    text[10] = ' ';
    return text;
}

std::string text_of(const Value& value) {
    return std::visit(Match{
                          [](bool b) { return std::string(b ? "yes" : "no"); },
                          [](std::int64_t n) { return std::to_string(n); },
                          [](const std::string& s) { return s; },
                          [](const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, ",")); },
                      },
                      value);
}

/// "2026-11-01 08:00:00  granted       person=p1 card=c1 door=front side=in"
std::string in_words(const Record& record) {
    std::string text =
        fmt::format("{}{} {:<15}", to_seconds(record.at), record.wall_is_trusted ? " " : "?", to_text(record.kind));
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) text += fmt::format(" {}={}", name, value);
    };
    add("person", record.person.str());
    add("household", record.household.str());
    add("stranger", record.stranger.str());
    add("card", record.card.str());
    add("door", record.door.str());
    add("side", record.side ? to_text(*record.side) : "");
    add("method", record.method ? to_text(*record.method) : "");
    add("certainty", record.certainty ? to_text(*record.certainty) : "");
    add("device", record.device.str());
    add("tag", record.tag);
    add("reason", record.reason);
    for (const auto& [name, value] : record.more) add(name, text_of(value));
    if (record.late) text += " late";
    return text;
}

bool print_item(const Shell& shell, std::string_view item) {
    if (shell.json) {
        shell.out << item << '\n';
    } else if (const auto record = parse_record(item)) {
        shell.out << printable(in_words(*record)) << '\n';
    } else {
        shell.out << printable(item) << '\n';
    }
    shell.out.flush();
    return shell.out.good();
}

int run_tail(const Shell& shell, const TailOptions& options) {
    control::Question question{.socket = shell.socket, .verb = "tail", .photos = {}};
    if (options.follow) question.patience = Millis{0};
    Json args{{"lines", options.lines}, {"follow", options.follow}};
    if (!options.kinds.empty()) args["kinds"] = options.kinds;
    const auto answer = control::ask_stream(question, args, [&](std::string_view item) { return print_item(shell, item); });
    if (!answer) return shell.explain(answer.error());
    return answer->ok ? static_cast<int>(kDone) : shell.explain(*answer);
}

}  // namespace

void add_tail_verb(CLI::App& app, Shell& shell) {
    auto* verb =
        shell.verb(app, "tail", "The newest records, and with --follow each one as it comes", Shell::Output::words_or_json);
    const auto options = std::make_shared<TailOptions>();
    verb->add_option("-n,--lines", options->lines, "So many of the last records")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
    verb->add_flag("-f,--follow", options->follow, "Go on until Ctrl-C");
    const auto& names = kind_names();
    verb->add_option("-k,--kind", options->kinds, "Only this kind; may be repeated (granted, denied, passage, alert, ...)")
        ->type_name("KIND")
        ->delimiter(',')
        ->check(CLI::Validator(
            [&names](std::string& kind) {
                return parse_kind(kind) ? std::string() : fmt::format("there is no kind \"{}\"{}", kind, suggestion(kind, names));
            },
            ""));
    verb->callback([&shell, options] { shell.action = [&shell, options] { return run_tail(shell, *options); }; });
}

}  // namespace menshen::cli
