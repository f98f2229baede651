#include <fmt/format.h>

#include <ostream>

#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

std::string state_of(const Json& model) {
    if (!model.value("fetched", false)) return model.value("optional", false) ? "not fetched (optional)" : "NOT FETCHED";
    return model.value("accepted", false) ? "ready" : "notice not accepted";
}

void add_list(CLI::App& models, Shell& shell) {
    auto* list =
        shell.verb(models, "list", "Which face models there are, and which this gate may use", Shell::Output::words_or_json);
    list->callback([&shell] {
        shell.action = [&shell] {
            return shell.ask("models.list", Json::object(), [&](const Json& result) {
                Table table({"MODEL", "ROLE", "LICENCE", "STATE", "USED FOR"});
                for (const auto& model : list_of(result, "models")) {
                    table.add({cell(model, "name"), cell(model, "role"), cell(model, "licence"), state_of(model),
                               cell(model, "used_for")});
                }
                table.print(shell.out, "no models");
            });
        };
    });
}

int accept(Shell& shell, const std::string& name, bool yes) {
    const auto known = shell.fetch({.socket = {}, .verb = "models.list", .photos = {}}, Json::object());
    if (!known) return known.error();
    const auto models = list_of(*known, "models");
    const auto it = std::find_if(models.begin(), models.end(), [&](const Json& model) { return cell(model, "name") == name; });
    const std::string notice = it == models.end() ? "" : cell(*it, "notice");
    if (!notice.empty() && !yes) {
        shell.out << printable(fmt::format("{}, {}: {}", name, cell(*it, "licence"), notice)) << "\n\n"
                  << printable(fmt::format("To use it all the same: menshen models accept {} --yes", name)) << '\n';
        return kFailed;
    }
    const Json args{{"name", name}, {"notice_hash", it == models.end() ? "" : cell(*it, "notice_hash")}};
    return shell.ask("models.accept", args, [&](const Json& result) {
        shell.out << printable(fmt::format("{}: accepted, record {}", name, cell(result, "record"))) << '\n';
    });
}

}  // namespace

void add_model_verbs(CLI::App& app, Shell& shell) {
    auto* models = app.add_subcommand("models", "The face models: list, accept; fetch, verify and the others run menshen-models");
    models->require_subcommand(0, 1);  // without: main() says where the others are
    add_list(*models, shell);
    auto* verb = shell.verb(*models, "accept", "Use a model whose origin nobody discloses, after reading its notice",
                            Shell::Output::words_or_json);
    const auto name = std::make_shared<std::string>();
    const auto yes = std::make_shared<bool>(false);
    verb->add_option("MODEL", *name, "Its name, as `menshen models list` shows it")->required();
    verb->add_flag("--yes", *yes, "The notice was read, and whoever runs this answers for the use");
    verb->callback([&shell, name, yes] { shell.action = [&shell, name, yes] { return accept(shell, *name, *yes); }; });
}

}  // namespace menshen::cli
