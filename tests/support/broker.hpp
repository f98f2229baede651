#pragma once
/// A real mosquitto of the test's own, on a free loopback port and in a folder of its own.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace menshen::test {

class Broker {
public:
    struct Options {
        bool persistence = false;  ///< On the disk with every change.
        std::string user;          ///< With a password only this user may connect.
        std::string password;
        std::string tls_folder;  ///< Holds ca.pem, server.pem and server.key: the listener speaks TLS and asks for a certificate.
        std::string more;        ///< Lines for mosquitto.conf.
    };

    /// Starts it and waits until it answers; throws std::runtime_error when mosquitto is not installed or does not start.
    Broker();
    explicit Broker(Options options);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool running() const { return pid_ > 0; }
    [[nodiscard]] std::filesystem::path log() const { return folder_ / "log"; }

    void kill9();      ///< kill -9, by its pid.
    void terminate();  ///< SIGTERM, and waits.
    void start();      ///< Again on the same port, with what persistence kept.

private:
    void write_config() const;
    void wait_until_it_answers();
    void reap(int signal);

    Options options_;
    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
};

/// A loopback TCP port that nothing listens on just now.
[[nodiscard]] std::uint16_t free_port();

/// A new folder below the system's temporary one; removed with what is in it.
class TempFolder {
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace menshen::test
