#include <fmt/format.h>

#include <ostream>

#include "cli/checks.hpp"
#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

struct EnrolOptions {
    std::string person, purpose, form, date, by, text_version, until, despite;
    std::vector<std::string> photos;
};

int enroll(Shell& shell, const EnrolOptions& options) {
    if (options.until <= options.date) {
        shell.complain(fmt::format("--until {} is not after --date {}", options.until, options.date));
        return kUsage;
    }
    control::Question question{.socket = {}, .verb = "face.enroll", .photos = {}};
    for (const auto& path : options.photos) question.photos.push_back({path});
    const Json consent{
        {"purpose", options.purpose},           {"form", options.form},  {"date", options.date}, {"by", options.by},
        {"text_version", options.text_version}, {"until", options.until}};
    Json args{{"person", options.person}, {"consent", consent}};
    if (!options.despite.empty()) args["despite"] = options.despite;
    return shell.ask_with(std::move(question), args, [&](const Json& result) {
        shell.out << printable(fmt::format("{}: {} templates from {} photographs, until {}", options.person,
                                           cell(result, "templates"), options.photos.size(), options.until))
                  << '\n';
    });
}

void add_enroll(CLI::App& face, Shell& shell) {
    auto* verb =
        shell.verb(face, "enroll", "Take a person's face from photographs, with their consent", Shell::Output::words_or_json);
    const auto options = std::make_shared<EnrolOptions>();
    verb->add_option("--person", options->person, "Whose face it is")->required();
    verb->add_option("PHOTO,--photo", options->photos, "JPEG or PNG with one face; three at least, 16 at most")
        ->required()
        ->check(CLI::ExistingFile);
    verb->add_option("--purpose", options->purpose, "What they consented to, such as \"door access\"")->required();
    verb->add_option("--form", options->form, "How: paper or app")->required();
    verb->add_option("--date", options->date, "When, as 2026-11-01")->required()->check(calendar_day());
    verb->add_option("--by", options->by, "Who consented: self or guardian")->required()->check(one_of({"self", "guardian"}));
    verb->add_option("--text-version", options->text_version, "Version of the text they read")->required();
    verb->add_option("--despite", options->despite, "A person who is allowed to look alike: a twin");
    verb->add_option("--until", options->until, "Until when, as 2027-11-01")->required()->check(calendar_day());
    verb->callback([&shell, options] { shell.action = [&shell, options] { return enroll(shell, *options); }; });
}

}  // namespace

void add_face_verbs(CLI::App& app, Shell& shell) {
    auto* face = app.add_subcommand("face", "Enrol a face, or withdraw it; what faces may decide here");
    face->require_subcommand(1);
    add_enroll(*face, shell);
    auto* report = shell.verb(*face, "report", "What faces may decide here, and how often they err, in numbers and words",
                              Shell::Output::words_or_json);
    report->callback([&shell] {
        shell.action = [&shell] {
            return shell.ask("face.report", Json::object(), [&](const Json& result) {
                const auto words = part_of(result, "words");
                for (const auto& line : list_of(words, shell.language.c_str())) {
                    shell.out << printable(line.get<std::string>()) << '\n';
                }
                const auto again = list_of(result, "enrol_again");
                if (again.empty()) return;
                shell.out << "to be enrolled again, the model has changed: " << cell(result, "enrol_again") << '\n';
            });
        };
    });
    auto* remove = shell.verb(*face, "remove", "Withdraw the consent: the templates are deleted", Shell::Output::words_or_json);
    const auto person = std::make_shared<std::string>();
    remove->add_option("PERSON,--person", *person, "Whose face")->required();
    remove->callback([&shell, person] {
        shell.action = [&shell, person] {
            return shell.ask("face.remove", {{"person", *person}}, [&](const Json& result) {
                shell.out << printable(fmt::format("{}: {} templates deleted", *person, cell(result, "templates"))) << '\n';
            });
        };
    });
}

}  // namespace menshen::cli
