#pragma once
/// The subcommands of menshen-faces, one file each. Each adds itself to `app`; when it runs it sets `status`, the program's exit
/// status: 0 all is well, 1 it failed and said why on standard error.

namespace CLI {
class App;
}

namespace menshen::models::faces_tool {

void add_calibrate(CLI::App& app, int& status);
void add_evaluate(CLI::App& app, int& status);
void add_strangers(CLI::App& app, int& status);
void add_attack_report(CLI::App& app, int& status);
void add_simulate_attacks(CLI::App& app, int& status);

}  // namespace menshen::models::faces_tool
