#include "cli/menshen.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <ostream>

#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

const char* const kFooter =
    "Exit codes: 0 done; 1 what was asked failed or was refused; 2 the command line was not understood; 3 menshend does not "
    "answer;\n"
    "4 not permitted. `menshen VERB --help` tells more. Docs: docs/cli.md, docs/common-errors.md.";

std::string from_environment(const char* name, std::string otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string language_of_user() {
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const auto value = from_environment(name, "");
        if (!value.empty()) return value.rfind("zh", 0) == 0 ? "zh" : "en";
    }
    return "en";
}

void build(CLI::App& app, Shell& shell) {
    app.require_subcommand(1);
    app.footer(kFooter);
    app.set_version_flag("--version", "menshen " MENSHEN_VERSION);
    shell.add_socket(app);
    app.add_option("--lang", shell.language, "Of alerts and door names: zh or en (default: by $LANG)")
        ->check(CLI::IsMember({"zh", "en"}));
    add_gate_verbs(app, shell);
    add_tail_verb(app, shell);
    add_alert_verbs(app, shell);
    add_roster_verbs(app, shell);
    add_tag_verbs(app, shell);
    add_face_verbs(app, shell);
    add_rules_verbs(app, shell);
    add_report_verb(app, shell);
    add_file_verbs(app, shell);
    add_platform_verbs(app, shell);
    add_camera_verbs(app, shell);
    add_model_verbs(app, shell);
}

/// Finds the word that the parser stumbled over and says what it may have been; empty when every word is known.
class Stumble {
public:
    explicit Stumble(const CLI::App& app) : app_(&app) {}

    std::string find(const std::vector<std::string>& words) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            const auto& word = words[i];
            if (word == "--") break;
            const auto complaint = word.size() > 1 && word[0] == '-' ? on_option(word, i) : on_word(word);
            if (!complaint.empty()) return complaint;
        }
        return {};
    }

    /// "menshen door open"
    [[nodiscard]] std::string path() const { return path_; }

private:
    std::string on_option(const std::string& word, std::size_t& at) {
        const auto name = word.substr(0, word.find('='));
        std::vector<std::string> names;
        for (const auto* option : app_->get_options()) {
            if (option->check_name(name)) {
                // Its value follows and is no word of ours.
                if (name == word && option->get_expected_max() > 0 && option->get_type_size_max() > 0) ++at;
                return {};
            }
            for (const auto& known : option->get_lnames()) names.push_back("--" + known);
        }
        if (name[1] != '-') return fmt::format("{} has no option {}", path_, printable(name));
        const std::vector<std::string_view> known(names.begin(), names.end());
        return fmt::format("{} has no option {}{}", path_, printable(name), suggestion(name, known));
    }

    std::string on_word(const std::string& word) {
        std::vector<std::string> names;
        for (const auto* sub : app_->get_subcommands([](const CLI::App*) { return true; })) {
            if (sub->check_name(word)) {
                app_ = sub;
                path_ += " " + word;
                return {};
            }
            names.push_back(sub->get_name());
        }
        if (names.empty()) return {};  // a value
        const std::vector<std::string_view> known(names.begin(), names.end());
        return fmt::format("{} has no verb \"{}\"{}", path_, printable(word), suggestion(word, known));
    }

    const CLI::App* app_;
    std::string path_ = "menshen";
};

int complain_of_usage(const CLI::App& app, const std::vector<std::string>& arguments, const CLI::ParseError& error,
                      std::ostream& err) {
    Stumble stumble(app);
    const auto complaint = stumble.find(arguments);
    err << "menshen: " << printable(complaint.empty() ? error.what() : complaint) << '\n';
    err << "Try: " << stumble.path() << " --help\n";
    return kUsage;
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
    CLI::App app("menshen: ask and steer the gate daemon menshend, and check rules and configs", "menshen");
    Shell shell{.out = out,
                .err = err,
                .socket = from_environment("MENSHEN_SOCKET", "/run/menshen/control.sock"),
                .json = false,
                .language = language_of_user(),
                .action = {}};
    build(app, shell);
    try {
        // CLI11 takes them from the back.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error, out, err);  // --help, --version
        return complain_of_usage(app, arguments, error, err);
    }
    if (shell.action) return shell.action();
    // main() becomes menshen-models when that is the first word; here it came after an option.
    err << "menshen: \"models\" must be the first word: menshen models ...\n";
    return kUsage;
}

}  // namespace menshen::cli
