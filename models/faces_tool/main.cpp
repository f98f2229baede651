// menshen-faces: what recognition by face is worth, measured on pictures of known persons.
#include <CLI/CLI.hpp>
#include <exception>

#include "models/faces_tool/commands.hpp"
#include "models/faces_tool/figures.hpp"

int main(int argc, char** argv) {
    using namespace menshen::models::faces_tool;
    CLI::App app{"Measures face recognition on folders of pictures, one folder a person, and writes tables of thresholds.",
                 "menshen-faces"};
    app.require_subcommand(1);
    int status = 0;
    add_calibrate(app, status);
    add_evaluate(app, status);
    add_strangers(app, status);
    add_attack_report(app, status);
    add_simulate_attacks(app, status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;  // As of the other programs: docs/cli.md.
    } catch (const std::exception& error) {
        return complain({error.what()});
    }
    return status;
}
