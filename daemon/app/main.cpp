#include <sys/prctl.h>

#include <clocale>
#include <csignal>
#include <iostream>

#include "daemon/app/app.hpp"
#include "daemon/app/log.hpp"

int main(int argc, char** argv) {
    using namespace menshen;
    // Its memory holds faces, card numbers and keys: none of it may lie about as a core dump, whatever the machine's limits are.
    prctl(PR_SET_DUMPABLE, 0);
    // A broker or client that goes away in the middle of a write is an error value, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = app::read_options(argc, argv);
    if (!options) return options.error();

    Problems problems;
    auto config = config::read_config(options->config, problems);
    std::cerr << problems.text();
    if (!config) {
        std::cerr << options->config << ": " << problems.errors() << " problem(s); nothing was started\n";
        return 1;
    }
    log::set_level(static_cast<log::Level>(config->log_level));
    auto app = app::App::open(*options, std::move(*config));
    if (!app) {
        log::error("cannot start: {}", app.error().message);
        return 1;
    }
    (*app)->run();
    log::info("stopped");
    return 0;
}
