#include <fmt/format.h>

#include <ostream>

#include "cli/shell.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/rule_options.hpp"

namespace menshen::cli {

namespace {

Json to_json(const Problems& problems, bool ok) {
    Json list = Json::array();
    for (const auto& problem : problems.all()) {
        list.push_back({{"file", problem.file},
                        {"line", problem.place.line},
                        {"column", problem.place.column},
                        {"severity", problem.severity == Severity::warning ? "warning" : "error"},
                        {"message", problem.message}});
    }
    return {{"ok", ok}, {"problems", std::move(list)}};
}

int check_config(const Shell& shell, const std::string& file) {
    Problems problems;
    const auto config = config::read_config(file, problems);
    std::size_t rule_count = 0;
    if (config) {
        const auto set = config::load_rules(*config, problems);
        if (set) rule_count = set->rules.size();
    }
    const bool ok = !problems.has_errors();
    if (shell.json) {
        shell.out << to_json(problems, ok).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
        return ok ? kDone : kFailed;
    }
    shell.err << problems.text();
    if (!ok) {
        shell.err << fmt::format("{}: {} mistakes\n", file, problems.errors());
        return kFailed;
    }
    shell.out << fmt::format("{}: {} {}, {} doors, {} devices, {} rules: all right\n", file, config->gate.site.str(),
                             config->gate.gate.str(), config->gate.doors.size(), config->devices.size(), rule_count);
    return kDone;
}

}  // namespace

void add_file_verbs(CLI::App& app, Shell& shell) {
    auto* config = app.add_subcommand("config", "Check a config file; needs no gate");
    config->require_subcommand(1);
    auto* check = config->add_subcommand("check", "Every mistake of a config and its rules at once");
    const auto file = std::make_shared<std::string>("/etc/menshen/gate.yaml");
    check->add_option("FILE", *file, "The config")->capture_default_str();
    shell.add_json(*check);
    check->callback([&shell, file] { shell.action = [&shell, file] { return check_config(shell, *file); }; });
}

}  // namespace menshen::cli
