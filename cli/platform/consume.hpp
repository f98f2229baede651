#pragma once
/// The reference consumer: an account of what gates have said, kept by somebody who is not the gate (docs/mqtt.md, "Writing a
/// consumer"). It shares no code with the daemon.

#include <chrono>
#include <cstdint>
#include <string>

namespace menshen::platform {

struct ConsumeOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 1883;
    std::string site;
    std::string gate = "+";  ///< "+": every gate of the site.
    std::string db;          ///< SQLite file, made when absent.
    bool json = false;       ///< One JSON object a line on standard output, else words.
    bool quiet = false;      ///< Only the final line and complaints.
    std::string client_id;   ///< Empty: made once and kept in the database, so that the broker knows the session again.
    std::string username;
    std::string password_file;
    std::string ca_file, certificate_file, key_file;  ///< TLS when ca_file is set.
    std::chrono::milliseconds confirm_every{100};     ///< Stored at least this often and confirmed after that,
    std::size_t confirm_after = 200;                  ///< or after so many messages.
    std::chrono::milliseconds retry_max{5'000};       ///< Back-off of reconnecting: from 100 ms up to this.
};

/// Runs until SIGTERM or SIGINT, reconnecting for ever. Prints a final line with records, alerts, repeats and malformed (totals
/// of the database). 0: ended by a signal; 1: the database cannot be used or storing failed; 2: options that make no sense.
int platform_consume(const ConsumeOptions& options);

}  // namespace menshen::platform
