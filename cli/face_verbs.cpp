#include <fmt/format.h>

#include <ostream>

#include "cli/checks.hpp"
#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

struct EnrolOptions {
    std::string person, purpose, form, date, by, text_version, until, despite, camera;
    std::vector<std::string> photos;
};

Json consent_of(const EnrolOptions& options) {
    return {{"purpose", options.purpose},           {"form", options.form},  {"date", options.date}, {"by", options.by},
            {"text_version", options.text_version}, {"until", options.until}};
}

bool is_in_order(const Shell& shell, const EnrolOptions& options) {
    if (options.until > options.date) return true;
    shell.complain(fmt::format("--until {} is not after --date {}", options.until, options.date));
    return false;
}

int enroll(Shell& shell, const EnrolOptions& options) {
    if (!is_in_order(shell, options)) return kUsage;
    control::Question question{.socket = {}, .verb = "face.enroll", .photos = {}};
    for (const auto& path : options.photos) question.photos.push_back({path});
    Json args{{"person", options.person}, {"consent", consent_of(options)}};
    if (!options.despite.empty()) args["despite"] = options.despite;
    return shell.ask_with(std::move(question), args, [&](const Json& result) {
        shell.out << printable(fmt::format("{}: {} templates from {} photographs, until {}", options.person,
                                           cell(result, "templates"), options.photos.size(), options.until))
                  << '\n';
    });
}

/// At the camera: each advice as it comes, for whoever reads it out to the person.
int capture(Shell& shell, const EnrolOptions& options) {
    if (!is_in_order(shell, options)) return kUsage;
    // Longer than the gate gives the person, who may hold one pose all the while.
    const control::Question question{
        .socket = shell.socket, .verb = "face.capture", .photos = {}, .patience = std::chrono::seconds(120)};
    Json args{{"person", options.person}, {"camera", options.camera}, {"consent", consent_of(options)}};
    if (!options.despite.empty()) args["despite"] = options.despite;
    const auto answer = control::ask_stream(question, args, [&](std::string_view item) {
        if (shell.json) {
            shell.out << item << std::endl;
            return true;
        }
        const auto state = Json::parse(item, nullptr, false);
        shell.out << printable(fmt::format("{}/{}  {}", cell(state, "taken"), cell(state, "wanted"), cell(state, "advice")))
                  << std::endl;
        return true;
    });
    if (!answer) return shell.explain(answer.error());
    if (!answer->ok) return shell.explain(*answer);
    shell.print(Json::parse(answer->result, nullptr, false), [&](const Json& result) {
        shell.out << printable(
                         fmt::format("{}: {} templates, until {}", options.person, cell(result, "templates"), options.until))
                  << '\n';
    });
    return kDone;
}

void add_consent(CLI::App& verb, EnrolOptions& options) {
    verb.add_option("--person", options.person, "Whose face it is")->required();
    verb.add_option("--purpose", options.purpose, "What they consented to, such as \"door access\"")->required();
    verb.add_option("--form", options.form, "How: paper or app")->required();
    verb.add_option("--date", options.date, "When, as 2026-11-01")->required()->check(calendar_day());
    verb.add_option("--by", options.by, "Who consented: self or guardian")->required()->check(one_of({"self", "guardian"}));
    verb.add_option("--text-version", options.text_version, "Version of the text they read")->required();
    verb.add_option("--until", options.until, "Until when, as 2027-11-01")->required()->check(calendar_day());
    verb.add_option("--despite", options.despite, "A person who is allowed to look alike: a twin");
}

void add_enroll(CLI::App& face, Shell& shell) {
    auto* verb =
        shell.verb(face, "enroll", "Take a person's face from photographs, with their consent", Shell::Output::words_or_json);
    const auto options = std::make_shared<EnrolOptions>();
    verb->add_option("PHOTO,--photo", options->photos, "JPEG or PNG with one face; three at least, 16 at most")
        ->required()
        ->check(CLI::ExistingFile);
    add_consent(*verb, *options);
    verb->callback([&shell, options] { shell.action = [&shell, options] { return enroll(shell, *options); }; });
}

void add_capture(CLI::App& face, Shell& shell) {
    auto* verb = shell.verb(face, "capture", "Take a person's face at a door camera, step by step, with their consent",
                            Shell::Output::words_or_json);
    const auto options = std::make_shared<EnrolOptions>();
    verb->add_option("--camera", options->camera, "The camera, as the config names it")->required();
    add_consent(*verb, *options);
    verb->callback([&shell, options] { shell.action = [&shell, options] { return capture(shell, *options); }; });
}

}  // namespace

void add_face_verbs(CLI::App& app, Shell& shell) {
    auto* face = app.add_subcommand(
        "face",
        "Enrol a face, or withdraw it; what faces may decide here. calibrate, evaluate and attack-report run menshen-faces");
    face->require_subcommand(1);
    add_enroll(*face, shell);
    add_capture(*face, shell);
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
