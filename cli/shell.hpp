#pragma once
/// What every verb needs: where to print, what to ask, how to end.

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"
#include "core/problems.hpp"
#include "core/record.hpp"
#include "daemon/control/client.hpp"

namespace menshen::cli {

using Json = nlohmann::json;

/// The state of one run of the command. Verbs put what they do into `action`; it runs after the command line was understood.
struct Shell {
    std::ostream& out;
    std::ostream& err;
    std::string socket;
    bool json = false;
    std::string language;  ///< "zh" or "en": of alerts' texts and doors' names.
    std::function<int()> action;

    /// Adds a verb that speaks to the daemon: it takes --socket and, when `Out` says so, --json.
    enum class Output : std::uint8_t { words, words_or_json };
    CLI::App* verb(CLI::App& parent, const std::string& name, const std::string& about, Output output);
    void add_socket(CLI::App& verb);
    void add_json(CLI::App& verb);

    using Show = std::function<void(const Json&)>;
    /// Asks the daemon; on success prints the result by `show`, or as it is with --json. Otherwise says what went wrong. Returns
    /// the exit code.
    [[nodiscard]] int ask(const std::string& name, const Json& args, const Show& show);
    [[nodiscard]] int ask_with(control::Question question, const Json& args, const Show& show);
    /// The result, or the exit code after saying what went wrong.
    [[nodiscard]] tl::expected<Json, int> fetch(control::Question question, const Json& args);
    void print(const Json& result, const Show& show) const;
    /// "menshen: message" on `err`.
    void complain(std::string_view message) const;
    [[nodiscard]] int explain(const control::Failure& failure) const;
    [[nodiscard]] int explain(const control::Answer& answer) const;
};

/// A member as text for a table cell: lists joined by ", ", absent or null as "".
[[nodiscard]] std::string cell(const Json& object, const char* key);
/// "2026-11-01 08:00" of a member that is RFC 3339; other text as it is.
[[nodiscard]] std::string minutes(const Json& object, const char* key);
/// The text of `{"zh": ..., "en": ...}` in the language; the other one when it is empty.
[[nodiscard]] std::string in_language(const Json& object, const char* key, const std::string& language);
/// "1.5 MB"
[[nodiscard]] std::string in_bytes(const Json& object, const char* key);
/// The list under `key`, or an empty one.
[[nodiscard]] Json list_of(const Json& object, const char* key);
/// The object under `key`, or an empty one.
[[nodiscard]] Json part_of(const Json& object, const char* key);

// Each adds its verbs. One table in menshen.cpp calls them.
void add_gate_verbs(CLI::App& app, Shell& shell);  // status, doors, door, reload, audit
void add_reload(CLI::App& app, Shell& shell);      // reload, also below `rules`
void add_tail_verb(CLI::App& app, Shell& shell);
void add_roster_verbs(CLI::App& app, Shell& shell);  // persons, cards
void add_tag_verbs(CLI::App& app, Shell& shell);     // tag, stranger
void add_face_verbs(CLI::App& app, Shell& shell);
void add_camera_verbs(CLI::App& app, Shell& shell);
void add_model_verbs(CLI::App& app, Shell& shell);  // models list, models accept
void add_alert_verbs(CLI::App& app, Shell& shell);
void add_mute_verbs(CLI::App& alerts, Shell& shell);  // below alerts
void add_file_verbs(CLI::App& app, Shell& shell);     // config
void add_rules_verbs(CLI::App& app, Shell& shell);    // check, explain, test, backtest
void add_report_verb(CLI::App& app, Shell& shell);
void add_platform_verbs(CLI::App& app, Shell& shell);

}  // namespace menshen::cli
