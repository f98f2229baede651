#include "cli/platform/consume.hpp"
#include "cli/shell.hpp"

namespace menshen::cli {

void add_platform_verbs(CLI::App& app, Shell& shell) {
    auto* platform = app.add_subcommand("platform", "The platform's side of the contract");
    platform->require_subcommand(1);
    auto* consume =
        platform->add_subcommand("consume", "The reference consumer: stores what gates say and confirms it, until Ctrl-C");
    const auto options = std::make_shared<platform::ConsumeOptions>();
    consume->add_option("--host", options->host, "The broker")->capture_default_str();
    consume->add_option("--port", options->port, "Its port")->check(CLI::Range(1, 65535))->capture_default_str();
    consume->add_option("--site", options->site, "Site")->required();
    consume->add_option("--gate", options->gate, "Gate; + is every one")->capture_default_str();
    consume->add_option("--db", options->db, "SQLite file, made when absent")->required();
    consume->add_flag("--quiet", options->quiet, "Only the final line and complaints");
    consume->add_option("--client-id", options->client_id, "MQTT client id (default: made once, kept in the file)");
    consume->add_option("--username", options->username, "User at the broker");
    consume->add_option("--password-file", options->password_file, "Its first line is the password")->check(CLI::ExistingFile);
    consume->add_option("--ca", options->ca_file, "PEM file of the broker's authority; turns TLS on")->check(CLI::ExistingFile);
    consume->add_option("--cert", options->certificate_file, "PEM file of this client's certificate")->check(CLI::ExistingFile);
    consume->add_option("--key", options->key_file, "PEM file of its key")->check(CLI::ExistingFile);
    shell.add_json(*consume);
    consume->callback([&shell, options] {
        shell.action = [&shell, options] {
            options->json = shell.json;
            return platform::platform_consume(*options);
        };
    });
}

}  // namespace menshen::cli
