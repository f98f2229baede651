#include "daemon/app/options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "daemon/app/service.hpp"
#include "daemon/app/version.hpp"
#include "daemon/store/keys.hpp"

namespace menshen::app {

namespace {

int make_master_key(const std::string& path) {
    const auto key = store::create_master_key(path);
    if (!key) {
        std::cerr << key.error().message << "\n";
        return 1;
    }
    std::cout << path << ": made. Keep a copy in a safe place: without it the database cannot be read.\n";
    return 0;
}

}  // namespace

tl::expected<Options, int> read_options(int argc, char** argv) {
    Options options;
    std::string stage_start;
    CLI::App app{
        "menshend: the gate controller of one residential building.\n\nExit status: 0 stopped by a signal; 1 could not start, "
        "the reason "
        "is on stderr; 2 wrong usage."};
    app.add_option("--config", options.config, "The gate's config file")->capture_default_str();
    app.add_option("--data", options.data, "Folder of the database")->capture_default_str();
    app.add_option(
        "--key-file", options.key_file,
        "Master key, mode 0600 (default: menshen.key among the unit's credentials); make one with: menshend --make-key FILE");
    std::string make_key;
    app.add_option("--make-key", make_key, "Make a new master key in FILE, mode 0600, and end");
    auto* stage =
        app.add_option("--stage", options.stage_socket, "Socket through which a play moves event time; not under systemd");
    auto* start = app.add_option("--stage-start", stage_start, "Where event time begins: 2026-11-02T06:00:00+08:00");
    stage->needs(start);
    start->needs(stage);
    app.set_version_flag("--version", std::string("menshend ") + kVersion);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error);
        return tl::unexpected(status == 0 ? 0 : 2);
    }
    if (!make_key.empty()) return tl::unexpected(make_master_key(make_key));
    if (!stage_start.empty()) {
        const auto stamp = parse_stamp(stage_start);
        if (!stamp) {
            std::cerr << "--stage-start: " << stamp.error().message << "\n";
            return tl::unexpected(2);
        }
        options.stage_start = *stamp;
        if (service::under_systemd()) {
            std::cerr << "--stage is refused under systemd: a gate that guards a door lives in real time. Take --stage out of "
                         "the unit.\n";
            return tl::unexpected(2);
        }
    }
    return options;
}

}  // namespace menshen::app
