#include "tests/support/broker.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

extern char** environ;

namespace menshen::test {

namespace fs = std::filesystem;

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

bool answers(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(port);
    const bool ok = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return ok;
}

std::string find_program(const std::string& name) {
    for (const auto* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"})
        if (fs::exists(folder + name)) return folder + name;
    throw std::runtime_error(name + " is not installed");
}

pid_t spawn(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    const int rc = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0) throw std::runtime_error("cannot start " + words[0]);
    return pid;
}

}  // namespace

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t length = sizeof address;
    const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    ::close(fd);
    if (!ok) throw std::runtime_error("no free loopback port");
    return ntohs(address.sin_port);
}

TempFolder::TempFolder() {
    auto name = (fs::temp_directory_path() / "menshen-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Broker::Broker() : Broker(Options{}) {}

Broker::Broker(Options options) : options_(std::move(options)), port_(free_port()) {
    auto name = (fs::temp_directory_path() / "menshen-broker-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    write_config();
    start();
}

Broker::~Broker() {
    if (running()) reap(SIGKILL);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void Broker::write_config() const {
    std::ofstream out(folder_ / "mosquitto.conf");
    out << "listener " << port_ << " 127.0.0.1\n";
    // Else it gives up root and cannot write into this folder.
    if (::geteuid() == 0) out << "user root\n";
    out << "log_dest file " << log().string() << "\nlog_type all\nset_tcp_nodelay true\n";
    if (options_.persistence)
        out << "persistence true\npersistence_location " << folder_.string()
            << "/\nautosave_on_changes true\nautosave_interval 1\n";
    else
        out << "persistence false\n";
    if (!options_.password.empty()) {
        out << "allow_anonymous false\npassword_file " << (folder_ / "passwords").string() << "\n";
        const auto passwords = (folder_ / "passwords").string();
        const auto pid = spawn({find_program("mosquitto_passwd"), "-b", "-c", passwords, options_.user, options_.password});
        int status = 0;
        ::waitpid(pid, &status, 0);
    } else {
        out << "allow_anonymous true\n";
    }
    if (!options_.tls_folder.empty())
        out << "cafile " << options_.tls_folder << "/ca.pem\ncertfile " << options_.tls_folder << "/server.pem\nkeyfile "
            << options_.tls_folder << "/server.key\nrequire_certificate true\n";
    out << options_.more << "\n";
}

void Broker::start() {
    if (running()) return;
    pid_ = spawn({find_program("mosquitto"), "-c", (folder_ / "mosquitto.conf").string()});
    wait_until_it_answers();
}

void Broker::wait_until_it_answers() {
    for (int i = 0; i < 500; ++i) {
        if (answers(port_)) return;
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            throw std::runtime_error("mosquitto ended at once, see " + log().string());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("mosquitto does not answer");
}

void Broker::reap(int signal) {
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
}

void Broker::kill9() {
    if (running()) reap(SIGKILL);
}

void Broker::terminate() {
    if (running()) reap(SIGTERM);
}

}  // namespace menshen::test
