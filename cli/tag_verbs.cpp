#include <fmt/format.h>

#include <fstream>
#include <ostream>

#include "cli/checks.hpp"
#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

using Output = Shell::Output;

/// What one request may hold, with room for the rest of it.
constexpr std::uintmax_t kFileLimit = 200 * 1024;

struct TagOptions {
    std::vector<std::string> words;  ///< PERSON TAG
    std::string gate_tag;
    EndOptions end;
};

struct LabelOptions {
    std::string id, label;
    bool remove = false;
    EndOptions end;
};

std::string with_end(const Json& object) {
    const auto until = minutes(object, "until");
    return until.empty() ? "" : " until " + until;
}

/// Whose tag it is must be clear before anything is sent.
void check_words(const TagOptions& options) {
    const bool of_gate = !options.gate_tag.empty();
    if (of_gate && options.words.empty()) return;
    if (of_gate) throw CLI::ValidationError("--gate", "--gate TAG is the gate's own; leave the person out");
    if (options.words.size() != 2) throw CLI::ValidationError("PERSON TAG", "give PERSON TAG, or --gate TAG");
}

Json to_args(const TagOptions& options) {
    if (!options.gate_tag.empty()) return {{"gate", true}, {"tag", options.gate_tag}};
    return {{"person", options.words[0]}, {"tag", options.words[1]}};
}

void add_tag_change(CLI::App& tag, Shell& shell, const std::string& name, const std::string& about) {
    auto* verb = shell.verb(tag, name, about, Output::words_or_json);
    const auto options = std::make_shared<TagOptions>();
    verb->add_option("PERSON TAG", options->words, "Person and tag, such as: p1 away")->expected(0, 2)->check(opaque_id());
    verb->add_option("--gate", options->gate_tag, "A tag of the gate itself, such as rain")->type_name("TAG")->check(opaque_id());
    if (name == "add") options->end.add_to(*verb, EndOptions::Need::optional);
    verb->callback([&shell, options, name] {
        check_words(*options);
        shell.action = [&shell, options, name] {
            auto args = to_args(*options);
            options->end.put_into(args);
            return shell.ask("tag." + name, args, [&](const Json& result) {
                const auto whose = options->gate_tag.empty() ? options->words[0] : "the gate";
                const auto tags = cell(result, "tags");
                shell.out << printable(fmt::format("{}: {}{}", whose, tags.empty() ? "no tags" : tags,
                                                   name == "add" && !with_end(result).empty()
                                                       ? fmt::format(" ({}{})", cell(result, "tag"), with_end(result))
                                                       : ""))
                          << '\n';
            });
        };
    });
}

void add_tag_list(CLI::App& tag, Shell& shell) {
    auto* verb = shell.verb(tag, "list", "The tags of a person, or of everybody and of the gate", Output::words_or_json);
    const auto person = std::make_shared<std::string>();
    verb->add_option("PERSON,--person", *person, "Only this person's");
    verb->callback([&shell, person] {
        shell.action = [&shell, person] {
            Json args = Json::object();
            if (!person->empty()) args["person"] = *person;
            return shell.ask("tag.list", args, [&](const Json& result) {
                Table table({"WHOSE", "TAG", "UNTIL"});
                for (const auto& held : list_of(result, "tags")) {
                    const auto id = cell(held, "person");
                    table.add({id.empty() ? "(gate)" : id, cell(held, "tag"), minutes(held, "until")});
                }
                table.print(shell.out, "no tags");
            });
        };
    });
}

/// The lines of a file that fits into one request; complains when it does not.
std::optional<std::vector<std::string>> read_lines(const Shell& shell, const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::vector<std::string> lines;
    std::uintmax_t bytes = 0;
    std::string line;
    if (!in) {
        shell.complain(fmt::format("{}: cannot be opened", file));
        return std::nullopt;
    }
    // By hand: a file without line breaks must not be read as a whole.
    for (char c = 0; in.get(c);) {
        if (++bytes > kFileLimit) {
            shell.complain(fmt::format("{}: larger than {} KB; split it", file, kFileLimit / 1024));
            return std::nullopt;
        }
        if (c != '\n') line += c;
        if (c == '\n') lines.push_back(std::exchange(line, {}));
    }
    if (in.bad() || (!in.eof() && in.fail())) {
        shell.complain(fmt::format("{}: cannot be read", file));
        return std::nullopt;
    }
    if (!line.empty()) lines.push_back(std::move(line));
    // The mark that spreadsheets write in front.
    if (!lines.empty() && lines[0].starts_with("\xEF\xBB\xBF")) lines[0].erase(0, 3);
    return lines;
}

/// JSON is UTF-8: a line in another code would not even arrive.
bool is_utf8(const std::string& text) {
    try {
        return !Json(text).dump().empty();
    } catch (const Json::type_error&) {
        return false;
    }
}

void add_tag_import(CLI::App& tag, Shell& shell) {
    auto* verb =
        shell.verb(tag, "import", "Set tags from a file of lines person,tag,until: all of them or none", Output::words_or_json);
    const auto file = std::make_shared<std::string>();
    verb->add_option("FILE", *file, "CSV; until is a time with offset or a duration and may be missing; no person: the gate")
        ->required();
    verb->callback([&shell, file] {
        shell.action = [&shell, file] {
            const auto lines = read_lines(shell, *file);
            if (!lines) return static_cast<int>(kFailed);
            for (std::size_t i = 0; i < lines->size(); ++i) {
                if (is_utf8((*lines)[i])) continue;
                shell.complain(fmt::format("{}:{}: is not UTF-8; save the file as UTF-8", *file, i + 1));
                return static_cast<int>(kFailed);
            }
            return shell.ask("tag.import", {{"name", *file}, {"lines", *lines}}, [&](const Json& result) {
                shell.out << fmt::format("{} tags set, {} were so already\n", cell(result, "set"), cell(result, "unchanged"));
            });
        };
    });
}

void add_stranger_verbs(CLI::App& app, Shell& shell) {
    auto* stranger = app.add_subcommand("stranger", "Faces that match nobody: list them, give one a label");
    stranger->require_subcommand(1);
    auto* list = shell.verb(*stranger, "list", "The identities that are kept", Output::words_or_json);
    list->callback([&shell] {
        shell.action = [&shell] {
            return shell.ask("stranger.list", Json::object(), [&](const Json& result) {
                Table table({"STRANGER", "LABEL", "UNTIL", "FIRST SEEN", "LAST SEEN", "SIGHTINGS"});
                for (const auto& one : list_of(result, "strangers")) {
                    table.add({cell(one, "id"), cell(one, "label"), minutes(one, "until"), minutes(one, "first_seen"),
                               minutes(one, "last_seen"), cell(one, "sightings")});
                }
                table.print(shell.out, "no strangers are kept");
            });
        };
    });
    auto* wipe = shell.verb(*stranger, "wipe", "Forget every stranger, at once and for good", Output::words_or_json);
    wipe->callback([&shell] {
        shell.action = [&shell] {
            return shell.ask("stranger.wipe", Json::object(), [&](const Json& result) {
                shell.out << fmt::format("{} strangers forgotten", cell(result, "wiped")) << '\n';
            });
        };
    });
    auto* label = shell.verb(*stranger, "label", "Say who it is, such as courier; or take that back", Output::words_or_json);
    const auto options = std::make_shared<LabelOptions>();
    label->add_option("ID,--id", options->id, "The stranger's id, or its first 8 characters")->required();
    label->add_option("LABEL,--label", options->label, "Such as courier")->check(opaque_id());
    label->add_flag("--remove", options->remove, "Take the label away");
    options->end.add_to(*label, EndOptions::Need::optional);
    label->callback([&shell, options] {
        if (options->label.empty() != options->remove) throw CLI::ValidationError("LABEL", "give a LABEL, or --remove");
        shell.action = [&shell, options] {
            Json args{{"id", options->id}};
            if (options->remove) args["remove"] = true;
            if (!options->label.empty()) args["label"] = options->label;
            options->end.put_into(args);
            return shell.ask("stranger.label", args, [&](const Json& result) {
                const auto given = cell(result, "label");
                shell.out << printable(fmt::format("{}: {}{}", cell(result, "id"), given.empty() ? "no label" : given,
                                                   with_end(result)))
                          << '\n';
            });
        };
    });
}

}  // namespace

void add_tag_verbs(CLI::App& app, Shell& shell) {
    auto* tag = app.add_subcommand("tag", "Tags of persons and of the gate: add, remove, list, import");
    tag->require_subcommand(1);
    add_tag_change(*tag, shell, "add", "Give a tag, until it is taken away or its end comes");
    add_tag_change(*tag, shell, "remove", "Take a tag away");
    add_tag_list(*tag, shell);
    add_tag_import(*tag, shell);
    add_stranger_verbs(app, shell);
}

}  // namespace menshen::cli
